//! Messages of published extensions, held against what their parsers can bear.
//!
//! The npm packages of the same names read bencode that a peer sent without bounds, and some of it
//! never comes back. What is refused here must not reach them.

use super::bencode::{Limits, Value, decode_prefix};

/// The keys of a `ut_pex` message whose values are compact peers or their flags (BEP 11).
const PEERS: [&[u8]; 6] = [b"added", b"added.f", b"added6", b"added6.f", b"dropped", b"dropped6"];

/// Whether a message of `ut_metadata` (BEP 9) may be given to a parser that makes text of it first,
/// and takes its first `ee` for the end of the dictionary. Bytes that are no UTF-8 become longer
/// ones there, under lengths that stay: what was inside a string would be read as bencode.
pub fn is_sound_ut_metadata(message: &[u8]) -> bool {
    dictionary(message).is_some_and(|(_, bytes)| {
        str::from_utf8(bytes).is_ok_and(|text| text.find("ee") == Some(text.len() - 2))
    })
}

/// Whether a message of `ut_pex` (BEP 11) may be given to a parser that takes whatever it finds for
/// strings of bytes, and a dictionary with a `length` for a long one.
pub fn is_sound_ut_pex(message: &[u8]) -> bool {
    let Some((Value::Dictionary(entries), _)) = dictionary(message) else { return false };
    let is_bytes = |value: &Value<'_>| matches!(value, Value::Bytes(_));
    entries.iter().all(|(key, value)| !PEERS.contains(&&**key) || is_bytes(value))
}

/// The dictionary that a message begins with, and its bytes; what follows it is free.
fn dictionary(message: &[u8]) -> Option<(Value<'_>, &[u8])> {
    match decode_prefix(message, Limits::MESSAGE) {
        Ok((value @ Value::Dictionary(_), length)) => Some((value, message.get(..length)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_packages_send_is_sound() {
        assert!(is_sound_ut_metadata(b"d8:msg_typei0e5:piecei0ee"));
        assert!(is_sound_ut_metadata(b"d8:msg_typei1e5:piecei0e10:total_sizei9ee\xff\xfed-3:"));
        assert!(is_sound_ut_pex(b"d5:added6:\xff\xff\xff\xff\xff\xff7:added.f1:\x01e"));
        assert!(is_sound_ut_pex(b"de") && is_sound_ut_pex(b"d1:vi1ee"));
    }

    #[test]
    fn what_hangs_their_parsers_is_not() {
        for message in [&b"d-3:abci1ee"[..], b"l-3:abci1ee", b"", b"d", b"le", b"i1e", b"d1:a"] {
            assert!(!is_sound_ut_metadata(message) && !is_sound_ut_pex(message), "{message:?}");
        }
        let hidden = b"d1:a8:\xff\xffab-3:x1:bi1ee";
        assert!(!is_sound_ut_metadata(hidden) && is_sound_ut_pex(hidden));
        assert!(!is_sound_ut_metadata(b"d1:a4:eexx8:msg_typei0e5:piecei0ee"));
        assert!(!is_sound_ut_pex(b"d5:addedd6:lengthi4000000000eee"));
        assert!(!is_sound_ut_pex(b"d7:dropped0:6:added6li1eee"));
    }
}
