//! Limits on how many bytes a second pass, as JavaScript makes and changes them.

use std::sync::Arc;

use napi_derive::napi;

use crate::transport::{Direction, RateLimit};

/// A limit for both directions, which any connections share.
#[napi]
pub struct NetRateLimit {
    pub(super) limit: Arc<RateLimit>,
}

#[napi]
impl NetRateLimit {
    /// What passes here passes at `parent` too.
    #[napi(constructor, catch_unwind)]
    pub fn new(parent: Option<&NetRateLimit>) -> Self {
        Self { limit: RateLimit::new(parent.map(|parent| parent.limit.clone())) }
    }

    /// Bytes a second from peers: at least 0, `Infinity` for no limit.
    #[napi(catch_unwind)]
    pub fn set_download(&self, rate: f64) {
        self.limit.set(Direction::Download, rate);
    }

    /// Bytes a second to peers, likewise.
    #[napi(catch_unwind)]
    pub fn set_upload(&self, rate: f64) {
        self.limit.set(Direction::Upload, rate);
    }
}
