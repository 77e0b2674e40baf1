//! What leaves an encrypted wire is what leaves a plain one, by way of the cipher.

use bittorrent_protocol_native::wire::mse::{Level, Options};
use bittorrent_protocol_native::wire::{Block, Event, Limits, Wire};
use proptest::prelude::*;

use crate::driver::{take_output, take_segment};

/// Two ends of a connection that is to be encrypted; the first of them has begun.
pub fn negotiating() -> [Wire; 2] {
    let options = Options { level: Level::Rc4Only, require_encryption: false };
    let [mut a, b] = [true, false].map(|is_initiator| {
        let mut wire = Wire::new(Limits::default(), 1);
        wire.encrypt(is_initiator, options, true);
        wire
    });
    a.start_encryption([1; 20]);
    [a, b]
}

/// Carries what one end has sent to the other, all of it.
pub fn carry(from: &mut Wire, to: &mut Wire) {
    let mut bytes: Vec<u8> = std::iter::from_fn(|| take_segment(from)).flatten().collect();
    loop {
        let used = to.handle_negotiation(&bytes);
        bytes.drain(..used);
        let job = to.poll_key_job();
        let mut is_done = job.is_none();
        if let Some(job) = job {
            to.handle_key_agreement(job.run(&mut |bytes: &mut [u8]| bytes.fill(7)));
        }
        while let Some(event) = to.poll_event(0) {
            if matches!(event, Event::CryptoInfoHash(_)) {
                to.set_info_hash([1; 20]);
                is_done = false;
            }
        }
        if is_done {
            return;
        }
    }
}

/// Two ends that have agreed on RC4.
fn encrypted() -> [Wire; 2] {
    let [mut a, mut b] = negotiating();
    carry(&mut b, &mut a);
    for _ in 0..2 {
        carry(&mut a, &mut b);
        carry(&mut b, &mut a);
    }
    [a, b]
}

/// What a wire is told to send.
#[derive(Debug, Clone)]
enum Message {
    Have(u32),
    Extended(Vec<u8>),
    Piece(u32),
}

impl Message {
    fn send(&self, wire: &mut Wire) {
        match self {
            Self::Have(index) => wire.have(*index),
            Self::Extended(payload) => wire.extended(1, payload),
            Self::Piece(length) => {
                wire.piece(Block { piece: 1, offset: 0, length: *length }, 0);
            }
        }
    }
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        any::<u32>().prop_map(Message::Have),
        prop::collection::vec(any::<u8>(), 0..50).prop_map(Message::Extended),
        (0..50u32).prop_map(Message::Piece),
    ]
}

proptest! {
    /// Whenever it is taken, and what is sent while a part of it waits.
    #[test]
    fn it_decrypts_to_what_was_sent(
        messages in prop::collection::vec((message(), 0..4usize), 0..20),
        is_closed in any::<bool>(),
    ) {
        let [mut a, mut b] = encrypted();
        prop_assert!(a.is_encrypted() && b.is_encrypted() && !a.takes_blocks());
        let mut plain = Wire::new(Limits::default(), 1);
        let mut encrypted = Vec::new();
        for (message, taken) in &messages {
            message.send(&mut a);
            message.send(&mut plain);
            for _ in 0..*taken {
                encrypted.extend(take_segment(&mut a).unwrap_or_default());
            }
        }
        // What waits has yet to leave.
        if is_closed {
            a.close();
        }
        encrypted.extend(take_output(&mut a));
        let mut decrypted = vec![0; encrypted.len()];
        b.decrypt(&encrypted, &mut decrypted);
        prop_assert_eq!(decrypted, take_output(&mut plain));
    }
}

#[test]
fn nothing_leaves_an_encrypted_wire_as_it_is() {
    let [mut a, mut b] = encrypted();
    a.have(1);
    assert!(!a.take_output(1, &mut [0; 9]));
    assert!(a.take_ciphers().is_none(), "not while output waits");
    let mut bytes = [0; 9];
    assert!(a.encrypt_output(&mut bytes, &[]));
    let mut ciphers = a.take_ciphers().expect("nothing waits");
    assert!(!a.is_encrypted());
    a.have(1);
    let mut plain = [0; 9];
    assert!(a.take_output(1, &mut plain));
    assert_ne!(plain, bytes);
    b.decrypt(&bytes, &mut [0; 9]);
    ciphers.encrypt.apply_in_place(&mut plain);
    let mut decrypted = [0; 9];
    b.decrypt(&plain, &mut decrypted);
    assert_eq!(decrypted, *b"\0\0\0\x05\x04\0\0\0\x01");
}
