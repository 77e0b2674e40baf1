//! The BitTorrent peer wire for Node.js.
//!
//! - [`wire`]: the engine. A sans-I/O state machine for one connection to one peer; its
//!   documentation says how to drive it.
//! - [`boundary`]: the engine for a caller in another language: wires by handle, commands and events
//!   as numbers in shared memory.
//! - `transport` (feature `transport`): sockets on threads of their own, for a caller on one thread.
//! - `binding` (feature `node`): the boundary for Node.js. What callers see is made of it in
//!   `lib/`.
//!
//! `docs/architecture.md` follows a message through all of them, and says who owns which state.

#![warn(missing_docs)]

// napi-derive registers nothing in a test's build, so that most of it looks unused there.
#[cfg_attr(test, allow(dead_code))]
#[cfg(feature = "node")]
mod binding;
pub mod boundary;
#[cfg(feature = "transport")]
#[forbid(unsafe_code)]
pub mod transport;
#[forbid(unsafe_code)]
pub mod wire;
