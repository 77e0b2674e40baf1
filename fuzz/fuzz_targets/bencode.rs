//! Any bytes read as bencode: no panic, and what is accepted survives being written again.
#![no_main]

use bittorrent_protocol_native::wire::bencode::{Limits, decode, decode_prefix, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok((value, consumed)) = decode_prefix(input, Limits::MESSAGE) else {
        return;
    };
    assert_eq!(decode(&input[..consumed], Limits::MESSAGE).as_ref(), Ok(&value));
    let canonical = encode(&value);
    assert!(canonical.len() <= consumed);
    let again = decode(&canonical, Limits::MESSAGE).expect("what was written can be read");
    assert_eq!(encode(&again), canonical);
});
