//! Any bytes read as bencode: no panic, and what is accepted survives being written again.
#![no_main]

#[path = "../../tests/bencode/encode.rs"]
mod encode;

use bittorrent_protocol_native::wire::bencode::{Limits, Value, decode, decode_prefix};
use bittorrent_protocol_native::wire::guard::{is_sound_ut_metadata, is_sound_ut_pex};
use encode::encode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok((value, consumed)) = decode_prefix(input, Limits::MESSAGE) else {
        assert!(!is_sound_ut_metadata(input) && !is_sound_ut_pex(input));
        return;
    };
    if is_sound_ut_metadata(input) {
        // What a parser sees that reads all of it as text first, up to the first `ee`.
        let text = String::from_utf8_lossy(input).into_owned();
        let end = text.find("ee").map_or(0, |place| place + 2);
        assert_eq!(decode(&text.as_bytes()[..end], Limits::MESSAGE).as_ref(), Ok(&value));
    }
    assert_eq!(decode(&input[..consumed], Limits::MESSAGE).as_ref(), Ok(&value));
    let canonical = encode(&value);
    assert!(canonical.len() <= consumed);
    let again = decode(&canonical, Limits::MESSAGE).expect("what was written can be read");
    assert_eq!(encode(&again), canonical);
});
