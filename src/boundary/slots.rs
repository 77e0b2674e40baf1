//! Where the two sides find a call's arguments and results, and the state of each wire.

#[cfg(feature = "node")]
use napi_derive::napi;

use super::codes::shared;

shared! {
    "How many 32-bit slots a page has."
    PAGE_LENGTH = 96;
    "In and out: the index of the wire that a call is about; `NONE` out of `open` where the states"
    "have no room for it."
    SLOT_WIRE = 0;
    "In and out: its generation."
    SLOT_GENERATION = 1;
    "In: what to do, one of `COMMAND_*` or `TRANSFER_*`."
    SLOT_COMMAND = 2;
    "In: the first argument; three more follow."
    SLOT_ARGUMENTS = 3;
    "Out: how a call went, one of `RESULT_*`; of a poll the kind of event, one of `EVENT_*`."
    SLOT_RESULT = 8;
    "Out: the first number of the result; more follow."
    SLOT_NUMBERS = 9;
    "In, as a 64-bit float over two slots, counted in floats: the time, in milliseconds."
    FLOAT_NOW = 10;
    "Out, likewise: the first number that needs more than 32 bits; another one follows."
    FLOAT_NUMBERS = 11;
    "Out: the first entry of a run: of haves, or of segments of the output."
    SLOT_RUN = 32;
    "How many numbers a run holds at most."
    RUN_LENGTH = PAGE_LENGTH - SLOT_RUN;
    "Stands for no number."
    NONE = u32::MAX;
    "How many numbers each wire has among the states: its generation, then its bits."
    STATE_LENGTH = 2;
    "How many floats a row of a census has for each wire. They are: its index, its bits, its age in"
    "milliseconds, both speeds (down, up), our open requests, the peer's, those that wait, the bytes"
    "that are unsent; pieces that nobody asked for, their bytes, refused requests; bytes, payload and"
    "messages received, then sent; whether the peer's handshake came; the counts; the name."
    CENSUS_LENGTH = 68;
    "Where in a row the counts begin: of each kind of message received, then of each sent."
    CENSUS_COUNTS = 19;
    "Where in a row 20 bytes of info hash and 20 of peer id begin."
    CENSUS_NAME = 63;
}
