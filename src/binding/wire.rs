//! The calls on a wire that are not hot.

use std::rc::Rc;

use napi::bindgen_prelude::{External, PromiseRaw, Uint32Array};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;

use super::bencode::hex;
use super::engine::Engine;
use super::page::Page;
use super::session::{Session, Sessions};
use crate::wire::mse::{KeyAgreement, skey_hash};
use crate::wire::{Block, Traffic};

/// HASH('req2', SKEY) of the 20 bytes of an info hash, in hexadecimal; empty for other lengths.
#[napi(catch_unwind)]
pub fn skey_hash_hex(info_hash: &[u8]) -> String {
    info_hash.try_into().map_or_else(|_| String::new(), |hash| hex(&skey_hash(hash)))
}

/// One wire of an engine, by its number. It does not own the state: to own it, each wire would
/// need 300 bytes and a microsecond more than a `FinalizationRegistry` takes.
#[napi(js_name = "NativeWire")]
pub struct NativeWire {
    sessions: Rc<Sessions>,
    id: u32,
}

/// What passed in one direction.
#[napi(object)]
pub struct TrafficCount {
    /// All bytes.
    pub bytes: f64,
    /// The bytes of blocks alone.
    pub payload: f64,
    /// Messages, the handshake and keep-alives included.
    pub messages: f64,
}

/// What a wire has seen.
#[napi(object)]
pub struct StatisticsCount {
    /// From the peer.
    pub received: TrafficCount,
    /// To the peer.
    pub sent: TrafficCount,
    /// Pieces that nobody had asked for.
    pub unsolicited_pieces: f64,
    /// The bytes of their blocks.
    pub unsolicited_bytes: f64,
    /// Requests of the peer that were refused without a word of the caller.
    pub refused_requests: f64,
}

#[napi]
impl NativeWire {
    /// `id` is the number that opening the wire gave. One that is closed knows nothing.
    #[napi(constructor, catch_unwind)]
    pub fn new(engine: &Engine, id: u32) -> Self {
        Self { sessions: engine.sessions.clone(), id }
    }

    /// What has passed.
    #[napi(catch_unwind)]
    pub fn statistics(&self) -> Option<StatisticsCount> {
        let statistics = self.with(|session| *session.wire.statistics())?;
        Some(StatisticsCount {
            received: statistics.received.into(),
            sent: statistics.sent.into(),
            unsolicited_pieces: statistics.unsolicited_pieces as f64,
            unsolicited_bytes: statistics.unsolicited_bytes as f64,
            refused_requests: statistics.refused_requests as f64,
        })
    }

    /// Makes our open requests what the caller's list has become: piece, offset and length of
    /// each in turn.
    #[napi(catch_unwind)]
    pub fn sync_requests(&self, numbers: Uint32Array) {
        let now = self.page().now();
        self.with(|session| session.wire.sync_requests(&blocks(&numbers), now));
    }

    /// Makes the peer's open requests what the caller's list has become; gives the new keys.
    #[napi(catch_unwind)]
    pub fn sync_peer_requests(&self, numbers: Uint32Array) -> Vec<u32> {
        let now = self.page().now();
        self.with(|session| {
            session.wire.sync_peer_requests(&blocks(&numbers), now);
            session.wire.peer_requests().keys().collect()
        })
        .unwrap_or_default()
    }

    /// Makes the allowed-fast sets what the caller's lists have become.
    #[napi(catch_unwind)]
    pub fn sync_allowed_fast(&self, local: Uint32Array, peer: Uint32Array) {
        self.with(|session| session.wire.set_allowed_fast(&local, &peer));
    }

    /// Replaces what is known of the peer's pieces.
    #[napi(catch_unwind)]
    pub fn set_peer_pieces(&self, bits: &[u8]) {
        self.with(|session| session.wire.set_peer_pieces(bits));
    }

    /// Runs the work of the crypto handshake that waits on the thread pool; gives its result for
    /// `agreed`.
    #[napi(catch_unwind, ts_return_type = "Promise<unknown> | null")]
    pub fn agree<'env>(
        &self,
        env: &'env Env,
    ) -> Result<Option<PromiseRaw<'env, External<KeyAgreement>>>> {
        let Some(job) = self.with(|session| session.job.take()).flatten() else { return Ok(None) };
        let promise = env.spawn_future(async move {
            let mut failure = None;
            let agreement = job.run(&mut |bytes| {
                if let Err(error) = getrandom::fill(bytes) {
                    failure = Some(error);
                }
            });
            match failure {
                None => Ok(External::new(agreement)),
                Some(error) => Err(Error::new(Status::GenericFailure, error.to_string())),
            }
        })?;
        Ok(Some(promise))
    }

    /// Takes the result of `agree`; it comes too late where the wire was closed meanwhile.
    #[napi(catch_unwind, ts_args_type = "agreement: unknown")]
    pub fn agreed(&self, agreement: &External<KeyAgreement>) {
        self.with(|session| session.wire.handle_key_agreement((**agreement).clone()));
    }

    fn page(&self) -> &Page {
        &self.sessions.page
    }

    fn with<T>(&self, action: impl FnOnce(&mut Session) -> T) -> Option<T> {
        self.sessions.with(self.id, action)
    }
}

impl From<Traffic> for TrafficCount {
    fn from(traffic: Traffic) -> Self {
        Self {
            bytes: traffic.bytes as f64,
            payload: traffic.payload as f64,
            messages: traffic.messages as f64,
        }
    }
}

fn blocks(numbers: &[u32]) -> Vec<Block> {
    numbers
        .chunks_exact(3)
        .map(|block| Block { piece: block[0], offset: block[1], length: block[2] })
        .collect()
}
