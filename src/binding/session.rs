//! The wires of one copy of the module, and the hot calls on them. Arguments and results travel in
//! the page: the documentation of each command names its slots.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use slab::Slab;

use super::codes::*;
use super::page::*;
use crate::wire::mse::{KeyJob, Level, Options};
use crate::wire::{
    Block, Event, ExtensionChange, FastDisabled, Limits, Payload, PeerChoking, Removed, State, Wire,
};

/// How many segments a run holds at most.
const MAX_SEGMENTS: u32 = RUN_LENGTH / 2;

/// A wire, and its work for the thread pool.
pub(super) struct Session {
    pub(super) wire: Wire,
    /// Work of the crypto handshake that nobody has begun.
    pub(super) job: Option<Box<KeyJob>>,
}

/// What the last event of any wire left for the next call, like the page: JavaScript takes it
/// before it calls anything that may use another wire.
#[derive(Default)]
pub(super) struct Remains {
    body: Vec<u8>,
    /// What an extended handshake changed of the peer's ids.
    pub(super) extension_changes: Vec<ExtensionChange>,
    pub(super) violation: Option<(&'static str, String)>,
}

/// All wires of one copy of the module.
pub(super) struct Sessions {
    pub(super) page: Page,
    wires: RefCell<Slab<Box<Session>>>,
    pub(super) remains: RefCell<Remains>,
}

impl Sessions {
    pub(super) fn new(page: Page) -> Self {
        Self { page, wires: RefCell::new(Slab::new()), remains: RefCell::default() }
    }

    /// Adds a wire with the limits in the run; leaves its number in the page.
    pub(super) fn open(&self) {
        let page = &self.page;
        // Should this panic, no wire is to blame.
        page.set(SLOT_WIRE, NONE);
        let limits = Limits {
            max_message_length: page.get(SLOT_RUN),
            max_pieces: page.get(SLOT_RUN + 1),
            max_peer_requests: page.get(SLOT_RUN + 2),
            high_water_mark: page.get(SLOT_RUN + 3),
        };
        let encryption = page.get(SLOT_RUN + 4);
        let seed = RandomState::new().hash_one(0);
        let mut wire = Wire::new(limits, seed);
        if encryption & ENCRYPT != 0 {
            let level = match encryption & RC4_ONLY {
                0 => Level::PlaintextAllowed,
                _ => Level::Rc4Only,
            };
            let options = Options { level, require_encryption: encryption & REQUIRE != 0 };
            wire.encrypt(encryption & INITIATOR != 0, options, encryption & INITIAL_PAYLOAD != 0);
        }
        let session = Box::new(Session { wire, job: None });
        page.set(SLOT_WIRE, self.wires.borrow_mut().insert(session) as u32);
    }

    /// Frees the wire in the page.
    pub(super) fn close(&self) {
        let session = self.wires.borrow_mut().try_remove(self.page.get(SLOT_WIRE) as usize);
        drop(session);
    }

    /// How many wires there are.
    pub(super) fn count(&self) -> u32 {
        self.wires.borrow().len() as u32
    }

    /// Runs `action` on a wire; `None` if it is closed.
    pub(super) fn with<T>(&self, id: u32, action: impl FnOnce(&mut Session) -> T) -> Option<T> {
        self.wires.borrow_mut().get_mut(id as usize).map(|session| action(session))
    }

    /// Applies the next message.
    pub(super) fn poll(&self) {
        let page = &self.page;
        let found = self.with(page.get(SLOT_WIRE), |session| {
            let event = session.wire.poll_event(page.now());
            session.describe(page, &self.remains, event);
            session.summarize(page);
        });
        if found.is_none() {
            page.set(SLOT_EVENT, EVENT_NONE);
        }
    }

    /// Runs a command without bytes.
    pub(super) fn command(&self) {
        let page = &self.page;
        let found = self.with(page.get(SLOT_WIRE), |session| {
            page.set(SLOT_POSITION, NONE);
            let result = session.command(page, page.get(SLOT_COMMAND));
            page.set(SLOT_RESULT, result);
            session.summarize(page);
        });
        if found.is_none() {
            page.set(SLOT_RESULT, RESULT_CLOSED);
            page.set(SLOT_HAS_OUTPUT, 0);
        }
    }

    /// Runs a command with bytes.
    pub(super) fn transfer(&self, bytes: &mut [u8], source: &[u8]) {
        let page = &self.page;
        let found = self.with(page.get(SLOT_WIRE), |session| {
            page.set(SLOT_RESULT, RESULT_OK);
            session.transfer(page, &self.remains, bytes, source);
            session.summarize(page);
        });
        if found.is_none() {
            page.set(SLOT_RESULT, RESULT_CLOSED);
            page.set(SLOT_HAS_OUTPUT, 0);
        }
    }

    /// Ends the wire that a panic left in an unknown state.
    pub(super) fn on_panic(&self) {
        self.page.set(SLOT_RESULT, RESULT_PANICKED);
        self.page.set(SLOT_EVENT, EVENT_VIOLATION);
        self.page.set(SLOT_HAS_OUTPUT, 0);
        self.remains.take();
        self.close();
    }
}

impl Session {
    fn command(&mut self, page: &Page, command: u32) -> u32 {
        let wire = &mut self.wire;
        let a = page.get(SLOT_A);
        let block = || Block { piece: a, offset: page.get(SLOT_B), length: page.get(SLOT_C) };
        let now = page.now();
        match command {
            COMMAND_REQUEST => return choked(wire.request(block(), now)),
            COMMAND_ANSWER => return left(page, wire.answer(a, page.get(SLOT_B), now)),
            COMMAND_DECLINE => return left(page, wire.decline(a)),
            COMMAND_PIECE => position(page, wire.piece(block(), now)),
            COMMAND_HAVE => wire.have(a),
            COMMAND_CHOKE => wire.choke(),
            COMMAND_UNCHOKE => wire.unchoke(),
            COMMAND_INTERESTED => wire.interested(),
            COMMAND_NOT_INTERESTED => wire.not_interested(),
            COMMAND_CANCEL => position(page, wire.cancel(block())),
            COMMAND_PORT => wire.port(a as u16),
            COMMAND_SUGGEST => return fast(wire.suggest(a)),
            COMMAND_HAVE_ALL => return fast(wire.have_all()),
            COMMAND_HAVE_NONE => return fast(wire.have_none()),
            COMMAND_REJECT => {
                return fast(wire.reject(block()).map(|removed| position(page, removed)));
            }
            COMMAND_ALLOWED_FAST => return fast(wire.allow_fast(a)),
            COMMAND_KEEP_ALIVE => wire.keep_alive(),
            COMMAND_POP_REQUEST => position(page, wire.pop_request()),
            COMMAND_FORGET_REQUEST => position(page, wire.forget_request(block())),
            COMMAND_TAKE_TIMED_OUT => position(page, wire.poll_timeout(now)),
            COMMAND_SET_TIMEOUT => wire.set_request_timeout(u64::from(a)),
            COMMAND_NEXT_TIMEOUT => {
                let timeout = wire.next_timeout().map_or(f64::INFINITY, |at| at as f64);
                page.set_float(FLOAT_TIMEOUT, timeout);
            }
            COMMAND_SPEEDS => {
                page.set_float(FLOAT_DOWNLOAD, wire.download().rate(now));
                page.set_float(FLOAT_UPLOAD, wire.upload().rate(now));
            }
            COMMAND_COUNT => wire.count_external(u64::from(a), u64::from(page.get(SLOT_B)), now),
            COMMAND_SET_STATE => {
                let is_set = |bit: u32| a & bit != 0;
                wire.set_state(State {
                    am_choking: is_set(1),
                    am_interested: is_set(2),
                    peer_choking: is_set(4),
                    fast: is_set(8),
                });
            }
            COMMAND_SET_PEER_PIECE => wire.set_peer_piece(a, page.get(SLOT_B) != 0),
            COMMAND_SET_PEER_HAS_ALL => wire.set_peer_has_all(a != 0),
            COMMAND_OUTPUT => {
                let mut count = 0;
                for segment in wire.output().take(MAX_SEGMENTS as usize) {
                    page.set(SLOT_RUN + 2 * count, segment.bytes);
                    page.set(SLOT_RUN + 2 * count + 1, segment.block);
                    count += 1;
                }
                page.set(SLOT_RUN_LENGTH, count);
            }
            COMMAND_SET_UNDELIVERED => wire.set_undelivered(a as usize),
            COMMAND_RELEASE_PLAINTEXT => wire.release_plaintext(),
            COMMAND_CLOSE => wire.close(),
            _ => {}
        }
        RESULT_OK
    }

    fn transfer(
        &mut self,
        page: &Page,
        remains: &RefCell<Remains>,
        bytes: &mut [u8],
        source: &[u8],
    ) {
        let wire = &mut self.wire;
        let a = page.get(SLOT_A);
        match page.get(SLOT_COMMAND) {
            TRANSFER_RECEIVE => {
                if a > 0 {
                    wire.handle_collected(a);
                }
                let intake = wire.handle_chunk(bytes);
                page.set(SLOT_CONSUMED, intake.consumed as u32);
                page.set(SLOT_HEAD, intake.head as u32);
                page.set(SLOT_TAIL_START, intake.tail.map_or(0, |tail| tail.start as u32));
                page.set(SLOT_TAIL_LENGTH, intake.tail.map_or(0, |tail| tail.length));
                page.set(SLOT_MISSING, wire.missing());
                page.set(SLOT_PAYLOADS, intake.payloads as u32);
            }
            TRANSFER_OUTPUT => {
                wire.take_output(a as usize, bytes);
            }
            TRANSFER_BODY => {
                let body = std::mem::take(&mut remains.borrow_mut().body);
                if body.len() == bytes.len() {
                    bytes.copy_from_slice(&body);
                }
            }
            TRANSFER_HANDSHAKE => {
                let reserved = crate::wire::Reserved {
                    dht: a != 0,
                    fast: page.get(SLOT_B) != 0,
                    extended: page.get(SLOT_C) != 0,
                };
                if let Some((info_hash, rest)) = bytes.split_first_chunk::<20>()
                    && let Some(peer_id) = rest.first_chunk::<20>()
                {
                    wire.handshake(reserved, *info_hash, *peer_id);
                }
            }
            TRANSFER_BITFIELD => wire.bitfield(bytes),
            TRANSFER_PIECE => {
                position(page, wire.piece_bytes(a, page.get(SLOT_B), bytes, page.now()))
            }
            TRANSFER_ANSWER => {
                page.set(SLOT_RESULT, left(page, wire.answer_bytes(a, bytes, page.now())));
            }
            TRANSFER_NEGOTIATE => {
                let used = wire.handle_negotiation(bytes);
                page.set(SLOT_CONSUMED, used as u32);
            }
            TRANSFER_DECRYPT => wire.decrypt(source, bytes),
            TRANSFER_START_ENCRYPTION => {
                if let Some(info_hash) = bytes.first_chunk::<20>() {
                    wire.start_encryption(*info_hash);
                }
            }
            TRANSFER_SET_INFO_HASH => {
                if let Some(info_hash) = bytes.first_chunk::<20>() {
                    wire.set_info_hash(*info_hash);
                }
            }
            TRANSFER_EXTENDED => wire.extended(a as u8, bytes),
            _ => {}
        }
    }

    /// What JavaScript needs to know after every call.
    fn summarize(&mut self, page: &Page) {
        if self.wire.is_negotiating() {
            self.job = self.job.take().or_else(|| self.wire.poll_key_job().map(Box::new));
        }
        page.set(SLOT_HAS_JOB, self.job.is_some().into());
        page.set(SLOT_IS_NEGOTIATING, self.wire.is_negotiating().into());
        page.set(SLOT_EARLY_EVENTS, self.wire.early_events() as u32);
        page.set(SLOT_TAKES_BLOCKS, self.wire.takes_blocks().into());

        page.set(SLOT_HAS_OUTPUT, self.wire.output().next().is_some().into());
        page.set(SLOT_REQUESTS, self.wire.requests().len() as u32);
        page.set(SLOT_PEER_REQUESTS, self.wire.peer_requests().len() as u32);
        page.set(SLOT_WAITING, self.wire.waiting_requests() as u32);
        page.set(SLOT_UNSENT, self.wire.unsent() as u32);
    }

    fn describe(&mut self, page: &Page, remains: &RefCell<Remains>, event: Option<Event>) {
        use crate::wire::message::id;
        // The body stays here until JavaScript has made a buffer for it.
        let announce = |body: Vec<u8>, kind| {
            page.set(SLOT_LENGTH, body.len() as u32);
            remains.borrow_mut().body = body;
            kind
        };
        let kind = match event {
            None => EVENT_NONE,
            Some(Event::Piece { index, offset, payload: place, request }) => {
                page.set(SLOT_INDEX, index);
                page.set(SLOT_OFFSET, offset);
                payload(page, place);
                position(page, request);
                id::PIECE.into()
            }
            Some(Event::Have(index)) => {
                page.set(SLOT_RUN, index);
                let mut length = 1;
                while length < RUN_LENGTH
                    && let Some(index) = self.wire.poll_have()
                {
                    page.set(SLOT_RUN + length, index);
                    length += 1;
                }
                page.set(SLOT_RUN_LENGTH, length);
                id::HAVE.into()
            }
            Some(Event::Request { key, block }) => {
                page.set(SLOT_KEY, key);
                named(page, block, None);
                id::REQUEST.into()
            }
            Some(Event::Choke) => id::CHOKE.into(),
            Some(Event::Unchoke) => id::UNCHOKE.into(),
            Some(Event::Interested) => id::INTERESTED.into(),
            Some(Event::NotInterested) => id::NOT_INTERESTED.into(),
            Some(Event::Bitfield(bits)) => announce(bits, id::BITFIELD.into()),
            Some(Event::Cancel { block, request }) => {
                named(page, block, request);
                id::CANCEL.into()
            }
            Some(Event::Reject { block, request }) => {
                named(page, block, request);
                id::REJECT.into()
            }
            Some(Event::Port(port)) => numbered(page, port.into(), id::PORT),
            Some(Event::Suggest(index)) => numbered(page, index, id::SUGGEST),
            Some(Event::AllowedFast(index)) => numbered(page, index, id::ALLOWED_FAST),
            Some(Event::HaveAll) => id::HAVE_ALL.into(),
            Some(Event::HaveNone) => id::HAVE_NONE.into(),
            Some(Event::Extended { id, payload: place }) => {
                payload(page, place);
                numbered(page, id.into(), id::EXTENDED)
            }
            Some(Event::KeepAlive) => EVENT_KEEP_ALIVE,
            Some(Event::ExtendedHandshake { payload, changes }) => {
                remains.borrow_mut().extension_changes = changes;
                announce(payload, EVENT_EXTENDED_HANDSHAKE)
            }
            Some(Event::Unknown(bytes)) => announce(bytes, EVENT_UNKNOWN),
            Some(Event::Handshake(handshake)) => {
                let reserved = handshake.reserved;
                let bits = u32::from(reserved.dht)
                    | u32::from(reserved.fast) << 1
                    | u32::from(reserved.extended) << 2;
                page.set(SLOT_INDEX, bits);
                let bytes = [handshake.info_hash, handshake.peer_id].concat();
                announce(bytes, EVENT_HANDSHAKE)
            }
            Some(Event::CryptoInfoHash(hash)) => announce(hash.to_vec(), EVENT_CRYPTO_INFO_HASH),
            Some(Event::CryptoHandshake { method, received }) => {
                page.set(SLOT_INDEX, method.map_or(0, |method| method as u32));
                announce(received, EVENT_CRYPTO_HANDSHAKE)
            }
            Some(Event::Violation(violation)) => {
                remains.borrow_mut().violation = Some((violation.code(), violation.to_string()));
                EVENT_VIOLATION
            }
        };
        page.set(SLOT_EVENT, kind);
    }
}

fn payload(page: &Page, payload: Payload) {
    let (start, length) = match payload {
        Payload::Chunk { start, length } => (start, length),
        Payload::Collected { length } => (NONE, length),
    };
    page.set(SLOT_START, start);
    page.set(SLOT_LENGTH, length);
}

fn numbered(page: &Page, number: u32, id: u8) -> u32 {
    page.set(SLOT_INDEX, number);
    id.into()
}

fn named(page: &Page, block: Block, request: Option<Removed>) {
    page.set(SLOT_INDEX, block.piece);
    page.set(SLOT_OFFSET, block.offset);
    page.set(SLOT_LENGTH, block.length);
    position(page, request);
}

fn position(page: &Page, removed: Option<Removed>) {
    page.set(SLOT_POSITION, removed.map_or(NONE, |removed| removed.position));
}

fn left(page: &Page, removed: Option<Removed>) -> u32 {
    position(page, removed);
    if removed.is_some() { RESULT_OK } else { RESULT_GONE }
}

fn choked(result: Result<(), PeerChoking>) -> u32 {
    result.map_or(RESULT_CHOKED, |()| RESULT_OK)
}

fn fast(result: Result<(), FastDisabled>) -> u32 {
    result.map_or(RESULT_FAST_DISABLED, |()| RESULT_OK)
}
