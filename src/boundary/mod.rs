//! The engine as a caller in another language drives it: wires by handle, commands and events as
//! numbers. Nothing here knows napi, so that tests and fuzzers drive it as JavaScript does.
//!
//! Arguments and results travel in a [`Page`] that both sides see. A call reads its arguments and
//! leaves all of its results there, also when the wire is gone; the caller takes them before it
//! does anything else. A wire is named by an index and a generation: the name of one that is gone
//! never becomes another's.

#[forbid(unsafe_code)]
mod census;
pub mod codes;
#[forbid(unsafe_code)]
mod commands;
#[forbid(unsafe_code)]
mod events;
#[forbid(unsafe_code)]
mod page;
pub mod slots;
#[forbid(unsafe_code)]
mod wires;

pub use page::Page;
pub use wires::{Remains, Wires};
