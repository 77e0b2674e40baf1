//! Peers that do not speak MSE at all.

use bittorrent_protocol_native::wire::mse::{Error, Event, Level, Negotiation, Options};

use crate::end::{End, Random};

/// A whole handshake and the beginning of a message.
fn plaintext() -> Vec<u8> {
    [b"\x13BitTorrent protocol".as_slice(), &[7; 48], &[0, 0, 0]].concat()
}

fn strict(new: fn(Options) -> Negotiation, level: Level) -> End {
    End::new(new(Options { level, require_encryption: true }), Random::seeded(1))
}

#[test]
fn plaintext_handshake_goes_on_to_the_stream_however_cut() {
    for level in [Level::PlaintextAllowed, Level::Rc4Only] {
        for chunk in [1, 19, 20, 21, 1000] {
            let mut started = End::initiator(level, 1);
            started.start();
            for mut end in [started, End::initiator(level, 1), End::responder(level, 2)] {
                for chunk in plaintext().chunks(chunk) {
                    end.receive(chunk).unwrap();
                }
                assert_eq!(end.events, [Event::PlaintextPeer]);
                assert!(end.ciphers.is_none());
                assert_eq!(end.stream, plaintext());
            }
        }
    }
}

#[test]
fn plaintext_handshake_is_refused_where_encryption_is_required() {
    for new in [Negotiation::initiator, Negotiation::responder] {
        let mut end = strict(new, Level::PlaintextAllowed);
        let plaintext = plaintext();
        for byte in &plaintext[..19] {
            end.receive(&[*byte]).unwrap();
        }
        assert_eq!(end.receive(&plaintext[19..20]), Err(Error::PlaintextRefused));
        assert_eq!(end.receive(&[]), Err(Error::PlaintextRefused));
        assert!(end.events.is_empty());
    }
}

#[test]
fn key_that_begins_like_a_handshake_is_a_key() {
    let mut key = [0; 96];
    key[..19].copy_from_slice(b"\x13BitTorrent protoco");
    for mut end in
        [strict(Negotiation::responder, Level::Rc4Only), End::responder(Level::Rc4Only, 3)]
    {
        for byte in key {
            end.receive(&[byte]).unwrap();
        }
        assert!(end.take_output().len() >= 96, "step 2 goes out");
    }
}

#[test]
fn payload_that_did_not_go_out_is_given_back() {
    let mut a = End::initiator(Level::PlaintextAllowed, 4);
    assert!(a.negotiation.set_initial_payload(b"our handshake"));
    a.start();
    a.receive(&plaintext()).unwrap();
    assert_eq!(a.unsent, b"our handshake");
    assert!(!a.negotiation.set_initial_payload(b"our handshake"));
}

#[test]
fn nothing_follows_a_plaintext_answer() {
    let mut a = End::initiator(Level::PlaintextAllowed, 5);
    a.lazy = true;
    a.start();
    a.receive(&plaintext()).unwrap();
    a.catch_up().unwrap();
    assert_eq!(a.take_output(), b"", "the key of a job that ends late does not go out");

    let mut a = End::initiator(Level::PlaintextAllowed, 5);
    a.receive(&plaintext()).unwrap();
    a.start();
    assert_eq!(a.take_output(), b"");
    assert!(a.negotiation.poll_job().is_none());
}
