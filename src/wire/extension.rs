//! The extension protocol of BEP 10: which ids the peer gave to which extensions.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::bencode::{self, Value};
use super::limits::Limits;

/// What an extended handshake said of one extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionChange {
    /// The name as the peer spelt it.
    pub name: Vec<u8>,
    /// The id that it has now; 0 if it was switched off.
    pub id: u8,
}

/// An extended handshake of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedHandshake {
    /// Its bytes.
    pub payload: Vec<u8>,
    /// The dictionary that they begin with.
    pub dictionary: Value<'static>,
    /// What it changed of the mapping.
    pub changes: Vec<ExtensionChange>,
}

/// What the extended handshakes of the peer said about ids.
#[derive(Debug)]
pub struct PeerExtensions {
    /// Names as the peer spelt them, with their ids, which are never 0. Made for the first
    /// extended handshake.
    ids: Option<Box<Ids>>,
    hasher: FixedState,
}

type Ids = HashMap<Box<[u8]>, u8, FixedState>;

impl PeerExtensions {
    pub(crate) fn new(seed: u64) -> Self {
        Self { ids: None, hasher: FixedState::with_seed(seed) }
    }

    /// The names and ids.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u8)> {
        self.ids.iter().flat_map(|ids| ids.iter()).map(|(name, id)| (&**name, *id))
    }

    /// The id that the peer gave to an extension.
    pub fn id(&self, name: &[u8]) -> Option<u8> {
        self.ids.as_ref()?.get(name).copied()
    }

    /// Takes the `m` of an extended handshake: later handshakes add to earlier ones, and an id of
    /// 0 switches an extension off. What is no id, 0 to 255, does not count, nor does a name longer
    /// than [`Limits::EXTENDED_NAME_LENGTH`].
    ///
    /// Gives the names whose ids are other ones now; what it costs grows with `m` alone.
    pub(crate) fn update(&mut self, handshake: &Value<'_>) -> Vec<ExtensionChange> {
        let mut changes = Vec::new();
        let Some(Value::Dictionary(entries)) = handshake.get(b"m") else { return changes };
        let ids =
            self.ids.get_or_insert_with(|| Box::new(HashMap::with_hasher(self.hasher.clone())));
        for (name, value) in entries {
            let Value::Integer(id) = *value else { continue };
            let Ok(id) = u8::try_from(id) else { continue };
            if id == 0 {
                if ids.remove(&**name).is_none() {
                    continue;
                }
            } else if let Some(known) = ids.get_mut(&**name) {
                *known = id;
            } else if ids.len() < Limits::EXTENDED_NAMES
                && name.len() <= Limits::EXTENDED_NAME_LENGTH
            {
                ids.insert(Box::from(&**name), id);
            } else {
                continue;
            }
            changes.push(ExtensionChange { name: name.to_vec(), id });
        }
        changes
    }
}

/// Reads an extended handshake: a dictionary, within the bounds of [`bencode`].
pub(crate) fn parse_handshake(payload: &[u8]) -> Option<Value<'_>> {
    let value = bencode::decode(payload, bencode::Limits::default()).ok()?;
    matches!(value, Value::Dictionary(_)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(extensions: &mut PeerExtensions, payload: &[u8]) {
        extensions.update(&parse_handshake(payload).expect("a dictionary"));
    }

    #[test]
    fn later_handshakes_add_and_zero_switches_off() {
        let mut extensions = PeerExtensions::new(1);
        update(&mut extensions, b"d1:md6:ut_pexi1e11:ut_metadatai2eee");
        update(&mut extensions, b"d1:md6:ut_pexi0e1:xi7eee");
        assert_eq!(extensions.id(b"ut_pex"), None);
        assert_eq!(extensions.id(b"ut_metadata"), Some(2));
        assert_eq!(extensions.id(b"x"), Some(7));
    }

    #[test]
    fn what_is_no_id_does_not_count() {
        let mut extensions = PeerExtensions::new(1);
        update(&mut extensions, b"d1:md8:toStringi1e1:ai256e1:bi-1e1:c1:11:dleee");
        assert_eq!(extensions.iter().collect::<Vec<_>>(), [(b"toString".as_slice(), 1)]);
        update(&mut extensions, b"d1:mi5ee");
        update(&mut extensions, b"de");
        assert_eq!(extensions.iter().count(), 1);
    }

    #[test]
    fn names_are_bounded() {
        let mut extensions = PeerExtensions::new(1);
        for name in 0..1000 {
            update(&mut extensions, format!("d1:md4:{name:04}i1eee").as_bytes());
        }
        assert_eq!(extensions.iter().count(), Limits::EXTENDED_NAMES);
    }

    #[test]
    fn long_names_are_not_kept() {
        let mut extensions = PeerExtensions::new(1);
        for length in [255, 256, 5000] {
            let name = "n".repeat(length);
            update(&mut extensions, format!("d1:md{length}:{name}i1eee").as_bytes());
        }
        assert_eq!(extensions.iter().map(|(name, _)| name.len()).collect::<Vec<_>>(), [255]);
    }
}
