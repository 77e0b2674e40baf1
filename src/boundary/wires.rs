//! All wires of one caller, and the calls on them.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use slotmap::{DefaultKey, Key, KeyData, SlotMap};

use super::census;
use super::codes::*;
use super::page::Page;
use super::slots::*;
use crate::wire::bencode::Value;
use crate::wire::mse::{KeyAgreement, KeyJob, Level, Options};
use crate::wire::{
    Block, Event, ExtendedHandshake, ExtensionChange, FastDisabled, HashRange, Limits, Payload,
    PeerChoking, Reserved, State, Statistics, Wire,
};

/// How many segments a run holds at most.
const MAX_SEGMENTS: u32 = RUN_LENGTH / 2;

/// A wire, and its work for another thread.
struct Session {
    wire: Wire,
    /// When it was opened, in milliseconds.
    opened: u64,
    /// Work of the crypto handshake that nobody has begun.
    job: Option<Box<KeyJob>>,
}

/// What an event has that fits no page. It belongs to the last poll, and is taken right after it.
#[derive(Default)]
pub struct Remains {
    body: Vec<u8>,
    /// The dictionary of an extended handshake, and what it changed of the peer's ids.
    pub extended_handshake: Option<(Value<'static>, Vec<ExtensionChange>)>,
    /// The code and the message of a violation.
    pub violation: Option<(&'static str, String)>,
}

/// All wires of one caller.
#[derive(Default)]
pub struct Wires {
    // Boxed: the slots of closed wires stay.
    sessions: RefCell<SlotMap<DefaultKey, Box<Session>>>,
    remains: RefCell<Remains>,
}

impl Wires {
    /// Adds a wire with the limits and the bits in the run: the longest message, the most pieces,
    /// the most requests of the peer, the high-water mark, and `OPEN_*`. Leaves its name in the
    /// page.
    pub fn open(&self, page: Page<'_>) {
        // Should this panic, no wire is to blame.
        page.set(SLOT_WIRE, NONE);
        let limits = Limits {
            max_message_length: page.get(SLOT_RUN),
            max_pieces: page.get(SLOT_RUN + 1),
            max_peer_requests: page.get(SLOT_RUN + 2),
            high_water_mark: page.get(SLOT_RUN + 3),
        };
        let bits = page.get(SLOT_RUN + 4);
        let seed = RandomState::new().hash_one(0);
        let mut wire = Wire::new(limits, seed);
        if bits & OPEN_ENCRYPT != 0 {
            let level = match bits & OPEN_RC4_ONLY {
                0 => Level::PlaintextAllowed,
                _ => Level::Rc4Only,
            };
            let options = Options { level, require_encryption: bits & OPEN_REQUIRE != 0 };
            wire.encrypt(bits & OPEN_INITIATOR != 0, options, bits & OPEN_INITIAL_PAYLOAD != 0);
        }
        let session = Box::new(Session { wire, opened: page.now(), job: None });
        let state = session.state();
        let mut sessions = self.sessions.borrow_mut();
        let key = sessions.insert(session);
        let (index, generation) = name(key);
        if page.has_room(index) {
            page.set_state(index, generation, state);
            page.set(SLOT_WIRE, index);
            page.set(SLOT_GENERATION, generation);
        } else {
            sessions.remove(key);
        }
    }

    /// Frees the wire in the page.
    pub fn close(&self, page: Page<'_>) {
        let key = named(page);
        let session = self.sessions.borrow_mut().remove(key);
        if session.is_some() {
            page.set_state(page.get(SLOT_WIRE), 0, 0);
        }
        drop(session);
    }

    /// How many wires there are.
    pub fn count(&self) -> u32 {
        self.sessions.borrow().len() as u32
    }

    /// Applies the next message of the wire in the page.
    pub fn poll(&self, page: Page<'_>) {
        let polled = self.with(page, |session| {
            let event = session.wire.poll_event(page.now());
            session.describe(page, &mut self.remains.borrow_mut(), event)
        });
        page.set(SLOT_RESULT, polled.unwrap_or(EVENT_GONE));
        if polled.is_none() {
            clear(page);
        }
    }

    /// Runs the command in the page.
    pub fn command(&self, page: Page<'_>) {
        let result = self.with(page, |session| session.command(page));
        finish(page, result);
    }

    /// Runs the command in the page on bytes, and bytes to read from.
    pub fn transfer(&self, page: Page<'_>, bytes: &mut [u8], source: &[u8]) {
        if page.get(SLOT_COMMAND) == TRANSFER_BODY {
            // It belongs to the last poll, whichever wire that was about.
            let body = std::mem::take(&mut self.remains.borrow_mut().body);
            let length = body.len().min(bytes.len());
            bytes[..length].copy_from_slice(&body[..length]);
            bytes[length..].fill(0);
            page.set(SLOT_RESULT, RESULT_DONE);
            return;
        }
        if page.get(SLOT_COMMAND) == TRANSFER_CENSUS {
            page.set_number(0, self.census(bytes, page.now()));
            page.set(SLOT_RESULT, RESULT_DONE);
            return;
        }
        let result = self.with(page, |session| session.transfer(page, bytes, source));
        finish(page, result);
    }

    /// Takes what the last event left.
    pub fn take_remains(&self) -> Remains {
        self.remains.take()
    }

    /// What a wire has seen.
    pub fn statistics(&self, index: u32, generation: u32) -> Option<Statistics> {
        let sessions = self.sessions.borrow();
        Some(sessions.get(key(index, generation))?.wire.statistics().clone())
    }

    /// The info hash that the peer's handshake named, once it came.
    pub fn info_hash(&self, index: u32, generation: u32) -> Option<[u8; 20]> {
        let sessions = self.sessions.borrow();
        Some(sessions.get(key(index, generation))?.wire.peer_handshake()?.info_hash)
    }

    /// Takes the work of a wire's crypto handshake that waits for a thread.
    pub fn take_job(&self, index: u32, generation: u32) -> Option<Box<KeyJob>> {
        self.sessions.borrow_mut().get_mut(key(index, generation))?.job.take()
    }

    /// Takes the result of such work; it comes too late where the wire was closed meanwhile.
    pub fn handle_key_agreement(&self, index: u32, generation: u32, agreement: KeyAgreement) {
        if let Some(session) = self.sessions.borrow_mut().get_mut(key(index, generation)) {
            session.wire.handle_key_agreement(agreement);
        }
    }

    /// Ends the wire that a panic left in an unknown state: whoever names it is told that it is
    /// gone.
    pub fn on_panic(&self, page: Page<'_>) {
        self.remains.take();
        self.close(page);
        clear(page);
        page.set(SLOT_RESULT, RESULT_GONE);
    }

    /// Fills the bytes with a row for each wire; gives how many.
    fn census(&self, bytes: &mut [u8], now: u64) -> u32 {
        let mut sessions = self.sessions.borrow_mut();
        let entries = sessions.iter_mut().map(|(key, session)| census::Entry {
            index: name(key).0,
            state: session.state(),
            age: now.saturating_sub(session.opened),
            wire: &mut session.wire,
        });
        census::write(entries, bytes, now)
    }

    /// Runs `action` on the wire in the page; `None` if it is gone.
    fn with<T>(&self, page: Page<'_>, action: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let mut sessions = self.sessions.borrow_mut();
        let session = sessions.get_mut(named(page))?;
        let result = action(session);
        page.set_state(page.get(SLOT_WIRE), page.get(SLOT_GENERATION), session.state());
        Some(result)
    }
}

impl Session {
    fn command(&mut self, page: Page<'_>) -> u32 {
        let wire = &mut self.wire;
        let a = page.argument(0);
        let b = page.argument(1);
        let block = || Block { piece: a, offset: b, length: page.argument(2) };
        let now = page.now();
        if wire.is_closed() && matches!(page.get(SLOT_COMMAND), COMMAND_REQUEST | COMMAND_PIECE) {
            return RESULT_GONE;
        }
        match page.get(SLOT_COMMAND) {
            COMMAND_KEEP_ALIVE => wire.keep_alive(),
            COMMAND_UNCHOKE => wire.unchoke(),
            COMMAND_INTERESTED => wire.interested(),
            COMMAND_NOT_INTERESTED => wire.not_interested(),
            COMMAND_HAVE => wire.have(a),
            COMMAND_REQUEST => match wire.request(block(), page.argument(3) != 0, now) {
                Ok(key) => page.set_number(0, key),
                Err(PeerChoking) => return RESULT_CHOKED,
            },
            COMMAND_PIECE => give_key(page, wire.piece(block(), now)),
            COMMAND_CANCEL => give_key(page, wire.cancel(block())),
            COMMAND_PORT => wire.port(a as u16),
            COMMAND_SUGGEST => return fast(wire.suggest(a)),
            COMMAND_HAVE_ALL => return fast(wire.have_all()),
            COMMAND_HAVE_NONE => return fast(wire.have_none()),
            COMMAND_REJECT => {
                return fast(wire.reject(block()).map(|key| give_key(page, key)));
            }
            COMMAND_ALLOWED_FAST => return fast(wire.allow_fast(a)),
            COMMAND_ANSWER => return open(wire.answer(a, b, now).is_some()),
            COMMAND_DECLINE => return open(wire.decline(a)),
            COMMAND_FORGET_PEER_REQUEST => return open(wire.forget_peer_request(a)),
            COMMAND_ADMIT => give_key(page, wire.admit(block(), now)),
            COMMAND_REFUSE => wire.refuse(block()),
            COMMAND_FORGET_REQUEST => return open(wire.forget_request(a)),
            COMMAND_TAKE_TIMED_OUT => give_key(page, wire.poll_timeout(now)),
            COMMAND_SET_TIMEOUT => wire.set_request_timeout(u64::from(a)),
            COMMAND_NEXT_TIMEOUT => {
                page.set_float(0, wire.next_timeout().map_or(f64::INFINITY, |at| at as f64));
            }
            COMMAND_SPEEDS => {
                wire.count_external(u64::from(a), u64::from(b), now);
                page.set_float(0, wire.download().rate(now));
                page.set_float(1, wire.upload().rate(now));
            }
            COMMAND_SET_STATE => {
                let is_set = |bit: u32| a & bit != 0;
                wire.set_state(State {
                    am_choking: is_set(STATE_AM_CHOKING),
                    am_interested: is_set(STATE_AM_INTERESTED),
                    peer_choking: is_set(STATE_PEER_CHOKING),
                    fast: is_set(STATE_FAST),
                });
                wire.set_peer_interested(is_set(STATE_PEER_INTERESTED));
            }
            COMMAND_OUTPUT => {
                let mut count = 0;
                for segment in wire.output().take(MAX_SEGMENTS as usize) {
                    page.set(SLOT_RUN + 2 * count, segment.bytes);
                    page.set(SLOT_RUN + 2 * count + 1, segment.block);
                    count += 1;
                }
                page.set_number(0, count);
            }
            COMMAND_SET_UNDELIVERED => {
                wire.set_undelivered(a as usize, now);
                page.set_number(0, (!wire.is_paused()).into());
            }
            COMMAND_RELEASE_PLAINTEXT => wire.release_plaintext(),
            COMMAND_CLOSE => wire.close(),
            COMMAND_RELIEVE => wire.relieve(),
            _ => {}
        }
        RESULT_DONE
    }

    fn transfer(&mut self, page: Page<'_>, bytes: &mut [u8], source: &[u8]) -> u32 {
        let wire = &mut self.wire;
        let a = page.argument(0);
        match page.get(SLOT_COMMAND) {
            TRANSFER_RECEIVE => {
                if a > 0 {
                    wire.handle_collected(a);
                }
                let intake = wire.handle_chunk(bytes);
                page.set_number(0, intake.consumed as u32);
                page.set_number(1, intake.head as u32);
                page.set_number(2, intake.tail.map_or(0, |tail| tail.start as u32));
                page.set_number(3, intake.tail.map_or(0, |tail| tail.length));
            }
            TRANSFER_OUTPUT => {
                let is_taken = wire.take_output(a as usize, bytes);
                return if is_taken { RESULT_DONE } else { RESULT_GONE };
            }
            TRANSFER_HANDSHAKE => {
                let reserved = Reserved {
                    dht: a & RESERVED_DHT != 0,
                    fast: a & RESERVED_FAST != 0,
                    extended: a & RESERVED_EXTENDED != 0,
                    v2: a & RESERVED_V2 != 0,
                };
                if let Some((info_hash, rest)) = bytes.split_first_chunk::<20>()
                    && let Some(peer_id) = rest.first_chunk::<20>()
                {
                    wire.handshake(reserved, *info_hash, *peer_id);
                }
            }
            TRANSFER_CHOKE => {
                let (pieces, _) = bytes.as_chunks::<4>();
                let pieces: Vec<u32> =
                    pieces.iter().map(|piece| u32::from_ne_bytes(*piece)).collect();
                wire.choke(&pieces);
            }
            TRANSFER_BITFIELD => wire.bitfield(bytes),
            TRANSFER_PIECE => {
                give_key(page, wire.piece_bytes(a, page.argument(1), bytes, page.now()));
            }
            TRANSFER_ANSWER => return open(wire.answer_bytes(a, bytes, page.now()).is_some()),
            TRANSFER_EXTENDED => wire.extended(a as u8, bytes),
            TRANSFER_HASH_REQUEST => wire.hash_request(range(page, bytes)),
            TRANSFER_HASHES => wire.hashes(range(page, source), bytes),
            TRANSFER_HASH_REJECT => wire.hash_reject(range(page, bytes)),
            TRANSFER_NEGOTIATE => {
                let used = wire.handle_negotiation(bytes);
                page.set_number(0, used as u32);
                self.give_negotiation(page);
            }
            TRANSFER_DECRYPT => wire.decrypt(source, bytes),
            TRANSFER_START_ENCRYPTION => {
                if let Some(info_hash) = bytes.first_chunk::<20>() {
                    wire.start_encryption(*info_hash);
                }
                page.set_number(0, 0);
                self.give_negotiation(page);
            }
            TRANSFER_SET_INFO_HASH => {
                if let Some(info_hash) = bytes.first_chunk::<20>() {
                    wire.set_info_hash(*info_hash);
                }
                page.set_number(0, 0);
                self.give_negotiation(page);
            }
            _ => {}
        }
        RESULT_DONE
    }

    /// What every input of the crypto handshake gives besides the bytes that it used.
    fn give_negotiation(&mut self, page: Page<'_>) {
        self.job = self.job.take().or_else(|| self.wire.poll_key_job().map(Box::new));
        page.set_number(1, self.job.is_some().into());
        page.set_number(2, self.wire.early_events() as u32);
    }

    fn describe(&mut self, page: Page<'_>, remains: &mut Remains, event: Option<Event>) -> u32 {
        let numbers = |numbers: &[u32]| {
            for (which, &number) in numbers.iter().enumerate() {
                page.set_number(which as u32, number);
            }
        };
        let block = |block: Block, key: Option<u32>| {
            numbers(&[block.piece, block.offset, block.length, key.unwrap_or(NONE)]);
        };
        // Behind the length of the body.
        let hashes = |range: &HashRange| {
            numbers(&[0, range.base_layer, range.index, range.length, range.proof_layers]);
        };
        // The body stays here until the caller has made a buffer for it.
        let mut announce = |body: Vec<u8>| {
            page.set_number(0, body.len() as u32);
            remains.body = body;
        };
        let Some(event) = event else {
            let is_paused = self.wire.is_paused();
            numbers(&[
                self.wire.output().next().is_some().into(),
                is_paused.into(),
                (self.wire.waiting_requests() > 0).into(),
            ]);
            return EVENT_NONE;
        };
        match event {
            Event::Piece { index, offset, payload, key } => {
                let (start, length) = place(payload);
                let has_more = self.wire.requests().has(Block { piece: index, offset, length });
                let key = key.unwrap_or(NONE);
                numbers(&[index, offset, length, key, has_more.into(), start]);
                EVENT_PIECE
            }
            Event::Have(index) => {
                page.set(SLOT_RUN, index);
                let mut length = 1;
                while length < RUN_LENGTH
                    && let Some(index) = self.wire.poll_have()
                {
                    page.set(SLOT_RUN + length, index);
                    length += 1;
                }
                numbers(&[length]);
                EVENT_HAVE
            }
            Event::Request { key, block: asked } => {
                block(asked, Some(key));
                EVENT_REQUEST
            }
            Event::RequestWhileChoking(asked) => {
                block(asked, None);
                EVENT_REQUEST_WHILE_CHOKING
            }
            Event::Cancel { block: taken_back, key } => {
                block(taken_back, key);
                EVENT_CANCEL
            }
            Event::Reject { block: rejected, key } => {
                block(rejected, key);
                page.set_number(4, self.wire.requests().has(rejected).into());
                EVENT_REJECT
            }
            Event::KeepAlive => EVENT_KEEP_ALIVE,
            Event::Choke => EVENT_CHOKE,
            Event::Unchoke => EVENT_UNCHOKE,
            Event::Interested => EVENT_INTERESTED,
            Event::NotInterested => EVENT_NOT_INTERESTED,
            Event::HaveAll => EVENT_HAVE_ALL,
            Event::HaveNone => EVENT_HAVE_NONE,
            Event::Port(port) => {
                numbers(&[port.into()]);
                EVENT_PORT
            }
            Event::Suggest(index) => {
                numbers(&[index]);
                EVENT_SUGGEST
            }
            Event::AllowedFast(index) => {
                numbers(&[index]);
                EVENT_ALLOWED_FAST
            }
            Event::Extended { id, payload } => {
                let (start, length) = place(payload);
                numbers(&[id.into(), length, start]);
                EVENT_EXTENDED
            }
            Event::HashRequest(range) => {
                hashes(&range);
                announce(range.pieces_root.to_vec());
                EVENT_HASH_REQUEST
            }
            Event::Hashes { range, payload } => {
                hashes(&range);
                let (start, length) = place(payload);
                page.set_number(5, length);
                page.set_number(6, start);
                announce(range.pieces_root.to_vec());
                EVENT_HASHES
            }
            Event::HashReject(range) => {
                hashes(&range);
                announce(range.pieces_root.to_vec());
                EVENT_HASH_REJECT
            }
            Event::Bitfield(bits) => {
                announce(bits);
                EVENT_BITFIELD
            }
            Event::ExtendedHandshake(handshake) => {
                let ExtendedHandshake { payload, dictionary, changes } = *handshake;
                announce(payload);
                remains.extended_handshake = Some((dictionary, changes));
                EVENT_EXTENDED_HANDSHAKE
            }
            Event::Unknown(bytes) => {
                announce(bytes);
                EVENT_UNKNOWN
            }
            Event::Handshake(handshake) => {
                announce([handshake.info_hash, handshake.peer_id].concat());
                let bit = |is_on: bool, bit: u32| if is_on { bit } else { 0 };
                let reserved = handshake.reserved;
                page.set_number(
                    1,
                    bit(reserved.dht, RESERVED_DHT)
                        | bit(reserved.fast, RESERVED_FAST)
                        | bit(reserved.extended, RESERVED_EXTENDED)
                        | bit(reserved.v2, RESERVED_V2),
                );
                EVENT_HANDSHAKE
            }
            Event::CryptoInfoHash(hash) => {
                announce(hash.to_vec());
                EVENT_CRYPTO_INFO_HASH
            }
            Event::CryptoHandshake { method, received } => {
                announce(received);
                page.set_number(1, method.map_or(0, |method| method as u32));
                EVENT_CRYPTO_HANDSHAKE
            }
            Event::Violation(violation) => {
                remains.violation = Some((violation.code(), violation.to_string()));
                EVENT_VIOLATION
            }
        }
    }

    fn state(&self) -> u32 {
        let state = self.wire.state();
        let bit = |is_on: bool, bit: u32| if is_on { bit } else { 0 };
        bit(state.am_choking, STATE_AM_CHOKING)
            | bit(state.am_interested, STATE_AM_INTERESTED)
            | bit(state.peer_choking, STATE_PEER_CHOKING)
            | bit(self.wire.peer_interested(), STATE_PEER_INTERESTED)
            | bit(state.fast, STATE_FAST)
            | bit(self.wire.takes_blocks(), STATE_TAKES_BLOCKS)
            | bit(self.wire.is_encrypted(), STATE_ENCRYPTED)
            | bit(self.wire.is_negotiating(), STATE_NEGOTIATING)
    }
}

/// The key of the wire that the page names.
fn named(page: Page<'_>) -> DefaultKey {
    key(page.get(SLOT_WIRE), page.get(SLOT_GENERATION))
}

fn key(index: u32, generation: u32) -> DefaultKey {
    KeyData::from_ffi(u64::from(generation) << 32 | u64::from(index)).into()
}

/// The index and the generation of a key.
fn name(key: DefaultKey) -> (u32, u32) {
    let bits = key.data().as_ffi();
    (bits as u32, (bits >> 32) as u32)
}

/// Leaves the result of a call; of a wire that is gone, numbers of nothing.
fn finish(page: Page<'_>, result: Option<u32>) {
    page.set(SLOT_RESULT, result.unwrap_or(RESULT_GONE));
    if result.is_none() {
        clear(page);
    }
}

fn clear(page: Page<'_>) {
    for which in 0..NUMBERS {
        page.set_number(which, 0);
    }
    page.set_float(0, 0.0);
    page.set_float(1, 0.0);
}

/// How many numbers a result has at most.
const NUMBERS: u32 = 8;

/// Where a payload begins, and how long it is.
fn place(payload: Payload) -> (u32, u32) {
    match payload {
        Payload::Chunk { start, length } => (start, length),
        Payload::Collected { length } => (NONE, length),
    }
}

/// The range of hashes that the arguments and the bytes of a pieces root name.
fn range(page: Page<'_>, pieces_root: &[u8]) -> HashRange {
    HashRange {
        pieces_root: pieces_root.first_chunk().copied().unwrap_or_default(),
        base_layer: page.argument(0),
        index: page.argument(1),
        length: page.argument(2),
        proof_layers: page.argument(3),
    }
}

fn give_key(page: Page<'_>, key: Option<u32>) {
    page.set_number(0, key.unwrap_or(NONE));
}

fn open(is_open: bool) -> u32 {
    if is_open { RESULT_DONE } else { RESULT_NOT_OPEN }
}

fn fast(result: Result<(), FastDisabled>) -> u32 {
    result.map_or(RESULT_FAST_DISABLED, |()| RESULT_DONE)
}
