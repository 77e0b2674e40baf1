//! E2: reading stops while a peer has extensions answer and reads none of it; never for blocks.

use bittorrent_protocol_native::wire::{Block, Event, HashRange, Limits, Reserved, Wire};

use crate::driver::{Inbound, take_output, take_segment};
use crate::encrypting::{carry, negotiating};

const RESERVED: Reserved = Reserved { dht: false, fast: true, extended: true, v2: true };
const MARK: usize = 384 << 10;

fn greeted() -> (Wire, Inbound) {
    let mut wire = Wire::new(Limits::default(), 1);
    wire.handshake(RESERVED, [1; 20], [2; 20]);
    let handshake = take_output(&mut wire);
    let mut inbound = Inbound::default();
    inbound.receive(&mut wire, &handshake, 0, |_, _| {});
    wire.unchoke();
    (wire, inbound)
}

/// Two messages of an extension and a have after each.
const HEARD: &[u8] = b"\0\0\0\x03\x14\x01a\0\0\0\x05\x04\0\0\0\x01\
    \0\0\0\x03\x14\x01b\0\0\0\x05\x04\0\0\0\x02";

#[test]
fn reading_stops_after_an_answer_that_is_too_long_and_goes_on_as_it_drains() {
    let (mut wire, mut inbound) = greeted();
    let mut events = Vec::new();
    wire.extended(9, &vec![0; MARK]);
    assert!(wire.unsent_extended() > MARK && !wire.is_paused(), "nothing was heard");
    inbound.receive(&mut wire, HEARD, 0, |_, seen| events.push(seen.event));
    assert_eq!(events.len(), 1);
    assert!(wire.is_paused() && wire.poll_event(0).is_none());
    // The unchoke and the message are one segment.
    assert!(take_segment(&mut wire).is_some());
    wire.set_undelivered(MARK + 1, 0);
    assert!(wire.is_paused());
    wire.set_undelivered(MARK, 0);
    assert!(!wire.is_paused());
    assert_eq!(wire.poll_event(0), Some(Event::Have(1)));
    assert!(matches!(wire.poll_event(0), Some(Event::Extended { .. })));
    assert_eq!(wire.poll_event(0), Some(Event::Have(2)));
}

#[test]
fn hashes_count_as_extensions_do() {
    let (mut wire, mut inbound) = greeted();
    let range =
        HashRange { pieces_root: [3; 32], base_layer: 0, index: 0, length: 8192, proof_layers: 0 };
    let mut other = Wire::new(Limits::default(), 2);
    (0..9).for_each(|_| other.hash_request(range));
    let flood = take_output(&mut other);
    let mut events = Vec::new();
    inbound.receive(&mut wire, &flood, 0, |wire, seen| {
        wire.hashes(range, &[0; 8192 * 32]);
        events.push(seen.event);
    });
    assert_eq!(events, [(); 2].map(|()| Event::HashRequest(Box::new(range))));
    assert!(wire.is_paused() && wire.unsent_extended() == 2 * (8192 * 32 + 53));
    assert!(take_segment(&mut wire).is_some());
    inbound.receive(&mut wire, &[], 0, |wire, seen| {
        wire.hash_reject(range);
        events.push(seen.event);
    });
    assert_eq!((events.len(), wire.is_paused(), wire.unsent_extended()), (9, false, 7 * 53));
}

#[test]
fn blocks_never_stop_reading() {
    let (mut wire, mut inbound) = greeted();
    for piece in 0..1000 {
        wire.piece(Block { piece, offset: 0, length: 16 << 10 }, 0);
    }
    wire.extended(9, &[0; 1000]);
    let mut heard = 0;
    inbound.receive(&mut wire, HEARD, 0, |_, _| heard += 1);
    assert_eq!((heard, wire.is_paused()), (4, false));
}

#[test]
fn requests_that_wait_and_the_end_come_all_the_same() {
    let (mut wire, mut inbound) = greeted();
    wire.extended(9, &vec![0; MARK + 1]);
    let request = b"\0\0\0\x0d\x06\0\0\0\x01\0\0\0\x02\0\0\0\x03";
    inbound.receive(&mut wire, &[&request[..], HEARD].concat(), 0, |_, _| {});
    assert!(wire.is_paused() && wire.waiting_requests() == 1);
    while take_segment(&mut wire).is_some() {}
    wire.extended(9, &vec![0; MARK - 6 - 5]);
    wire.extended(9, &[]);
    assert!(wire.is_paused() && wire.unsent() > MARK);
    wire.set_undelivered(0, 0);
    take_output(&mut wire);
    assert!(matches!(wire.poll_event(0), Some(Event::Request { .. })));
    wire.close();
    assert!(!wire.is_paused());
}

#[test]
fn what_is_held_back_for_the_crypto_handshake_has_not_left() {
    let [mut a, mut b] = negotiating();
    a.have(1);
    a.extended(1, &[0; 100]);
    a.have(2);
    assert_eq!((a.unsent_extended(), a.unsent()), (106, 9 + 106 + 9));
    // Step 1, 2, 3 and 4.
    carry(&mut b, &mut a);
    for _ in 0..2 {
        assert!(a.is_negotiating());
        carry(&mut a, &mut b);
        assert_eq!((a.unsent_extended(), a.unsent()), (106, 9 + 106 + 9));
        carry(&mut b, &mut a);
    }
    assert!(!a.is_negotiating() && a.output().next().is_some());
    assert_eq!((a.unsent_extended(), a.unsent()), (106, 9 + 106 + 9));
    while take_segment(&mut a).is_some() {}
    for (undelivered, unsent) in [(124, 106), (115, 106), (114, 105), (10, 1), (9, 0), (0, 0)] {
        a.set_undelivered(undelivered, 0);
        assert_eq!(a.unsent_extended(), unsent);
    }
}
