//! Any bytes read as bencode: no panic, and what is accepted survives being written again.
#![no_main]

#[path = "../../tests/bencode/encode.rs"]
mod encode;

use bittorrent_protocol_native::wire::bencode::{
    Limits, Value, decode, decode_prefix, is_sound, is_sound_as_text,
};
use encode::encode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok((value, consumed)) = decode_prefix(input, Limits::MESSAGE) else {
        assert!(!is_sound(input) && !is_sound_as_text(input));
        return;
    };
    assert_eq!(is_sound(input), matches!(value, Value::Dictionary(_)));
    if is_sound_as_text(input) {
        // What a parser sees that reads all of it as text first.
        let text = String::from_utf8_lossy(input).into_owned();
        assert_eq!(decode(text.as_bytes(), Limits::MESSAGE).as_ref(), Ok(&value));
    }
    assert_eq!(decode(&input[..consumed], Limits::MESSAGE).as_ref(), Ok(&value));
    let canonical = encode(&value);
    assert!(canonical.len() <= consumed);
    let again = decode(&canonical, Limits::MESSAGE).expect("what was written can be read");
    assert_eq!(encode(&again), canonical);
});
