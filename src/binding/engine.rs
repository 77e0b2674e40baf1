//! The engine as JavaScript opens it: once for each copy of the module.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use napi::bindgen_prelude::{External, Function, Object, PromiseRaw, Uint32Array, Unknown};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;

use super::bencode::{hex, set_key, to_js};
use super::callback;
use super::memory::Memory;
use crate::boundary::{Page, Wires};

use crate::wire::mse::{Ciphers, KeyAgreement, skey_hash};
use crate::wire::{Kind, Statistics, Traffic, allowed_fast_set};

/// HASH('req2', SKEY) of the 20 bytes of an info hash, in hexadecimal; empty for other lengths.
#[napi(catch_unwind)]
pub fn skey_hash_hex(info_hash: &[u8]) -> String {
    info_hash.try_into().map_or_else(|_| String::new(), |hash| hex(&skey_hash(hash)))
}

/// A violation of the protocol.
#[napi(object)]
pub struct ViolationReport {
    /// Its stable name.
    pub code: String,
    /// What happened, for people.
    pub message: String,
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
    /// The same by their names.
    #[napi(ts_type = "Record<string, number>")]
    pub by_message: HashMap<String, f64>,
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

/// The wires of one copy of the module, and the memory by which it drives them.
pub(super) struct Shared {
    pub(super) wires: Wires,
    memory: RefCell<Memory>,
}

impl Shared {
    /// Runs one call. No panic crosses, which would end the process: the wire that caused it is
    /// lost.
    pub(super) fn call(&self, run: impl FnOnce(&Wires, Page<'_>)) {
        let memory = self.memory.borrow();
        let page = memory.page();
        callback::guard(|| run(&self.wires, page), || self.wires.on_panic(page));
    }
}

/// All wires of one copy of the module.
#[napi]
pub struct Engine {
    shared: Rc<Shared>,
}

#[napi]
impl Engine {
    /// `page` is a fresh array of `PAGE_LENGTH` numbers and `states` one of `STATE_LENGTH` for each
    /// wire, neither of which anyone else may see.
    #[napi(constructor, catch_unwind)]
    pub fn new(page: Uint32Array, states: Uint32Array) -> Result<Self> {
        let memory = RefCell::new(Memory::new(page, states)?);
        Ok(Self { shared: Rc::new(Shared { wires: Wires::default(), memory }) })
    }

    /// Has the states go on in a longer array, which nobody else may see either.
    #[napi(catch_unwind)]
    pub fn grow_states(&self, states: Uint32Array) -> Result<()> {
        self.shared.memory.borrow_mut().grow(states)
    }

    /// A function that opens a wire with the limits in the run: the longest message, the most
    /// pieces, the most requests of the peer, the high-water mark and the bits of `OPEN_*`. It
    /// leaves its name in the page; an index of `NONE` says that the states have no room for it.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn open<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| shared.call(Wires::open))
    }

    /// A function that frees the state of the wire in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| shared.call(Wires::close))
    }

    /// A function that applies the next message of the wire in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn poll<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| shared.call(Wires::poll))
    }

    /// A function that runs the command in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn command<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| shared.call(Wires::command))
    }

    /// A function that runs the command in the page on bytes, and bytes to read from.
    #[napi(catch_unwind, ts_return_type = "(bytes: Uint8Array, source?: Uint8Array) => void")]
    pub fn transfer<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::with_bytes(env, &self.shared, |shared, bytes, source| {
            shared.call(|wires, page| wires.transfer(page, bytes, source));
        })
    }

    /// The violation that the last poll told of; `null` where the engine itself failed.
    #[napi(catch_unwind)]
    pub fn take_violation(&self) -> Option<ViolationReport> {
        let (code, message) = self.shared.wires.take_remains().violation?;
        Some(ViolationReport { code: code.to_owned(), message })
    }

    /// The extended handshake that the last poll told of: its `dictionary`, and the `changes` of the
    /// ids that the peer gave to its extensions, by name; 0 for those that it switched off.
    #[napi(
        catch_unwind,
        ts_return_type = "{ dictionary: Record<string, unknown>, changes: Record<string, number> }"
    )]
    pub fn take_extended_handshake<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let mut handshake = Object::new(env)?;
        let mut ids = Object::new(env)?;
        if let Some((dictionary, changes)) = self.shared.wires.take_remains().extended_handshake {
            handshake.set("dictionary", to_js(env, &dictionary)?)?;
            for change in changes {
                set_key(&mut ids, &change.name, u32::from(change.id))?;
            }
        }
        handshake.set("changes", ids)?;
        Ok(handshake)
    }

    /// The allowed-fast set of `k` pieces (BEP 6) for the peer of a wire, at an address; empty before
    /// its handshake, and where that is no address.
    #[napi(catch_unwind)]
    pub fn allowed_fast_set(
        &self,
        index: u32,
        generation: u32,
        address: String,
        pieces: u32,
        k: u32,
    ) -> Vec<u32> {
        let info_hash = self.shared.wires.info_hash(index, generation);
        match (info_hash, super::address::parse(&address)) {
            (Some(hash), Some(address)) => allowed_fast_set(address, &hash, pieces, k),
            _ => Vec::new(),
        }
    }

    /// What has passed on a wire; `null` if it is gone.
    #[napi(catch_unwind)]
    pub fn statistics(&self, index: u32, generation: u32) -> Option<StatisticsCount> {
        self.shared.wires.statistics(index, generation).map(StatisticsCount::from)
    }

    /// Runs the work of a wire's crypto handshake that waits on the thread pool; gives its result
    /// for `agreed`.
    #[napi(catch_unwind, ts_return_type = "Promise<unknown> | null")]
    pub fn agree<'env>(
        &self,
        env: &'env Env,
        index: u32,
        generation: u32,
    ) -> Result<Option<PromiseRaw<'env, External<KeyAgreement>>>> {
        let Some(job) = self.shared.wires.take_job(index, generation) else { return Ok(None) };
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
    #[napi(catch_unwind, ts_args_type = "index: number, generation: number, agreement: unknown")]
    pub fn agreed(&self, index: u32, generation: u32, agreement: &External<KeyAgreement>) {
        self.shared.wires.handle_key_agreement(index, generation, (**agreement).clone());
    }

    /// Takes the ciphers of the wire in the page, for a connection that is to run them from now on;
    /// `null` if it has none. What was sent before has to be taken as output first.
    #[napi(catch_unwind, ts_return_type = "unknown")]
    pub fn take_ciphers(&self) -> Option<External<MovedCiphers>> {
        let mut taken = None;
        self.shared.call(|wires, page| taken = wires.take_ciphers(page));
        Some(External::new(RefCell::new(Some(taken?))))
    }

    /// How many wires hold native memory: for tests.
    #[napi(getter)]
    pub fn wires(&self) -> u32 {
        self.shared.wires.count()
    }
}

/// The ciphers of a wire on their way to a connection, that may be taken once.
pub(super) type MovedCiphers = RefCell<Option<Box<Ciphers>>>;

impl From<Traffic> for TrafficCount {
    fn from(traffic: Traffic) -> Self {
        Self {
            bytes: traffic.bytes as f64,
            payload: traffic.payload as f64,
            messages: traffic.messages as f64,
            by_message: Kind::ALL
                .into_iter()
                .map(|kind| (name(kind), traffic.by_message.get(kind) as f64))
                .collect(),
        }
    }
}

/// The name of a kind of message in JavaScript.
fn name(kind: Kind) -> String {
    let mut name = format!("{kind:?}");
    name[..1].make_ascii_lowercase();
    name
}

impl From<Statistics> for StatisticsCount {
    fn from(statistics: Statistics) -> Self {
        Self {
            received: statistics.received.into(),
            sent: statistics.sent.into(),
            unsolicited_pieces: statistics.unsolicited_pieces as f64,
            unsolicited_bytes: statistics.unsolicited_bytes as f64,
            refused_requests: statistics.refused_requests as f64,
        }
    }
}
