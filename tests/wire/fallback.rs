//! A wire that goes on in plaintext, on another connection, where the peer takes no part in the
//! crypto handshake.

use bittorrent_protocol_native::wire::mse::{Level, Options};
use bittorrent_protocol_native::wire::{Event, HANDSHAKE_LENGTH, Limits, Reserved, Wire};

const INFO_HASH: [u8; 20] = [1; 20];
const NOT_INTERESTED: [u8; 5] = [0, 0, 0, 1, 3];
const UNCHOKE: [u8; 5] = [0, 0, 0, 1, 1];

/// A wire that has sent its handshake and `interested`, in its crypto handshake.
fn negotiating(is_initiator: bool, require_encryption: bool, allow_initial_payload: bool) -> Wire {
    let mut wire = Wire::new(Limits::default(), 0);
    let options = Options { level: Level::PlaintextAllowed, require_encryption };
    wire.encrypt(is_initiator, options, allow_initial_payload);
    wire.start_encryption(INFO_HASH);
    wire.handshake(Reserved::default(), INFO_HASH, [2; 20]);
    wire.interested();
    let job = wire.poll_key_job();
    if let Some(job) = job {
        wire.handle_key_agreement(job.run(&mut |bytes| bytes.fill(7)));
    }
    wire
}

fn take_all(wire: &mut Wire) -> Vec<u8> {
    let segments: Vec<_> = wire.output().collect();
    let mut bytes = vec![0; segments.iter().map(|segment| segment.bytes as usize).sum()];
    assert!(wire.take_output(segments.len(), &mut bytes));
    bytes
}

/// What a wire without encryption sends.
fn plaintext() -> Vec<u8> {
    let mut wire = Wire::new(Limits::default(), 0);
    wire.handshake(Reserved::default(), INFO_HASH, [2; 20]);
    wire.interested();
    take_all(&mut wire)
}

/// It sends all that it was told before, and takes what the peer says.
fn goes_on(wire: &mut Wire) {
    assert!(wire.fall_back());
    assert!(!wire.is_negotiating() && !wire.is_closed());
    assert_eq!(take_all(wire), plaintext());
    let mut answer = plaintext()[..HANDSHAKE_LENGTH].to_vec();
    answer.extend(UNCHOKE);
    wire.handle_chunk(&answer);
    assert!(matches!(wire.poll_event(0), Some(Event::Handshake(_))));
    assert_eq!(wire.poll_event(0), Some(Event::Unchoke));
    wire.not_interested();
    assert_eq!(take_all(wire), NOT_INTERESTED);
}

#[test]
fn what_was_sent_is_sent_again_in_plaintext() {
    for allow_initial_payload in [false, true] {
        let mut wire = negotiating(true, false, allow_initial_payload);
        assert!(take_all(&mut wire).len() >= 96, "Ya is for the first connection");
        goes_on(&mut wire);
    }
}

#[test]
fn output_that_was_not_taken_is_forgotten() {
    let mut wire = negotiating(true, false, true);
    wire.set_undelivered(0, 0);
    goes_on(&mut wire);
}

#[test]
fn a_violation_of_the_crypto_handshake_is_no_obstacle() {
    let mut wire = negotiating(true, false, true);
    // Zero is no public key.
    wire.handle_negotiation(&[0; 96]);
    assert!(matches!(wire.poll_event(0), Some(Event::Violation(_))));
    assert!(wire.is_closed());
    goes_on(&mut wire);
}

#[test]
fn not_where_encryption_is_required_nor_for_who_is_connected_to() {
    for (is_initiator, require_encryption) in [(true, true), (false, false)] {
        let mut wire = negotiating(is_initiator, require_encryption, true);
        assert!(!wire.fall_back());
        assert!(wire.is_negotiating());
        wire.close();
        assert!(!wire.fall_back());
        assert!(wire.is_closed());
    }
}

#[test]
fn not_without_a_crypto_handshake() {
    let mut wire = Wire::new(Limits::default(), 0);
    assert!(!wire.fall_back());
    wire.close();
    assert!(!wire.fall_back());
}
