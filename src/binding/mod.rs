//! The engine for Node.js: everything that knows napi, and the only `unsafe`.
//!
//! JavaScript makes one [`Engine`](engine::Engine) a copy of the module, and gives it a page of
//! numbers that both sides see. Hot calls take no arguments and give no result: they find both in
//! the page (see [`page`]). Rust never calls JavaScript and keeps no pointer to memory that a
//! caller can see.

mod bencode;
mod callback;
mod codes;
mod engine;
mod page;
mod session;
mod wire;
