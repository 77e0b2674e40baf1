//! The engine as JavaScript opens it: once for each copy of the module.

use std::rc::Rc;

use napi::bindgen_prelude::{Function, Object, Uint32Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::bencode::set_key;
use super::callback;
use super::page::Page;
use super::session::Sessions;

/// A violation of the protocol.
#[napi(object)]
pub struct ViolationReport {
    /// Its stable name.
    pub code: String,
    /// What happened, for people.
    pub message: String,
}

/// All wires of one copy of the module, and the page that it shares with them.
#[napi]
pub struct Engine {
    pub(super) sessions: Rc<Sessions>,
}

#[napi]
impl Engine {
    /// `page` is a fresh array of `PAGE_LENGTH` numbers that nobody else may see.
    #[napi(constructor, catch_unwind)]
    pub fn new(page: Uint32Array) -> Result<Self> {
        Ok(Self { sessions: Rc::new(Sessions::new(Page::new(page)?)) })
    }

    /// A function that opens a wire with the limits in the run: the longest message, the most
    /// pieces, the most requests of the peer, the high-water mark and the bits for the crypto
    /// handshake. It leaves its number in `SLOT_WIRE`.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn open<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.sessions, Sessions::open)
    }

    /// A function that frees the state of the wire in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.sessions, Sessions::close)
    }

    /// A function that applies the next message of the wire in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn poll<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.sessions, Sessions::poll)
    }

    /// A function that runs the command in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn command<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.sessions, Sessions::command)
    }

    /// A function that runs the command in the page on bytes, and bytes to read from.
    #[napi(catch_unwind, ts_return_type = "(bytes: Uint8Array, source?: Uint8Array) => void")]
    pub fn transfer<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::with_bytes(env, &self.sessions, Sessions::transfer)
    }

    /// The violation that the last event told of.
    #[napi(catch_unwind)]
    pub fn violation(&self) -> Option<ViolationReport> {
        let (code, message) = self.sessions.remains.borrow_mut().violation.take()?;
        Some(ViolationReport { code: code.to_owned(), message })
    }

    /// What the last extended handshake changed of the ids that the peer gave to its extensions, by
    /// name; 0 for those that it switched off.
    #[napi(catch_unwind)]
    pub fn take_extension_changes<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let changes = std::mem::take(&mut self.sessions.remains.borrow_mut().extension_changes);
        let mut object = Object::new(env)?;
        for change in changes {
            set_key(&mut object, &change.name, u32::from(change.id))?;
        }
        Ok(object)
    }

    /// How many wires hold native memory: for tests.
    #[napi(getter)]
    pub fn wires(&self) -> u32 {
        self.sessions.count()
    }
}
