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
use crate::wire::mse::{Ciphers, KeyAgreement, KeyJob, Level, Options};
use crate::wire::{ExtensionChange, Limits, Statistics, Wire};

/// A wire, and its work for another thread.
pub(super) struct Session {
    pub(super) wire: Wire,
    /// When it was opened, in milliseconds.
    opened: u64,
    /// Work of the crypto handshake that nobody has begun.
    pub(super) job: Option<Box<KeyJob>>,
}

/// What an event has that fits no page. It belongs to the last poll, and is taken right after it.
#[derive(Default)]
pub struct Remains {
    pub(super) body: Vec<u8>,
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

    /// Takes the ciphers of the wire in the page: see [`Wire::take_ciphers`].
    pub fn take_ciphers(&self, page: Page<'_>) -> Option<Box<Ciphers>> {
        self.with(page, |session| session.wire.take_ciphers()).flatten()
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
