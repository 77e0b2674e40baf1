//! Limits hold at the length prefix, and lengths are strict for every id.

use bittorrent_protocol_native::wire::{
    Block, Event, Handshake, Limits, Reserved, State, Violation, Wire,
};

use crate::driver::Inbound;

/// What a wire with these limits makes of a stream that follows the handshakes.
fn hear(limits: Limits, prepare: impl FnOnce(&mut Wire), stream: &[u8]) -> Vec<Event> {
    let reserved = Reserved { fast: true, extended: true, v2: true, ..Reserved::default() };
    let handshake = Handshake { reserved, info_hash: [1; 20], peer_id: [2; 20] }.encode();
    let mut wire = Wire::new(limits, 1);
    wire.handshake(reserved, [1; 20], [3; 20]);
    let mut inbound = Inbound::default();
    inbound.receive(&mut wire, &handshake, 0, |_, _| {});
    prepare(&mut wire);
    let mut events = Vec::new();
    inbound.receive(&mut wire, stream, 0, |_, seen| events.push(seen.event));
    events
}

fn violation(limits: Limits, stream: &[u8]) -> Option<Violation> {
    match hear(limits, |_| {}, stream).pop() {
        Some(Event::Violation(violation)) => Some(violation),
        _ => None,
    }
}

#[test]
fn a_long_message_is_refused_at_its_prefix() {
    let limit = Limits::default().max_message_length;
    for length in [limit + 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        assert_eq!(
            violation(Limits::default(), &length.to_be_bytes()),
            Some(Violation::MessageTooLong { length, limit })
        );
    }
    assert_eq!(hear(Limits::default(), |_| {}, &limit.to_be_bytes()), []);
}

#[test]
fn a_block_that_was_asked_for_is_let_in_whatever_its_length() {
    let asked = Block { piece: 0, offset: 0, length: 3 << 20 };
    let ask = |wire: &mut Wire| {
        wire.set_state(State { am_choking: true, fast: true, ..State::default() });
        wire.request(asked, false, 0).expect("unchoked");
    };
    let length = asked.length + 9;
    assert_eq!(hear(Limits::default(), ask, &length.to_be_bytes()), []);
    assert_eq!(
        hear(Limits::default(), ask, &(length + 1).to_be_bytes()),
        [Event::Violation(Violation::MessageTooLong { length: length + 1, limit: length })]
    );
}

#[test]
fn a_length_with_its_highest_bit_set_is_never_let_in() {
    let mut limits = Limits::default();
    limits.max_message_length = u32::MAX;
    assert_eq!(
        violation(limits, &[0x80, 0, 0, 0]),
        Some(Violation::MessageTooLong { length: 1 << 31, limit: i32::MAX as u32 })
    );
}

#[test]
fn a_bitfield_is_refused_at_its_id() {
    let mut limits = Limits::default();
    limits.max_pieces = 9;
    assert_eq!(hear(limits, |_| {}, &[0, 0, 0, 3, 5]), []);
    assert_eq!(
        violation(limits, &[0, 0, 0, 4, 5]),
        Some(Violation::MessageTooLong { length: 4, limit: 3 })
    );
}

#[test]
fn lengths_are_strict_for_every_id() {
    let exactly = |id: u8| match id {
        0..=3 | 14 | 15 => Some(1),
        4 | 13 | 17 => Some(5),
        6 | 8 | 16 => Some(13),
        9 => Some(3),
        21 | 23 => Some(49),
        _ => None,
    };
    let at_least = |id: u8| match id {
        7 => 9,
        20 => 2,
        22 => 49,
        _ => 1,
    };
    for id in 0..=255u8 {
        for length in 1..60u32 {
            // The prefix and the id are enough.
            let stream = [&length.to_be_bytes()[..], &[id]].concat();
            let is_right = exactly(id).map_or(length >= at_least(id), |exact| length == exact);
            let expected = (!is_right).then_some(Violation::BadLength { id, length });
            assert_eq!(violation(Limits::default(), &stream), expected, "id {id}, {length} bytes");
        }
    }
}

#[test]
fn ids_of_bep_52_mean_nothing_from_a_peer_that_did_not_announce_it() {
    let mut wire = Wire::new(Limits::default(), 1);
    let handshake =
        Handshake { reserved: Reserved::default(), info_hash: [1; 20], peer_id: [2; 20] };
    wire.handle_chunk(&handshake.encode());
    wire.handle_chunk(&[0, 0, 0, 2, 21, 7]);
    assert!(matches!(wire.poll_event(0), Some(Event::Handshake(_))));
    assert_eq!(wire.poll_event(0), Some(Event::Unknown(vec![21, 7])));
}

#[test]
fn hashes_are_as_many_as_their_range_says() {
    let at = |index: u32, id: u8, [base_layer, length, proof_layers]: [u32; 3], hashes: u32| {
        let numbers = [base_layer, index, length, proof_layers].map(u32::to_be_bytes).concat();
        let body = 49 + 32 * hashes;
        let stream = [&body.to_be_bytes()[..], &[id], &[7; 32], &numbers].concat();
        let expected = Violation::BadHashRange { id, base_layer, index, length, proof_layers };
        assert!(violation(Limits::default(), &stream).is_none_or(|found| found == expected));
        violation(Limits::default(), &stream).is_none()
    };
    let about = |id, numbers, hashes| at(0, id, numbers, hashes);
    for id in [21, 22, 23] {
        let hashes = |length| if id == 22 { length } else { 0 };
        assert!([0, 512, 1024].into_iter().all(|index| at(index, id, [0, 512, 0], hashes(512))));
        assert!(![1, 256, 1023].into_iter().any(|index| at(index, id, [0, 512, 0], hashes(512))));
        assert!(at(14, id, [60, 2, 4], hashes(2)) && !at(16, id, [60, 2, 4], hashes(2)));
    }
    for id in [21, 23] {
        assert!([1, 2, 512, 8192].into_iter().all(|length| about(id, [0, length, 20], 0)));
        assert!(![0, 3, 16384, 1 << 31].into_iter().any(|length| about(id, [0, length, 0], 0)));
        assert!(!about(id, [65, 2, 0], 0) && !about(id, [0, 2, u32::MAX], 0));
    }
    assert!((2..=5).all(|hashes| about(22, [0, 2, 3], hashes)));
    assert!(![0, 1, 6, 100].into_iter().any(|hashes| about(22, [0, 2, 3], hashes)));
    // Half a hash shows before there is any.
    let stream = [&(49 + 48u32).to_be_bytes()[..], &[22], &[0; 43], &[2], &[0; 4]].concat();
    assert!(violation(Limits::default(), &stream).is_some());
}

#[test]
fn piece_indices_are_bounded() {
    let mut limits = Limits::default();
    limits.max_pieces = 100;
    for id in [4, 13, 17] {
        for (index, is_right) in [(99u32, true), (100, false), (1 << 31, false), (u32::MAX, false)]
        {
            let stream = [&[0, 0, 0, 5, id][..], &index.to_be_bytes()].concat();
            let expected = Violation::PieceOutOfRange { index, limit: 100 };
            assert_eq!(violation(limits, &stream), (!is_right).then_some(expected));
        }
    }
}

#[test]
fn hashes_count_where_either_handshake_announces_bittorrent_v2() {
    let reject =
        [&49u32.to_be_bytes()[..], &[0x17], &[7; 32], &[0; 8], &[0, 0, 0, 2, 0, 0, 0, 0]].concat();
    for (ours, theirs, is_known) in
        [(true, true, true), (true, false, true), (false, true, true), (false, false, false)]
    {
        let announce = |v2| Reserved { extended: true, v2, ..Reserved::default() };
        let handshake =
            Handshake { reserved: announce(theirs), info_hash: [1; 20], peer_id: [2; 20] }.encode();
        let mut wire = Wire::new(Limits::default(), 1);
        wire.handshake(announce(ours), [1; 20], [3; 20]);
        let mut inbound = Inbound::default();
        let mut rejects = 0;
        for chunk in [&handshake[..], &reject] {
            inbound.receive(&mut wire, chunk, 0, |_, seen| {
                rejects += u32::from(matches!(seen.event, Event::HashReject(_)));
                assert!(!matches!(seen.event, Event::Violation(_)));
            });
        }
        assert_eq!(rejects == 1, is_known, "ours {ours}, theirs {theirs}");
    }
}
