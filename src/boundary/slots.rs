//! Where the two sides find a call's arguments and results, and the state of each wire.

#[cfg(feature = "node")]
use napi_derive::napi;

/// How many 32-bit slots a page has.
#[cfg_attr(feature = "node", napi)]
pub const PAGE_LENGTH: u32 = 96;

/// In and out: the index of the wire that a call is about; `NONE` out of `open` where the states
/// have no room for it.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_WIRE: u32 = 0;
/// In and out: its generation.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_GENERATION: u32 = 1;
/// In: what to do, one of `COMMAND_*` or `TRANSFER_*`.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_COMMAND: u32 = 2;
/// In: the first argument; three more follow.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_ARGUMENTS: u32 = 3;

/// Out: how a call went, one of `RESULT_*`; of a poll the kind of event, one of `EVENT_*`.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_RESULT: u32 = 8;
/// Out: the first number of the result; more follow.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_NUMBERS: u32 = 9;

/// In, as a 64-bit float over two slots, counted in floats: the time, in milliseconds.
#[cfg_attr(feature = "node", napi)]
pub const FLOAT_NOW: u32 = 10;
/// Out, likewise: the first number that needs more than 32 bits; another one follows.
#[cfg_attr(feature = "node", napi)]
pub const FLOAT_NUMBERS: u32 = 11;

/// Out: the first entry of a run: of haves, or of segments of the output.
#[cfg_attr(feature = "node", napi)]
pub const SLOT_RUN: u32 = 32;
/// How many numbers a run holds at most.
#[cfg_attr(feature = "node", napi)]
pub const RUN_LENGTH: u32 = PAGE_LENGTH - SLOT_RUN;

/// Stands for no number.
#[cfg_attr(feature = "node", napi)]
pub const NONE: u32 = u32::MAX;

/// How many numbers each wire has among the states: its generation, then its bits.
#[cfg_attr(feature = "node", napi)]
pub const STATE_LENGTH: u32 = 2;

/// How many floats a row of a census has for each wire. They are: its index, its bits, its age in
/// milliseconds, both speeds (down, up), our open requests, the peer's, those that wait, the bytes
/// that are unsent; pieces that nobody asked for, their bytes, refused requests; bytes, payload and
/// messages received, then sent; whether the peer's handshake came; the counts; the name.
#[cfg_attr(feature = "node", napi)]
pub const CENSUS_LENGTH: u32 = 68;
/// Where in a row the counts begin: of each kind of message received, then of each sent.
#[cfg_attr(feature = "node", napi)]
pub const CENSUS_COUNTS: u32 = 19;
/// Where in a row 20 bytes of info hash and 20 of peer id begin.
#[cfg_attr(feature = "node", napi)]
pub const CENSUS_NAME: u32 = 63;
