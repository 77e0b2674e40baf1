//! The native half of a wire: it owns the state, so that collecting it frees the state, and
//! carries the calls that are not hot.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::rc::Rc;

use napi::bindgen_prelude::{External, Object, PromiseRaw, Uint32Array};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;

use super::bencode::{hex, set_key};
use super::engine::Engine;
use super::page::Page;
use super::session::{Session, Sessions};
use crate::wire::mse::{KeyAgreement, Level, Options, skey_hash};
use crate::wire::{Block, Limits, Traffic, Wire};

/// In the bits that open a wire: the crypto handshake comes first.
#[napi]
pub const ENCRYPT: u32 = 1;
/// Likewise: we open the connection.
#[napi]
pub const INITIATOR: u32 = 2;
/// Likewise: plaintext is not offered and not selected.
#[napi]
pub const RC4_ONLY: u32 = 4;
/// Likewise: a plaintext handshake is a violation.
#[napi]
pub const REQUIRE: u32 = 8;
/// Likewise: our handshake may travel in step 3.
#[napi]
pub const INITIAL_PAYLOAD: u32 = 16;

/// HASH('req2', SKEY) of the 20 bytes of an info hash, in hexadecimal; empty for other lengths.
#[napi(catch_unwind)]
pub fn skey_hash_hex(info_hash: &[u8]) -> String {
    info_hash.try_into().map_or_else(|_| String::new(), |hash| hex(&skey_hash(hash)))
}

/// The state of one wire.
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

/// A violation of the protocol.
#[napi(object)]
pub struct ViolationReport {
    /// Its stable name.
    pub code: String,
    /// What happened, for people.
    pub message: String,
}

#[napi]
impl NativeWire {
    /// Opens a wire with its limits.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        engine: &Engine,
        max_message_length: u32,
        max_pieces: u32,
        max_peer_requests: u32,
        high_water_mark: u32,
        encryption: u32,
    ) -> Self {
        let limits = Limits { max_message_length, max_pieces, max_peer_requests, high_water_mark };
        let seed = RandomState::new().hash_one(0);
        let mut wire = Wire::new(limits, seed);
        if encryption & ENCRYPT != 0 {
            let level = match encryption & RC4_ONLY {
                0 => Level::PlaintextAllowed,
                _ => Level::Rc4Only,
            };
            let options = Options { level, require_encryption: encryption & REQUIRE != 0 };
            wire.encrypt(encryption & INITIATOR != 0, options, encryption & INITIAL_PAYLOAD != 0);
        }
        let id = engine.sessions.open(wire);
        Self { sessions: engine.sessions.clone(), id }
    }

    /// The number of the wire, for the page.
    #[napi(getter)]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The violation that ended the wire.
    #[napi(catch_unwind)]
    pub fn violation(&self) -> Option<ViolationReport> {
        let (code, message) = self.sessions.remains.borrow_mut().violation.take()?;
        Some(ViolationReport { code: code.to_owned(), message })
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

    /// Frees the state before the object is collected.
    #[napi(catch_unwind)]
    pub fn free(&mut self) {
        self.sessions.close(std::mem::replace(&mut self.id, u32::MAX));
    }

    fn page(&self) -> &Page {
        &self.sessions.page
    }

    fn with<T>(&self, action: impl FnOnce(&mut Session) -> T) -> Option<T> {
        self.sessions.with(self.id, action)
    }
}

impl Drop for NativeWire {
    fn drop(&mut self) {
        self.sessions.close(self.id);
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
