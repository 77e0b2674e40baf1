//! The boundary for Node.js: everything that knows napi, and the only `unsafe`.
//!
//! JavaScript makes one [`Engine`](engine::Engine) a copy of the module, and gives it the memory of
//! a [`Page`](crate::boundary::Page). Hot calls take no arguments and give no result: they find
//! both there. Rust never calls JavaScript and keeps no pointer to memory that a caller can see.

mod address;
mod bencode;
mod callback;
mod engine;
#[cfg(test)]
mod fake_node;
mod memory;
mod network;
mod rate_limit;
#[cfg(test)]
mod tests;
mod waker;

#[cfg(test)]
use fake_node as sys;
#[cfg(not(test))]
use napi::sys;
