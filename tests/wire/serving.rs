//! Requests of the peer: which of them the caller is given, which wait, and which are refused.

use std::collections::VecDeque;

use bittorrent_protocol_native::wire::{
    Block, Event, FastDisabled, Handshake, Limits, PeerChoking, Reserved, Violation, Wire,
};

use crate::driver::{Inbound, take_output, take_segment};

const BLOCK: u32 = 16 << 10;

/// A wire, and what its peer does to it.
struct Peer {
    wire: Wire,
    inbound: Inbound,
    now: u64,
}

impl Peer {
    /// After the handshakes, of which nothing waits; we choke.
    fn greeted(limits: Limits, fast: bool) -> Self {
        let reserved = Reserved { fast, ..Reserved::default() };
        let mut peer = Self { wire: Wire::new(limits, 1), inbound: Inbound::default(), now: 0 };
        peer.wire.handshake(reserved, [1; 20], [2; 20]);
        take_output(&mut peer.wire);
        let handshake = Handshake { reserved, info_hash: [1; 20], peer_id: [3; 20] };
        peer.say(&handshake.encode());
        peer
    }

    /// Sends bytes; gives the events that they make.
    fn say(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.inbound.receive(&mut self.wire, bytes, self.now, |_, seen| events.push(seen.event));
        events
    }

    /// Sends requests, or cancels, for the first block of each of these pieces.
    fn name(&mut self, id: u8, pieces: impl IntoIterator<Item = u32>) -> Vec<Event> {
        let bytes: Vec<u8> = pieces.into_iter().flat_map(|piece| named(id, piece)).collect();
        self.say(&bytes)
    }

    fn request(&mut self, pieces: impl IntoIterator<Item = u32>) -> Vec<Event> {
        self.name(6, pieces)
    }

    /// The ids of the messages that it reads.
    fn read(&mut self) -> Vec<u8> {
        let output = take_output(&mut self.wire);
        let mut ids = Vec::new();
        let mut rest = &output[..];
        while let Some((length, after)) = rest.split_first_chunk() {
            ids.push(after[0]);
            rest = &after[u32::from_be_bytes(*length) as usize..];
        }
        ids
    }
}

fn block(piece: u32) -> Block {
    Block { piece, offset: 0, length: BLOCK }
}

fn named(id: u8, piece: u32) -> Vec<u8> {
    let numbers = [piece, 0, BLOCK].map(u32::to_be_bytes).concat();
    [&[0, 0, 0, 13, id][..], &numbers].concat()
}

fn key_of(event: &Event) -> u32 {
    match event {
        Event::Request { key, .. } => *key,
        other => panic!("{other:?} is no request"),
    }
}

#[test]
fn requests_wait_for_output_and_for_answers() {
    let mut limits = Limits::default();
    limits.high_water_mark = 2 * BLOCK + 1000;
    let mut peer = Peer::greeted(limits, false);
    peer.wire.unchoke();
    peer.read();
    let keys: Vec<u32> = peer.request(0..9).iter().map(key_of).collect();
    assert_eq!((keys.len(), peer.wire.waiting_requests()), (5, 4));
    assert_eq!(peer.wire.poll_event(0), None);

    // An answer takes the room of the request; a refusal makes room.
    assert_eq!(peer.wire.answer(keys[0], BLOCK, 0), Some(block(0)));
    assert_eq!(peer.wire.answer(keys[0], BLOCK, 0), None, "once");
    assert_eq!(peer.wire.poll_event(0), None);
    assert!(peer.wire.decline(keys[1]) && !peer.wire.decline(keys[1]));
    assert!(matches!(peer.wire.poll_event(0), Some(Event::Request { .. })));
    assert_eq!(peer.wire.poll_event(0), None);
    assert!(peer.wire.forget_peer_request(keys[2]) && !peer.wire.forget_peer_request(keys[2]));
    assert_eq!(peer.wire.piece(block(3), 0), Some(keys[3]));
    assert_eq!(peer.wire.piece(block(3), 0), None);
    peer.wire.close();
    assert_eq!((peer.wire.peer_requests().len(), peer.wire.waiting_requests()), (0, 0));
}

#[test]
fn an_answer_goes_out_under_the_block_of_its_key() {
    let mut peer = Peer::greeted(Limits::default(), true);
    peer.wire.unchoke();
    let keys: Vec<u32> = peer.request([5, 6, 5]).iter().map(key_of).collect();
    assert_eq!(peer.wire.peer_requests().get(keys[1]), Some(block(6)));
    peer.read();
    peer.wire.answer_bytes(keys[1], &[7; 3], 0);
    assert_eq!(take_output(&mut peer.wire), b"\0\0\0\x0c\x07\0\0\0\x06\0\0\0\0\x07\x07\x07");
    // Of equal ones the oldest is settled.
    assert_eq!(peer.wire.piece_bytes(5, 0, &[0; BLOCK as usize], 0), Some(keys[0]));
    assert_eq!(peer.wire.reject(block(5)), Ok(Some(keys[2])));
    assert_eq!(peer.wire.reject(block(5)), Ok(None));
}

#[test]
fn a_request_while_choking_is_the_callers_to_judge() {
    let mut peer = Peer::greeted(Limits::default(), true);
    let events = peer.request([1, 2]);
    assert_eq!(events, [1, 2].map(|piece| Event::RequestWhileChoking(block(piece))));
    let key = peer.wire.admit(block(1), 0);
    assert_eq!(key.and_then(|key| peer.wire.peer_requests().get(key)), Some(block(1)));
    peer.wire.refuse(block(2));
    assert_eq!(peer.read(), [16]);

    let mut peer = Peer::greeted(Limits::default(), false);
    assert_eq!(peer.request([1, 2]), []);
    assert_eq!(peer.read(), []);
    assert_eq!(peer.wire.reject(block(1)), Err(FastDisabled));
}

#[test]
fn a_choke_takes_what_waits_and_leaves_what_is_open() {
    let mut limits = Limits::default();
    limits.high_water_mark = BLOCK / 2;
    for fast in [true, false] {
        let mut peer = Peer::greeted(limits, fast);
        peer.wire.unchoke();
        let keys: Vec<u32> = peer.request(0..6).iter().map(key_of).collect();
        assert_eq!((keys.len(), peer.wire.waiting_requests()), (1, 5));
        peer.read();
        peer.wire.choke(&[4, 2, 9]);
        peer.wire.choke(&[]);
        let (waiting, rejects) = if fast { (2, vec![16; 3]) } else { (0, vec![]) };
        assert_eq!((peer.wire.peer_requests().len(), peer.wire.waiting_requests()), (1, waiting));
        assert_eq!(peer.read(), [vec![0], rejects].concat());
        assert!(peer.wire.decline(keys[0]));
        assert_eq!(peer.read(), if fast { vec![16] } else { vec![] });
        let next = peer.wire.poll_event(0);
        assert_eq!(next.map(|event| key_of(&event)).is_some(), fast);
    }
}

#[test]
fn a_cancel_has_its_one_answer() {
    let mut limits = Limits::default();
    limits.high_water_mark = BLOCK / 2;
    let mut peer = Peer::greeted(limits, true);
    peer.wire.unchoke();
    let key = key_of(&peer.request([1, 2, 3])[0]);
    let cancels = peer.name(8, [1, 3, 3]);
    let cancel = |piece, key| Event::Cancel { block: block(piece), key };
    assert_eq!(cancels[..1], [cancel(1, Some(key))]);
    assert_eq!(cancels[2..], [cancel(3, None), cancel(3, None)]);
    // What waited behind the first came in between.
    assert!(matches!(cancels[1], Event::Request { block, .. } if block.piece == 2));
    assert_eq!(peer.read(), [1, 16, 16]);
}

#[test]
fn what_is_one_too_many_is_refused() {
    let mut limits = Limits::default();
    limits.max_peer_requests = 3;
    limits.high_water_mark = BLOCK / 2;
    for (fast, rejects) in [(true, vec![16, 16]), (false, vec![])] {
        let mut peer = Peer::greeted(limits, fast);
        peer.wire.unchoke();
        peer.read();
        assert_eq!(peer.request(0..5).len(), 1);
        assert_eq!((peer.wire.peer_requests().len(), peer.wire.waiting_requests()), (1, 2));
        assert_eq!(peer.wire.statistics().refused_requests, 2);
        assert_eq!(peer.read(), rejects);
    }
}

#[test]
fn d9_who_reads_no_reject_is_cut_off() {
    let mut limits = Limits::default();
    // Ten rejects fit under it.
    limits.high_water_mark = 170;
    let most = 10 + 2000;
    let mut peer = Peer::greeted(limits, true);
    let refuse = |peer: &mut Peer| {
        for event in peer.request([7]) {
            assert_eq!(event, Event::RequestWhileChoking(block(7)));
            peer.wire.refuse(block(7));
        }
        peer.wire.poll_event(0)
    };
    for _ in 0..most {
        assert_eq!(refuse(&mut peer), None);
    }
    let violation = Violation::TooManyRequests { count: most };
    assert_eq!(refuse(&mut peer), Some(Event::Violation(violation)));
    assert_eq!(refuse(&mut peer), None);
}

#[test]
fn d9_who_reads_is_never_cut_off_however_much_is_unsent() {
    let mut limits = Limits::default();
    limits.max_peer_requests = 10;
    let mut peer = Peer::greeted(limits, true);
    // The output is never empty: blocks stand before and behind each reject.
    let mut backlog = 0;
    for round in 0..2000 {
        peer.wire.piece(block(round), 0);
        assert_eq!(peer.request([round]), [Event::RequestWhileChoking(block(round))]);
        peer.wire.refuse(block(round));
        assert_eq!(peer.wire.poll_event(0), None);
        backlog += 1;
        if backlog > 9 {
            while backlog > 5 {
                assert!(take_segment(&mut peer.wire).is_some());
                backlog -= 1;
            }
            peer.wire.set_undelivered(0, 0);
        }
        assert!(peer.wire.unsent() > 0);
    }
}

/// A caller that answers so many milliseconds late serves a peer that takes all at once, and keeps
/// so many requests in flight. Gives bytes a second, of five.
fn served(late: u64, in_flight: u32, takes: impl Fn(u64) -> bool) -> (u64, usize) {
    let mut peer = Peer::greeted(Limits::default(), true);
    peer.wire.unchoke();
    let mut asked: VecDeque<(u64, u32)> = VecDeque::new();
    let mut most = 0;
    let mut missing = in_flight;
    for now in 0..5000 {
        peer.now = now;
        let mut events = peer.request(0..missing);
        missing = 0;
        events.extend(std::iter::from_fn(|| peer.wire.poll_event(now)));
        asked.extend(events.iter().map(|event| (now + late, key_of(event))));
        most = most.max(peer.wire.unsent() + peer.wire.peer_requests().bytes() as usize);
        while let Some(&(due, key)) = asked.front()
            && due <= now
        {
            asked.pop_front();
            assert!(peer.wire.answer(key, BLOCK, now).is_some());
        }
        most = most.max(peer.wire.unsent());
        if takes(now) {
            let before = peer.wire.unsent();
            let count = peer.wire.output().count();
            let length = peer.wire.output().map(|segment| segment.bytes as usize).sum();
            assert!(peer.wire.take_output(count, &mut vec![0; length]));
            peer.wire.set_undelivered(0, now);
            missing = (before / BLOCK as usize) as u32;
        }
    }
    (peer.wire.statistics().sent.payload / 5, most)
}

#[test]
fn d8_a_peer_that_reads_is_served_at_its_speed_by_a_caller_that_answers_late() {
    let (speed, most) = served(20, 6000, |_| true);
    assert!(speed >= 250_000_000, "{speed} bytes a second");
    assert!(most as u64 <= Limits::MAX_WINDOW + 2 * u64::from(BLOCK));
}

#[test]
fn d8_a_peer_that_never_reads_costs_two_marks() {
    let (_, most) = served(20, 6000, |_| false);
    let mark = Limits::default().high_water_mark;
    assert!(most as u32 <= 2 * mark + BLOCK, "{most} bytes");
}

#[test]
fn our_requests_are_known_by_their_keys() {
    let mut peer = Peer::greeted(Limits::default(), true);
    assert_eq!(peer.wire.request(block(1), false, 0), Err(PeerChoking));
    let allowed = peer.wire.request(block(1), true, 0);
    peer.say(&[0, 0, 0, 1, 1]);
    let second = peer.wire.request(block(2), false, 0);
    let again = peer.wire.request(block(2), false, 0);
    assert_eq!(peer.wire.cancel(block(2)), second.ok());
    assert_eq!(peer.name(16, [1]), [Event::Reject { block: block(1), key: allowed.ok() }]);
    assert!(again.is_ok_and(|key| peer.wire.forget_request(key) && !peer.wire.forget_request(key)));
    assert_eq!(peer.wire.cancel(block(2)), None);
    assert_eq!(peer.wire.statistics().sent.messages, 6);
    assert_eq!(peer.name(16, [1]), [Event::Reject { block: block(1), key: None }]);
}

#[test]
fn d20_a_reject_is_an_answer() {
    let mut peer = Peer::greeted(Limits::default(), true);
    peer.say(&[0, 0, 0, 1, 1]);
    peer.wire.set_request_timeout(400);
    for piece in 0..3 {
        assert!(peer.wire.request(block(piece), false, 0).is_ok());
    }
    peer.now = 300;
    peer.name(16, [0]);
    assert_eq!(peer.wire.next_timeout(), Some(700));
    peer.now = 600;
    peer.say(&[&[0, 0, 0x40, 9, 7][..], &[0, 0, 0, 1, 0, 0, 0, 0], &[0; BLOCK as usize]].concat());
    assert_eq!(peer.wire.next_timeout(), Some(1000));
    assert_eq!([999, 1000].map(|now| peer.wire.poll_timeout(now)), [None, Some(2)]);
}
