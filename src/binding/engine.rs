//! The engine as JavaScript opens it: once for each copy of the module.

use std::rc::Rc;

use napi::bindgen_prelude::{Function, Uint32Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::callback;
use super::page::Page;
use super::session::Sessions;

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

    /// How many wires hold native memory: for tests.
    #[napi(getter)]
    pub fn wires(&self) -> u32 {
        self.sessions.count()
    }
}
