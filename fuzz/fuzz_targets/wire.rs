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
    Block, Event, Limits, Removed, Reserved, State, Violation, Wire,
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
    Choke,
    Unchoke,
    Interested,
    NotInterested,
    Have(u16),
    Bitfield(Vec<u8>),
    Request(Name),
    Piece(Name),
    Answer(u8, u16),
    Decline(u8),
    Cancel(Name),
    Forget(Name),
    Pop,
    Port(u16),
    Suggest(u16),
    HaveAll,
    HaveNone,
    Reject(Name),
    AllowFast(u16),
    Extended(u8, Vec<u8>),
    Timeout(u16),
    Expire(u8),
    Sync(Vec<u8>),
    SyncPeer(Vec<u8>),
    SetState(u8),
    SetPiece(u16, bool),
    SetAll(bool),
    SetPieces(Vec<u8>),
    SetAllowed(Vec<u16>, Vec<u16>),
    Speeds,
    Discard,
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
    for _ in 0..count {
        let Some(segment) = sides[from].take_segment() else { break };
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
    requests: Vec<Block>,
    /// How many there were at most.
    most_requests: usize,
    /// With their keys.
    peer_requests: Vec<(u32, Block)>,
    /// Bytes taken or discarded.
    taken: u64,
    /// Bytes that wait since the peer provoked them: an upper bound.
    provoked: usize,
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
            taken: 0,
            provoked: 0,
            am_choking: true,
            am_interested: false,
            is_closed: false,
            violation: None,
            held,
            own: 0,
        }
    }

    fn hear(&mut self, chunk: &[u8], now: u64) {
        let before = self.wire.statistics().sent.bytes;
        let mut events = VecDeque::new();
        weigh(&mut self.held, || {
            self.inbound.receive(&mut self.wire, chunk, now, |_, seen| {
                unweighed(|| events.push_back(seen.clone()));
                drop(seen);
            });
        });
        for seen in events {
            self.note(seen);
        }
        self.provoked += (self.wire.statistics().sent.bytes - before) as usize;
    }

    fn note(&mut self, seen: Seen) {
        assert!(!self.is_closed, "no event after the end: {seen:?}");
        assert!(seen.payload.len() <= MAX_MESSAGE.max(15) as usize + 9);
        match seen.event {
            Event::Request { key, block } => {
                self.peer_requests.push((key, block));
            }
            Event::Piece { request, .. } | Event::Reject { request, .. } => {
                self.remove_request(request);
            }
            Event::Cancel { request, .. } => self.remove_peer_request(request),
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
            }
            _ => {}
        }
    }

    fn remove_request(&mut self, removed: Option<Removed>) {
        if let Some(Removed { position, block, .. }) = removed {
            assert_eq!(self.requests.swap_remove(position as usize), block);
        }
    }

    fn remove_peer_request(&mut self, removed: Option<Removed>) {
        if let Some(Removed { position, block, key }) = removed {
            assert_eq!(self.peer_requests.swap_remove(position as usize), (key, block));
        }
    }

    fn call(&mut self, call: &Call, now: u64) {
        let before = self.wire.statistics().sent.bytes;
        let mut held = self.held;
        weigh(&mut held, || self.act(call, now));
        self.held = held;
        let sent = (self.wire.statistics().sent.bytes - before) as usize;
        assert!(sent == 0 || !self.is_closed, "nothing is sent after the end");
        self.own += sent;
    }

    fn act(&mut self, call: &Call, now: u64) {
        let Self { wire, .. } = self;
        match call {
            Call::Handshake(bits) => {
                let reserved =
                    Reserved { dht: bits & 1 != 0, fast: bits & 2 != 0, extended: bits & 4 != 0 };
                wire.handshake(reserved, [0x33; 20], [0x44; 20]);
            }
            Call::KeepAlive => wire.keep_alive(),
            Call::Choke => {
                let was_choking = wire.am_choking();
                wire.choke();
                self.am_choking = true;
                if !wire.has_fast() && !was_choking {
                    assert!(wire.peer_requests().is_empty());
                }
                self.resync_peer();
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
            Call::Request(name) => {
                if wire.request(name.block(), now).is_ok() {
                    unweighed(|| self.requests.push(name.block()));
                } else {
                    assert!(wire.peer_choking());
                }
            }
            Call::Piece(name) => {
                let removed = wire.piece(name.block(), now);
                self.remove_peer_request(removed);
            }
            Call::Answer(at, length) => {
                if let Some(key) = self.key(*at) {
                    let removed = self.wire.answer(key, (*length).into(), now);
                    assert!(removed.is_some());
                    self.remove_peer_request(removed);
                    assert_eq!(self.wire.answer(key, 1, now), None, "once");
                }
            }
            Call::Decline(at) => {
                if let Some(key) = self.key(*at) {
                    let removed = self.wire.decline(key);
                    assert!(removed.is_some());
                    self.remove_peer_request(removed);
                }
            }
            Call::Cancel(name) => {
                let removed = wire.cancel(name.block());
                assert_eq!(removed.is_some(), self.requests.contains(&name.block()));
                self.remove_request(removed);
            }
            Call::Forget(name) => {
                let removed = wire.forget_request(name.block());
                self.remove_request(removed);
            }
            Call::Pop => {
                let removed = wire.pop_request();
                assert_eq!(removed.map(|removed| removed.block), self.requests.pop());
            }
            Call::Port(port) => wire.port(*port),
            Call::Suggest(index) => {
                assert_eq!(wire.suggest((*index).into()).is_ok(), wire.has_fast());
            }
            Call::HaveAll => assert_eq!(wire.have_all().is_ok(), wire.has_fast()),
            Call::HaveNone => assert_eq!(wire.have_none().is_ok(), wire.has_fast()),
            Call::Reject(name) => {
                if let Ok(removed) = wire.reject(name.block()) {
                    self.remove_peer_request(removed);
                }
            }
            Call::AllowFast(index) => {
                let _ = wire.allow_fast((*index).into());
            }
            Call::Extended(id, payload) => wire.extended(*id, payload),
            Call::Timeout(milliseconds) => wire.set_request_timeout((*milliseconds).into()),
            Call::Expire(count) => {
                for _ in 0..*count {
                    let due = self.wire.next_timeout();
                    let removed = self.wire.poll_timeout(now);
                    assert_eq!(removed.is_some(), due.is_some_and(|due| due <= now));
                    self.remove_request(removed);
                }
            }
            Call::Sync(picks) => {
                let blocks = unweighed(|| edited(&self.requests, picks));
                self.wire.sync_requests(&blocks, now);
                unweighed(|| self.requests = blocks);
            }
            Call::SyncPeer(picks) => {
                if !self.is_closed {
                    let blocks = unweighed(|| {
                        let known: Vec<Block> = self.peer_requests.iter().map(|r| r.1).collect();
                        edited(&known, picks)
                            .into_iter()
                            .take(MAX_PEER_REQUESTS as usize)
                            .collect::<Vec<_>>()
                    });
                    self.wire.sync_peer_requests(&blocks, now);
                    self.resync_peer();
                    assert!(self.peer_requests.iter().map(|r| r.1).eq(blocks.iter().copied()));
                    unweighed(|| drop(blocks));
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
            Call::SetPiece(index, has) => {
                let index = u32::from(*index);
                wire.set_peer_piece(index, *has);
                let is_known = index < MAX_PIECES && !wire.peer_pieces().has_all();
                assert!(!is_known || wire.peer_pieces().has(index) == *has);
            }
            Call::SetAll(all) => wire.set_peer_has_all(*all),
            Call::SetPieces(bits) => wire.set_peer_pieces(bits),
            Call::SetAllowed(ours, theirs) => {
                let [ours, theirs] = unweighed(|| {
                    [ours, theirs].map(|set| set.iter().map(|&i| u32::from(i)).collect::<Vec<_>>())
                });
                wire.set_allowed_fast(&ours, &theirs);
                unweighed(|| drop((ours, theirs)));
            }
            Call::Speeds => {
                assert!(wire.download().rate(now) >= 0.0 && wire.upload().rate(now) >= 0.0);
            }
            Call::Discard => {
                self.taken += wire.unsent() as u64;
                wire.discard_output();
            }
            Call::Close => {
                wire.close();
                self.is_closed = true;
                unweighed(|| self.peer_requests.clear());
            }
            Call::Deliver(..)
            | Call::DeliverAll
            | Call::Hear(_)
            | Call::HearMessage(..)
            | Call::HearMany(..) => {}
        }
    }

    fn key(&self, at: u8) -> Option<u32> {
        let count = self.peer_requests.len().max(1);
        self.peer_requests.get(usize::from(at) % count).map(|&(key, _)| key)
    }

    fn resync_peer(&mut self) {
        unweighed(|| {
            let requests = self.wire.peer_requests();
            self.peer_requests = requests.keys().zip(requests.iter()).collect();
        });
    }

    fn take_segment(&mut self) -> Option<Vec<u8>> {
        let mut taken = None;
        weigh(&mut self.held, || {
            let segment = take_segment(&mut self.wire);
            taken = unweighed(|| segment.clone());
            drop(segment);
        });
        self.taken += taken.as_ref().map_or(0, |taken| taken.len() as u64);
        taken
    }

    fn check(&mut self) {
        let Self { wire, .. } = self;
        assert!(wire.requests().iter().eq(self.requests.iter().copied()));
        assert_eq!(wire.requests().len(), self.requests.len());
        assert_eq!(wire.requests().is_empty(), wire.requests().oldest_since().is_none());
        let peer = wire.peer_requests();
        assert!(peer.keys().zip(peer.iter()).eq(self.peer_requests.iter().copied()));
        let open = peer.len() + wire.waiting_requests();
        assert!(open <= 2 * MAX_PEER_REQUESTS as usize);
        if !self.is_closed {
            assert_eq!(wire.am_choking(), self.am_choking);
            assert_eq!(wire.am_interested(), self.am_interested);
        } else {
            assert_eq!((peer.len(), wire.waiting_requests()), (0, 0));
        }
        assert!(wire.peer_extensions().iter().count() <= Limits::EXTENDED_NAMES);
        assert!(wire.peer_extensions().iter().all(|(_, id)| id != 0));

        // Every byte that was sent waits or was taken.
        let unsent = wire.unsent() as u64;
        assert_eq!(wire.statistics().sent.bytes, self.taken + unsent);
        assert_eq!(unsent == 0, wire.output().next().is_none());
        if unsent == 0 {
            (self.provoked, self.own) = (0, 0);
        }
        // What the peer provoked is bounded, save for what the side's own calls let through.
        if self.own == 0 {
            assert!(self.provoked <= MAX_PROVOKED, "{} bytes provoked", self.provoked);
        }
        self.most_requests = self.most_requests.max(self.requests.len());
        let own = 4 * self.own + 256 * self.most_requests;
        assert!(self.held <= MAX_HELD + own as isize, "{} bytes held, {own} of our own", self.held);
    }
}

/// The list as its owner may have changed it: some entries, in another order, and new ones.
fn edited(list: &[Block], picks: &[u8]) -> Vec<Block> {
    picks
        .iter()
        .map(|&pick| list.get(usize::from(pick)).copied().unwrap_or_else(|| Name(pick).block()))
        .collect()
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
