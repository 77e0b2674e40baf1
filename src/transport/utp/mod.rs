//! uTP (BEP 29): streams of bytes over UDP that yield to other traffic.
//!
//! [`Session`](session::Session) is one connection without I/O, made of what is sent, what is
//! received, how long answers take and how much may be under way (LEDBAT, RFC 6817). An
//! [`Endpoint`] is a UDP socket with all of its connections, those that it accepted and those that
//! it opened; [`UtpStream`] is one of them for the transport.
//!
//! # Strangers
//!
//! Anyone can send a packet with any address in it. So a connection is accepted when its peer has
//! shown that it receives what we send, and few are kept until then; a reset counts if it names a
//! packet that we sent lately; an acknowledgement likewise. What belongs to no connection is
//! answered with a reset, but not without bound, and otherwise dropped.
//!
//! # Memory
//!
//! An idle connection has no buffers. At most 1 MiB is received and not read, or out of order, and
//! at most 1 MiB is under way, with 64 KiB that wait.

mod congestion;
mod driver;
mod endpoint;
#[cfg(fuzzing)]
pub mod fuzzing;
mod packet;
mod receiving;
mod round_trip;
mod sending;
mod session;
mod stream;
#[cfg(test)]
mod tests;

pub use endpoint::{BindOptions, Endpoint};
pub use stream::UtpStream;
