//! Two wires that speak to each other, or one and a stranger: any calls on both sides, in any
//! order, against a plain model. After each call the counts equal the lists, output is conserved
//! and within its bound, and the memory that the engine holds is within what its limits allow.
#![no_main]

#[path = "../../tests/wire/driver.rs"]
mod driver;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

use bittorrent_protocol_native::wire::{
    Block, Event, HashRange, Limits, Reserved, State, Violation, Wire,
};
use driver::{Inbound, Seen, take_segment};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const MAX_MESSAGE: u32 = 600;
const MAX_PIECES: u32 = 1 << 12;
const MAX_PEER_REQUESTS: u32 = 8;
const HIGH_WATER_MARK: u32 = 256;
/// Of rejects that a peer provoked and did not read: those that fit under the high-water mark, and
/// as many again as requests may wait.
const MAX_PROVOKED: usize = (HIGH_WATER_MARK as usize / 17 + MAX_PEER_REQUESTS as usize) * 17;
/// Frames, names of extensions, bits and lists, at these limits.
const MAX_HELD: isize = 120 << 10;

#[derive(Arbitrary, Debug)]
struct Input {
    /// Both sides have shaken hands, with these reserved bits.
    greeted: Option<(u8, u8)>,
    /// What A sends is lost: B hears a stranger.
    is_alone: bool,
    calls: Vec<(bool, Call)>,
}

#[derive(Arbitrary, Debug)]
enum Call {
    Handshake(u8),
    KeepAlive,
    Choke(Vec<u8>),
    Unchoke,
    Interested,
    NotInterested,
    Have(u16),
    Bitfield(Vec<u8>),
    Request(Name, bool),
    Piece(Name),
    Answer(u8, u16),
    Decline(u8),
    ForgetPeer(u8),
    Cancel(Name),
    Forget(u8),
    Admit(Name),
    Refuse(Name),
    Port(u16),
    Suggest(u16),
    HaveAll,
    HaveNone,
    Reject(Name),
    AllowFast(u16),
    Extended(u8, Vec<u8>),
    HashRequest(u8, u8),
    Hashes(u8, u8, u8),
    HashReject(u8, u8),
    Timeout(u16),
    Expire(u8),
    SetState(u8),
    Speeds,
    Undelivered(u16),
    Close,
    /// Up to so many segments of output go to the other side, in chunks of this length.
    Deliver(u8, u16),
    /// The same, and nothing is cut.
    DeliverAll,
    /// The other side hears this instead.
    Hear(Vec<u8>),
    /// The other side hears a message of this id.
    HearMessage(u8, Vec<u8>),
    /// The same many times.
    HearMany(u8, Name, u8),
}

/// A block, of few, so that the two sides meet.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Name(u8);

impl Name {
    fn block(self) -> Block {
        let number = u32::from(self.0);
        Block { piece: number & 3, offset: number >> 2 & 3, length: number >> 4 }
    }
}

fuzz_target!(|input: Input| {
    let mut sides = [Side::new(1), Side::new(2)];
    if let Some((a, b)) = input.greeted {
        sides[0].call(&Call::Handshake(a), 0);
        sides[1].call(&Call::Handshake(b), 0);
        deliver(&mut sides, 0, usize::MAX, usize::MAX, 0);
        deliver(&mut sides, 1, usize::MAX, usize::MAX, 0);
    }
    for (now, (on_b, call)) in input.calls.iter().enumerate() {
        let (this, now) = (usize::from(*on_b), now as u64 * 50);
        let lone = input.is_alone && !*on_b;
        match call {
            Call::Deliver(count, length) if !lone => {
                deliver(&mut sides, this, (*count).into(), usize::from(*length).max(1), now);
            }
            Call::DeliverAll if !lone => deliver(&mut sides, this, usize::MAX, usize::MAX, now),
            Call::Hear(bytes) => sides[1 - this].hear(bytes, now),
            Call::HearMessage(id, body) => sides[1 - this].hear(&message(*id, body), now),
            Call::HearMany(id, name, times) => {
                let Block { piece, offset, length } = name.block();
                let body = [piece, offset, length].map(u32::to_be_bytes).concat();
                let body = &body[..if id % 2 == 0 { 12 } else { 4 }];
                let flood = message(*id, body).repeat(usize::from(*times));
                sides[1 - this].hear(&flood, now);
            }
            call => sides[this].call(call, now),
        }
        sides.iter_mut().for_each(Side::check);
    }
});

fn message(id: u8, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 1).to_be_bytes(), &[id][..], body].concat()
}

fn deliver(sides: &mut [Side; 2], from: usize, count: usize, length: usize, now: u64) {
    let mut bytes = Vec::new();
    if sides[1 - from].wire.is_paused() {
        return;
    }
    for _ in 0..count {
        let Some(segment) = sides[from].take_segment(now) else { break };
        bytes.extend(segment);
        if bytes.len() > 1 << 16 {
            break;
        }
    }
    for chunk in bytes.chunks(length) {
        sides[1 - from].hear(chunk, now);
    }
    // The one that drained goes on with requests that waited.
    sides[from].hear(&[], now);
}

/// A wire, and what is expected of it.
struct Side {
    wire: Wire,
    inbound: Inbound,
    /// With their keys, in the order of asking.
    requests: Vec<(u32, Block)>,
    /// How many there were at most.
    most_requests: usize,
    /// With their keys, in the order in which they came.
    peer_requests: Vec<(u32, Block)>,
    /// What was sent and not taken: so many bytes, and whether they are of an answer.
    output: VecDeque<(usize, bool)>,
    /// Bytes that were taken and that did not leave, at most.
    undelivered: usize,
    /// Bytes taken.
    taken: u64,
    am_choking: bool,
    am_interested: bool,
    is_closed: bool,
    violation: Option<Violation>,
    /// What the engine holds, in bytes.
    held: isize,
    /// What was sent of our own accord and waits, at most; it is held rightly.
    own: usize,
}

impl Side {
    fn new(seed: u64) -> Self {
        let mut limits = Limits::default();
        limits.max_message_length = MAX_MESSAGE;
        limits.max_pieces = MAX_PIECES;
        limits.max_peer_requests = MAX_PEER_REQUESTS;
        limits.high_water_mark = HIGH_WATER_MARK;
        let mut held = 0;
        let wire = weigh(&mut held, || Wire::new(limits, seed));
        Self {
            wire,
            inbound: Inbound::default(),
            requests: Vec::new(),
            most_requests: 0,
            peer_requests: Vec::new(),
            output: VecDeque::new(),
            undelivered: 0,
            taken: 0,
            am_choking: true,
            am_interested: false,
            is_closed: false,
            violation: None,
            held,
            own: 0,
        }
    }

    fn hear(&mut self, chunk: &[u8], now: u64) {
        if self.wire.is_paused() && !chunk.is_empty() {
            return;
        }
        let before = self.wire.statistics().sent.bytes;
        let mut events = VecDeque::new();
        weigh(&mut self.held, || {
            self.inbound.receive(&mut self.wire, chunk, now, |wire, seen| {
                unweighed(|| events.push_back(seen.clone()));
                // Even pieces are allowed fast.
                match seen.event {
                    Event::RequestWhileChoking(block) if block.piece & 1 == 0 => {
                        if let Some(key) = wire.admit(block, now) {
                            let event = Event::Request { key, block };
                            unweighed(|| events.push_back(Seen { event, payload: Vec::new() }));
                        }
                    }
                    Event::RequestWhileChoking(block) => wire.refuse(block),
                    _ => {}
                }
                drop(seen);
            });
        });
        for seen in events {
            self.note(seen);
        }
        self.note_sent(before, false);
    }

    /// Notes what a call sent; gives how many bytes it was.
    fn note_sent(&mut self, before: u64, is_answer: bool) -> usize {
        let sent = (self.wire.statistics().sent.bytes - before) as usize;
        if sent > 0 {
            self.output.push_back((sent, is_answer));
        }
        sent
    }

    fn note(&mut self, seen: Seen) {
        assert!(!self.is_closed, "no event after the end: {seen:?}");
        assert!(seen.payload.len() <= MAX_MESSAGE.max(15) as usize + 9);
        match seen.event {
            Event::Request { key, block } => {
                self.peer_requests.push((key, block));
            }
            Event::Piece { index, offset, payload, key } => {
                let block = Block { piece: index, offset, length: payload.length() };
                remove_oldest(&mut self.requests, block, key);
            }
            Event::Reject { block, key } => remove_oldest(&mut self.requests, block, key),
            Event::Cancel { block, key } => remove_oldest(&mut self.peer_requests, block, key),
            Event::RequestWhileChoking(_) => assert!(self.wire.has_fast()),
            Event::HashRequest(range) | Event::HashReject(range) => assert!(range.is_sound()),
            Event::Hashes { range, .. } => {
                assert!(range.is_sound() && range.takes(seen.payload.len()));
            }
            Event::Have(index) => {
                assert!(index < MAX_PIECES);
            }
            Event::Suggest(index) | Event::AllowedFast(index) => {
                assert!(self.wire.has_fast() && index < MAX_PIECES);
            }
            Event::Violation(violation) => {
                self.violation = Some(violation);
                self.is_closed = true;
                self.peer_requests.clear();
                self.requests.clear();
            }
            _ => {}
        }
    }

    fn call(&mut self, call: &Call, now: u64) {
        let before = self.wire.statistics().sent.bytes;
        let mut held = self.held;
        weigh(&mut held, || self.act(call, now));
        self.held = held;
        let is_answer =
            matches!(call, Call::Extended(..) | Call::Hashes(..) | Call::HashReject(..));
        let sent = self.note_sent(before, is_answer);
        assert!(sent == 0 || !self.is_closed, "nothing is sent after the end");
        self.own += sent;
    }

    fn act(&mut self, call: &Call, now: u64) {
        let Self { wire, .. } = self;
        match call {
            Call::Handshake(bits) => {
                let [dht, fast, extended, v2] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
                let reserved = Reserved { dht, fast, extended, v2 };
                wire.handshake(reserved, [0x33; 20], [0x44; 20]);
            }
            Call::KeepAlive => wire.keep_alive(),
            Call::Choke(allowed) => {
                let allowed = unweighed(|| allowed.iter().map(|&i| i.into()).collect::<Vec<_>>());
                let was_choking = wire.am_choking();
                wire.choke(&allowed);
                self.am_choking = true;
                if (!wire.has_fast() || allowed.is_empty()) && !was_choking {
                    assert_eq!(wire.waiting_requests(), 0);
                }
                unweighed(|| drop(allowed));
            }
            Call::Unchoke => {
                wire.unchoke();
                self.am_choking = false;
            }
            Call::Interested => {
                wire.interested();
                self.am_interested = true;
            }
            Call::NotInterested => {
                wire.not_interested();
                self.am_interested = false;
            }
            Call::Have(index) => wire.have((*index).into()),
            Call::Bitfield(bits) => wire.bitfield(bits),
            Call::Request(name, is_allowed) => match wire.request(name.block(), *is_allowed, now) {
                Ok(key) => unweighed(|| self.requests.push((key, name.block()))),
                Err(_) => assert!(
                    self.is_closed || (wire.peer_choking() && !(*is_allowed && wire.has_fast()))
                ),
            },
            Call::Piece(name) => {
                let key = wire.piece(name.block(), now);
                remove_oldest(&mut self.peer_requests, name.block(), key);
            }
            Call::Answer(at, length) => {
                if let Some((key, block)) = pick(&mut self.peer_requests, *at) {
                    assert_eq!(wire.answer(key, (*length).into(), now), Some(block));
                    assert_eq!(wire.answer(key, 1, now), None, "once");
                }
            }
            Call::Decline(at) => {
                if let Some((key, _)) = pick(&mut self.peer_requests, *at) {
                    assert!(wire.decline(key) && !wire.decline(key));
                }
            }
            Call::ForgetPeer(at) => {
                if let Some((key, _)) = pick(&mut self.peer_requests, *at) {
                    assert!(wire.forget_peer_request(key) && !wire.forget_peer_request(key));
                }
            }
            Call::Cancel(name) => {
                let key = wire.cancel(name.block());
                remove_oldest(&mut self.requests, name.block(), key);
            }
            Call::Forget(at) => {
                if let Some((key, _)) = pick(&mut self.requests, *at) {
                    assert!(wire.forget_request(key) && !wire.forget_request(key));
                }
            }
            Call::Admit(name) => {
                if let Some(key) = wire.admit(name.block(), now) {
                    unweighed(|| self.peer_requests.push((key, name.block())));
                }
            }
            Call::Refuse(name) => wire.refuse(name.block()),
            Call::Port(port) => wire.port(*port),
            Call::Suggest(index) => {
                assert_eq!(wire.suggest((*index).into()).is_ok(), wire.has_fast());
            }
            Call::HaveAll => assert_eq!(wire.have_all().is_ok(), wire.has_fast()),
            Call::HaveNone => assert_eq!(wire.have_none().is_ok(), wire.has_fast()),
            Call::Reject(name) => {
                if let Ok(key) = wire.reject(name.block()) {
                    remove_oldest(&mut self.peer_requests, name.block(), key);
                }
            }
            Call::AllowFast(index) => {
                let _ = wire.allow_fast((*index).into());
            }
            Call::Extended(id, payload) => wire.extended(*id, payload),
            Call::HashRequest(length, proof) => wire.hash_request(range(*length, *proof)),
            Call::Hashes(length, proof, count) => {
                let hashes = unweighed(|| vec![0; usize::from(*count % 16) * HashRange::HASH]);
                wire.hashes(range(*length, *proof), &hashes);
                unweighed(|| drop(hashes));
            }
            Call::HashReject(length, proof) => wire.hash_reject(range(*length, *proof)),
            Call::Timeout(milliseconds) => wire.set_request_timeout((*milliseconds).into()),
            Call::Expire(count) => {
                for _ in 0..*count {
                    let due = self.wire.next_timeout();
                    let key = self.wire.poll_timeout(now);
                    assert_eq!(key.is_some(), due.is_some_and(|due| due <= now));
                    if key.is_some() {
                        assert_eq!(self.requests.remove(0).0, key.unwrap_or_default());
                    }
                }
            }
            Call::SetState(bits) => {
                wire.set_state(State {
                    am_choking: bits & 1 != 0,
                    am_interested: bits & 8 != 0,
                    peer_choking: bits & 2 != 0,
                    fast: bits & 4 != 0,
                });
                self.am_choking = bits & 1 != 0;
                self.am_interested = bits & 8 != 0;
            }
            Call::Speeds => {
                assert!(wire.download().rate(now) >= 0.0 && wire.upload().rate(now) >= 0.0);
            }
            Call::Undelivered(bytes) => {
                self.undelivered = self.undelivered.min(usize::from(*bytes));
                wire.set_undelivered(self.undelivered, now);
            }
            Call::Close => {
                wire.close();
                self.is_closed = true;
                unweighed(|| {
                    self.peer_requests.clear();
                    self.requests.clear();
                });
            }
            Call::Deliver(..)
            | Call::DeliverAll
            | Call::Hear(_)
            | Call::HearMessage(..)
            | Call::HearMany(..) => {}
        }
    }

    fn take_segment(&mut self, now: u64) -> Option<Vec<u8>> {
        let mut taken = None;
        weigh(&mut self.held, || {
            let segment = take_segment(&mut self.wire);
            taken = unweighed(|| segment.clone());
            drop(segment);
        });
        let length = taken.as_ref().map_or(0, |taken| taken.len());
        self.taken += length as u64;
        // All but the last bytes leave at once; those do with the next `Undelivered`.
        self.undelivered = (self.undelivered + length).min(10);
        self.wire.set_undelivered(self.undelivered, now);
        taken
    }

    fn check(&mut self) {
        let Self { wire, .. } = self;
        for (known, expected) in
            [(wire.requests(), &self.requests), (wire.peer_requests(), &self.peer_requests)]
        {
            assert_eq!((known.len(), known.is_empty()), (expected.len(), expected.is_empty()));
            assert!(expected.iter().all(|&(key, block)| known.get(key) == Some(block)));
            assert_eq!(known.oldest().map(|oldest| oldest.0), expected.first().map(|r| r.0));
            // However small its block, a request has a cost.
            let costs = expected.iter().map(|(_, block)| u64::from(block.length.max(256)));
            assert_eq!(known.bytes(), costs.sum());
        }
        let open = wire.peer_requests().len() + wire.waiting_requests();
        assert!(open <= MAX_PEER_REQUESTS as usize);
        if !self.is_closed {
            assert_eq!(wire.am_choking(), self.am_choking);
            assert_eq!(wire.am_interested(), self.am_interested);
        } else {
            assert_eq!((open, wire.requests().len(), wire.is_paused()), (0, 0, false));
        }
        assert!(wire.peer_extensions().iter().count() <= Limits::EXTENDED_NAMES);
        assert!(wire.peer_extensions().iter().all(|(_, id)| id != 0));

        // Every byte that was sent waits or was taken.
        let unsent = wire.unsent();
        let sent = wire.statistics().sent.bytes;
        assert_eq!(sent + self.undelivered as u64, self.taken + unsent as u64);
        assert_eq!(unsent == self.undelivered, wire.output().next().is_none());
        let mut gone = self.output.iter().map(|run| run.0).sum::<usize>() - unsent;
        while let Some(run) = self.output.front_mut()
            && gone > 0
        {
            let part = gone.min(run.0);
            (run.0, gone) = (run.0 - part, gone - part);
            if run.0 == 0 {
                self.output.pop_front();
            }
        }
        let extended = self.output.iter().filter(|run| run.1).map(|run| run.0);
        assert_eq!(wire.unsent_extended(), extended.sum());
        assert!(!wire.is_paused() || wire.unsent_extended() > HIGH_WATER_MARK as usize);
        if unsent == 0 {
            self.own = 0;
        }
        // What the peer provoked is bounded, save for what the side's own calls let through.
        if self.own == 0 {
            assert!(unsent <= MAX_PROVOKED, "{unsent} bytes provoked");
        }
        self.most_requests = self.most_requests.max(self.requests.len());
        let own = 4 * self.own + 256 * self.most_requests;
        let held = self.held - self.inbound.kept() as isize;
        assert!(held <= MAX_HELD + own as isize, "{held} bytes held, {own} of our own");
    }
}

/// A range of hashes, sound or not.
fn range(length: u8, proof: u8) -> HashRange {
    HashRange {
        pieces_root: [0x55; 32],
        base_layer: u32::from(proof / 2),
        index: u32::from(proof) << (length % 16),
        length: if length < 20 { 1 << length } else { length.into() },
        proof_layers: proof.into(),
    }
}

/// Takes out one of the requests, if there is any.
fn pick(requests: &mut Vec<(u32, Block)>, at: u8) -> Option<(u32, Block)> {
    (!requests.is_empty()).then(|| requests.remove(usize::from(at) % requests.len()))
}

/// Takes out the oldest request for a block, which has this key.
fn remove_oldest(requests: &mut Vec<(u32, Block)>, block: Block, key: Option<u32>) {
    let place = requests.iter().position(|request| request.1 == block);
    assert_eq!(place.map(|place| requests.remove(place).0), key);
}

/// Counts what is allocated while it is told to.
struct Scales;

static IS_WEIGHING: AtomicBool = AtomicBool::new(false);
static WEIGHT: AtomicIsize = AtomicIsize::new(0);

#[global_allocator]
static ALLOCATOR: Scales = Scales;

// SAFETY: all work is the system's.
unsafe impl GlobalAlloc for Scales {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_WEIGHING.load(Relaxed) {
            WEIGHT.fetch_add(layout.size() as isize, Relaxed);
        }
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if IS_WEIGHING.load(Relaxed) {
            WEIGHT.fetch_sub(layout.size() as isize, Relaxed);
        }
        // SAFETY: as the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Adds what `act` allocates and keeps to `held`.
fn weigh<T>(held: &mut isize, act: impl FnOnce() -> T) -> T {
    WEIGHT.store(0, Relaxed);
    IS_WEIGHING.store(true, Relaxed);
    let result = act();
    IS_WEIGHING.store(false, Relaxed);
    *held += WEIGHT.load(Relaxed);
    result
}

/// Inside [`weigh`]: what `act` allocates and frees is not the engine's.
fn unweighed<T>(act: impl FnOnce() -> T) -> T {
    let was = IS_WEIGHING.swap(false, Relaxed);
    let result = act();
    IS_WEIGHING.store(was, Relaxed);
    result
}
