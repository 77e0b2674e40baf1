//! Byte streams on threads of their own, for a caller that has one thread and little time.
//!
//! Nothing here knows napi or BitTorrent, but for the stream cipher that runs where the bytes are.
//!
//! # How to drive it
//!
//! An [`Inbox`] belongs to one caller. [`Connection::connect`] and [`Listener::bind`] begin
//! something, under a name of the caller's choice; from then on the inbox calls its waker when
//! there is something new, once for all of them. The caller then runs, on its own thread:
//!
//! 1. [`Inbox::begin`], then [`Inbox::next`] until it gives `None`: each [`Record`] says what is new
//!    of one connection or listener, in the order of [`Events`]: opened, bytes, drained, ended,
//!    failed, closed. Then [`Inbox::rest`]: it is not woken before, and comes again by itself where
//!    something is new already, after others had their turn.
//! 2. Bytes that a record tells of with [`Connection::take`], into memory of its own. What is taken
//!    is given back as credit within the call: a connection reads on while less than its window is
//!    read and not taken.
//! 3. [`Connection::write`], which copies, and after all that leaves together [`Connection::flush`].
//!    It tells how much waits; [`Events::DRAINED`] says that much of it has left.
//! 4. [`Connection::end`], [`Connection::finish`] or [`Connection::destroy`].
//!
//! No memory of the caller's is looked at after the call that it was given to.
//!
//! # What it costs
//!
//! Memory is taken from one pool of the process when there are bytes to be read, and goes back
//! when they are taken: a connection that is idle has none. At most the window is read and not
//! taken. What is written is bounded by the caller, who stops where [`Connection::flush`] says
//! that enough waits.

mod connection;
mod error;
mod events;
mod inbound;
mod inbox;
#[cfg(all(test, transport_loom))]
mod interleavings;
mod listener;
mod outbound;
mod pool;
mod rate;
mod runtime;
mod socks;
mod stream;
mod sync;
mod task;
#[cfg(all(test, not(transport_loom)))]
mod tests;
pub mod utp;

pub use connection::{Connection, Endpoints, Origin};
pub use error::{Fault, Operation};
pub use events::Events;
pub use inbox::{Inbox, Record, Source};
pub use listener::{Accepted, ListenOptions, Listener};
pub use rate::{Direction, RateLimit};
pub use runtime::Runtime;
pub use socks::Proxied;
pub use stream::Stream;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing is left half done where one of our locks is held, so that a panic does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
