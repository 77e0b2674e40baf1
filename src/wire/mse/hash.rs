//! The specification's HASH, which is SHA-1, of a label and what follows it.

use sha1::{Digest, Sha1};

use super::key_agreement::Secret;

/// HASH('req2', SKEY): the name under which an initiator asks for the torrent `info_hash`.
///
/// A responder that serves many torrents keeps these, to find the info hash that an
/// [`Event::InfoHashNeeded`](super::Event::InfoHashNeeded) asks for.
pub fn skey_hash(info_hash: &[u8; 20]) -> [u8; 20] {
    hash(&[b"req2", info_hash])
}

/// HASH('req1', S): where PadA ends.
pub(super) fn req1(s: &Secret) -> [u8; 20] {
    hash(&[b"req1", s])
}

/// HASH('req2', SKEY) XOR HASH('req3', S), or either of the two given the other's place.
pub(super) fn mask_skey_hash(skey_hash: [u8; 20], s: &Secret) -> [u8; 20] {
    let mut masked = hash(&[b"req3", s]);
    for (masked, byte) in masked.iter_mut().zip(skey_hash) {
        *masked ^= byte;
    }
    masked
}

/// HASH('keyA', S, SKEY): the key of what the initiator sends.
pub(super) fn key_a(s: &Secret, skey: &[u8; 20]) -> [u8; 20] {
    hash(&[b"keyA", s, skey])
}

/// HASH('keyB', S, SKEY): the key of what the responder sends.
pub(super) fn key_b(s: &Secret, skey: &[u8; 20]) -> [u8; 20] {
    hash(&[b"keyB", s, skey])
}

fn hash(parts: &[&[u8]]) -> [u8; 20] {
    let mut sha1 = Sha1::new();
    for part in parts {
        sha1.update(part);
    }
    sha1.finalize().into()
}
