//! RC4 against the `rc4` crate, in pieces of any length.
#![no_main]

use bittorrent_protocol_native::wire::mse::Rc4;
use libfuzzer_sys::fuzz_target;
use rc4::{KeyInit, StreamCipher};

fuzz_target!(|input: (Vec<u8>, u16, Vec<(Vec<u8>, bool)>)| {
    let (key, discarded, pieces) = input;
    let Ok(mut theirs) = rc4::Rc4::new_from_slice(&key) else {
        return;
    };
    let mut ours = Rc4::new(&key);
    theirs.apply_keystream(&mut vec![0; usize::from(discarded)]);
    ours.discard(usize::from(discarded));
    for (piece, in_place) in pieces {
        let mut expected = piece.clone();
        theirs.apply_keystream(&mut expected);
        let mut actual = piece.clone();
        if in_place {
            ours.apply_in_place(&mut actual);
        } else {
            ours.apply(&piece, &mut actual);
        }
        assert_eq!(actual, expected);
    }
});
