//! The page of numbers that JavaScript and Rust share.
//!
//! JavaScript allocates it, and this package never hands it to anyone, so that it is neither
//! detached nor resized. Both sides run on one thread, so that no access races.

use napi::bindgen_prelude::Uint32Array;
use napi::{Error, Result, Status};
use napi_derive::napi;

/// How many 32-bit slots a page has.
#[napi]
pub const PAGE_LENGTH: u32 = 104;

/// In: which wire a call is about.
#[napi]
pub const SLOT_WIRE: u32 = 0;
/// In: what to do.
#[napi]
pub const SLOT_COMMAND: u32 = 1;
/// In: the first argument.
#[napi]
pub const SLOT_A: u32 = 2;
/// In: the second argument.
#[napi]
pub const SLOT_B: u32 = 3;
/// In: the third argument.
#[napi]
pub const SLOT_C: u32 = 4;

/// Out: the kind of event, one of `EVENT_*`.
#[napi]
pub const SLOT_EVENT: u32 = 6;
/// Out: how a command went, one of `RESULT_*`.
#[napi]
pub const SLOT_RESULT: u32 = 7;
/// Out: a piece index; of an event without one, its number (port, id of an extension).
#[napi]
pub const SLOT_INDEX: u32 = 8;
/// Out: an offset in a piece, in bytes.
#[napi]
pub const SLOT_OFFSET: u32 = 9;
/// Out: the length of a block, payload or body, in bytes.
#[napi]
pub const SLOT_LENGTH: u32 = 10;
/// Out: where a payload begins in the chunk, in bytes; `NONE` if it was collected.
#[napi]
pub const SLOT_START: u32 = 11;
/// Out: the key of a request of the peer.
#[napi]
pub const SLOT_KEY: u32 = 12;
/// Out: where a request stood that has left its list; `NONE` if none has.
#[napi]
pub const SLOT_POSITION: u32 = 13;
/// Out: how many bytes of a chunk were framed.
#[napi]
pub const SLOT_CONSUMED: u32 = 14;
/// Out: how many bytes at the start of a chunk belong to the payload under collection.
#[napi]
pub const SLOT_HEAD: u32 = 15;
/// Out: where a payload that is to be collected begins in the chunk.
#[napi]
pub const SLOT_TAIL_START: u32 = 16;
/// Out: the whole length of that payload; 0 if there is none.
#[napi]
pub const SLOT_TAIL_LENGTH: u32 = 17;
/// Out: how many bytes of the payload under collection are still to come.
#[napi]
pub const SLOT_MISSING: u32 = 18;
/// Out: whether output waits.
#[napi]
pub const SLOT_HAS_OUTPUT: u32 = 19;
/// Out: how many requests of ours are open.
#[napi]
pub const SLOT_REQUESTS: u32 = 21;
/// Out: how many requests of the peer are open.
#[napi]
pub const SLOT_PEER_REQUESTS: u32 = 22;
/// Out: how many requests of the peer wait.
#[napi]
pub const SLOT_WAITING: u32 = 23;
/// Out: how many entries the run holds.
#[napi]
pub const SLOT_RUN_LENGTH: u32 = 24;
/// Out: how many bytes wait to be sent.
#[napi]
pub const SLOT_UNSENT: u32 = 25;
/// Out: how many payloads lie whole in the chunk.
#[napi]
pub const SLOT_PAYLOADS: u32 = 26;
/// Out: whether work of the crypto handshake waits for a thread.
#[napi]
pub const SLOT_HAS_JOB: u32 = 27;
/// Out: whether the crypto handshake goes on.
#[napi]
pub const SLOT_IS_NEGOTIATING: u32 = 36;
/// Out: whether blocks have to be given as bytes, to be encrypted or held back.
#[napi]
pub const SLOT_TAKES_BLOCKS: u32 = 37;

/// In, as a 64-bit float over two slots, counted in floats: the time, in milliseconds.
#[napi]
pub const FLOAT_NOW: u32 = 14;
/// Out, likewise: the speed of blocks from the peer, in bytes a second.
#[napi]
pub const FLOAT_DOWNLOAD: u32 = 15;
/// Out, likewise: the speed of blocks to the peer, in bytes a second.
#[napi]
pub const FLOAT_UPLOAD: u32 = 16;
/// Out, likewise: when the oldest request times out, in milliseconds; infinite if none does.
#[napi]
pub const FLOAT_TIMEOUT: u32 = 17;

/// Out: how many events of the crypto handshake wait.
#[napi]
pub const SLOT_EARLY_EVENTS: u32 = 38;

/// Out: the first entry of a run: of haves, or of segments of the output.
#[napi]
pub const SLOT_RUN: u32 = 40;
/// How many numbers a run holds at most.
#[napi]
pub const RUN_LENGTH: u32 = PAGE_LENGTH - SLOT_RUN;

/// Stands for no number.
#[napi]
pub const NONE: u32 = u32::MAX;

/// The command went as it should.
#[napi]
pub const RESULT_OK: u32 = 0;
/// The wire is closed.
#[napi]
pub const RESULT_CLOSED: u32 = 1;
/// The peer is choking.
#[napi]
pub const RESULT_CHOKED: u32 = 2;
/// The fast extension is off.
#[napi]
pub const RESULT_FAST_DISABLED: u32 = 3;
/// The request is open no more.
#[napi]
pub const RESULT_GONE: u32 = 4;
/// A defect of this package: the call panicked, and the wire is gone.
#[napi]
pub const RESULT_PANICKED: u32 = 5;

/// The page, from the Rust side.
pub(super) struct Page {
    slots: *mut u32,
    /// Keeps the memory.
    _array: Uint32Array,
}

impl Page {
    /// Takes a page that JavaScript allocated.
    pub(super) fn new(mut array: Uint32Array) -> Result<Self> {
        if array.len() != PAGE_LENGTH as usize {
            return Err(Error::new(Status::InvalidArg, "a page of another length"));
        }
        // SAFETY: `array` holds a reference to the memory, which this package neither detaches nor
        // resizes; JavaScript, its only other user, does not run while Rust does.
        let slots = unsafe { array.as_mut() }.as_mut_ptr();
        if !slots.cast::<f64>().is_aligned() {
            return Err(Error::new(Status::InvalidArg, "a page that is not aligned"));
        }
        Ok(Self { slots, _array: array })
    }

    pub(super) fn get(&self, slot: u32) -> u32 {
        debug_assert!(slot < PAGE_LENGTH);
        // SAFETY: the slot constants are below PAGE_LENGTH, and `new` checked the length.
        unsafe { self.slots.add(slot as usize).read() }
    }

    pub(super) fn set(&self, slot: u32, value: u32) {
        debug_assert!(slot < PAGE_LENGTH);
        // SAFETY: as in `get`.
        unsafe { self.slots.add(slot as usize).write(value) }
    }

    pub(super) fn float(&self, slot: u32) -> f64 {
        debug_assert!(slot * 2 + 1 < PAGE_LENGTH);
        // SAFETY: as in `get`, for two slots; `new` checked the alignment.
        unsafe { self.slots.cast::<f64>().add(slot as usize).read() }
    }

    pub(super) fn set_float(&self, slot: u32, value: f64) {
        debug_assert!(slot * 2 + 1 < PAGE_LENGTH);
        // SAFETY: as in `float`.
        unsafe { self.slots.cast::<f64>().add(slot as usize).write(value) }
    }

    /// The time that JavaScript wrote, in whole milliseconds.
    pub(super) fn now(&self) -> u64 {
        self.float(FLOAT_NOW) as u64
    }
}
