//! The transport as JavaScript opens it: once for each copy of the module in each thread.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{BufferSlice, External, Function, Uint32Array, Unknown};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;
use slotmap::{DefaultKey, Key, KeyData, SlotMap};

use super::callback::{self, guard};
use super::engine::MovedCiphers;
use super::memory::Numbers;
use super::waker::Waker;
use crate::transport::utp::{BindOptions, Endpoint};
use crate::transport::{
    Connection, Fault, Inbox, ListenOptions, Listener, Origin, Runtime, Source,
};

/// How many 32-bit slots the page of the transport has.
#[napi]
pub const NET_PAGE_LENGTH: u32 = 16;
/// In and out: the index of the connection or listener that a call is about.
#[napi]
pub const NET_SLOT_INDEX: u32 = 0;
/// In and out: its generation.
#[napi]
pub const NET_SLOT_GENERATION: u32 = 1;
/// In: what to do, one of `NET_COMMAND_*`.
#[napi]
pub const NET_SLOT_COMMAND: u32 = 2;
/// In: the argument of the command.
#[napi]
pub const NET_SLOT_ARGUMENT: u32 = 3;
/// Out: of `next`, the events, 0 if nothing is left; of `take`, how many bytes were taken; of a
/// flush, how many wait.
#[napi]
pub const NET_SLOT_RESULT: u32 = 4;
/// Out: of `next`, how many bytes may be taken; of a flush, whether to stop until it has drained.
#[napi]
pub const NET_SLOT_AMOUNT: u32 = 5;

/// Has what was written leave.
#[napi]
pub const NET_COMMAND_FLUSH: u32 = 0;
/// Reads nothing more.
#[napi]
pub const NET_COMMAND_PAUSE: u32 = 1;
/// Reads on.
#[napi]
pub const NET_COMMAND_RESUME: u32 = 2;
/// Ends our side behind what was written.
#[napi]
pub const NET_COMMAND_END: u32 = 3;
/// Likewise, and drops what the peer still sends.
#[napi]
pub const NET_COMMAND_FINISH: u32 = 4;
/// Closes at once, a listener too.
#[napi]
pub const NET_COMMAND_DESTROY: u32 = 5;
/// Forgets a connection or listener.
#[napi]
pub const NET_COMMAND_RELEASE: u32 = 6;
/// Lets as many bytes be read and not taken as the argument says.
#[napi]
pub const NET_COMMAND_WINDOW: u32 = 7;
/// Sends small writes at once if the argument is not 0.
#[napi]
pub const NET_COMMAND_NO_DELAY: u32 = 8;
/// Asks the peer after so many idle seconds whether it is there; 0 for never.
#[napi]
pub const NET_COMMAND_KEEP_ALIVE: u32 = 9;
/// Closes at once, and has the peer see a reset.
#[napi]
pub const NET_COMMAND_RESET: u32 = 10;

/// Of a socket of uTP: accepts connections if the argument is not 0.
#[napi]
pub const NET_COMMAND_ACCEPTING: u32 = 11;
/// Of a socket of uTP: keeps packets that are none of uTP if the argument is not 0.
#[napi]
pub const NET_COMMAND_MESSAGES: u32 = 12;

/// Event: the connection is there. Several may come together, to be seen in this order.
#[napi]
pub const NET_EVENT_OPENED: u32 = 1;
/// Event: there are bytes to be taken; of a socket of uTP, packets that are none of uTP.
#[napi]
pub const NET_EVENT_BYTES: u32 = 2;
/// Event: more may be written.
#[napi]
pub const NET_EVENT_DRAINED: u32 = 4;
/// Event: the peer sends nothing after the bytes that are there.
#[napi]
pub const NET_EVENT_ENDED: u32 = 8;
/// Event: a fault ended it; of a listener: a connection could not be accepted.
#[napi]
pub const NET_EVENT_FAILED: u32 = 16;
/// Event: it is closed.
#[napi]
pub const NET_EVENT_CLOSED: u32 = 32;
/// Event: a listener has connections to be accepted.
#[napi]
pub const NET_EVENT_ACCEPTED: u32 = 64;

/// What went wrong with a socket.
#[napi(object)]
pub struct FaultReport {
    /// What was tried, as in `syscall` of Node's errors.
    pub syscall: String,
    /// Node's code, where it is the same on every system.
    pub code: Option<String>,
    /// The system's number.
    pub number: Option<i32>,
    /// What the system says.
    pub message: String,
}

impl From<Fault> for FaultReport {
    fn from(fault: Fault) -> Self {
        Self {
            syscall: fault.operation.name().to_owned(),
            code: fault.code.map(str::to_owned),
            number: fault.number,
            message: fault.message,
        }
    }
}

/// An address, and a port.
#[napi(object)]
pub struct AddressReport {
    /// Of IPv4 or IPv6.
    pub address: String,
    /// The port.
    pub port: u16,
}

impl From<SocketAddr> for AddressReport {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip().to_string(), port: address.port() }
    }
}

/// Both ends of a connection.
#[napi(object)]
pub struct EndpointsReport {
    /// The peer's.
    pub remote: AddressReport,
    /// Ours.
    pub local: AddressReport,
}

/// A packet that is none of uTP.
#[napi(object, object_from_js = false)]
pub struct MessageReport<'env> {
    /// Whose.
    pub from: AddressReport,
    /// What is in it.
    pub bytes: BufferSlice<'env>,
}

/// The connections and listeners of one copy of the module.
struct Shared {
    page: Numbers,
    sources: RefCell<SlotMap<DefaultKey, Source>>,
    inbox: Arc<Inbox>,
    waker: Arc<Waker>,
}

/// The transport of one copy of the module.
#[napi]
pub struct Network {
    shared: Rc<Shared>,
}

#[napi]
impl Network {
    /// `page` is a fresh array of `NET_PAGE_LENGTH` numbers that nobody else may see. `wake` is
    /// called when something is new.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, page: Uint32Array, wake: Function<'_, (), ()>) -> Result<Self> {
        if page.len() != NET_PAGE_LENGTH as usize {
            return Err(Error::new(Status::InvalidArg, "a page of another length"));
        }
        let runtime = Runtime::shared()
            .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))?;
        let waker = Arc::new(Waker::new(env, wake)?);
        let wake = waker.clone();
        let shared = Rc::new(Shared {
            page: Numbers::new(page),
            sources: RefCell::default(),
            inbox: Inbox::new(runtime, move || wake.wake()),
            waker,
        });
        env.add_env_cleanup_hook(Rc::downgrade(&shared), |shared| {
            if let Some(shared) = shared.upgrade() {
                shared.shut_down();
            }
        })?;
        Ok(Self { shared })
    }

    /// Whether what is open keeps the process alive.
    #[napi(catch_unwind)]
    pub fn keep_alive(&self, env: &Env, is_kept: bool) -> Result<()> {
        self.shared.waker.keep_alive(env, is_kept)
    }

    /// Connects to an address, from one of this machine if that is given. Leaves the name of the
    /// connection in the page.
    #[napi(catch_unwind)]
    pub fn connect(
        &self,
        address: String,
        port: u16,
        window: u32,
        local_address: Option<String>,
        local_port: Option<u16>,
    ) -> Result<()> {
        let remote = socket_address(&address, port)?;
        let local_port = local_port.unwrap_or(0);
        let local = match local_address {
            Some(address) => Some(socket_address(&address, local_port)?),
            None if local_port > 0 => Some(socket_address(any(remote), local_port)?),
            None => None,
        };
        self.open(Origin::Connect { remote, local }, window);
        Ok(())
    }

    /// Takes the next connection of the listener in the page, and leaves its name there; `null` if
    /// there is none.
    #[napi(catch_unwind)]
    pub fn accept(&self, window: u32) -> Option<AddressReport> {
        let accepted = match self.shared.named()? {
            Source::Listener(listener) => listener.accept()?,
            Source::Utp(endpoint) => endpoint.accept()?,
            Source::Connection(_) => return None,
        };
        self.open(Origin::Accepted(accepted.stream), window);
        Some(accepted.remote.into())
    }

    /// Listens at an address. Leaves the name of the listener in the page; gives what went wrong.
    #[napi(catch_unwind)]
    pub fn listen(
        &self,
        address: String,
        port: u16,
        backlog: i32,
        ipv6_only: bool,
    ) -> Result<Option<FaultReport>> {
        let address = socket_address(&address, port)?;
        let options = ListenOptions { address, backlog, ipv6_only };
        let bound = self
            .shared
            .add(|name| Listener::bind(&self.shared.inbox, name, options).map(Source::Listener));
        Ok(bound.err().map(FaultReport::from))
    }

    /// Opens a socket of uTP. Leaves its name in the page; gives what went wrong.
    #[napi(catch_unwind)]
    pub fn bind_utp(
        &self,
        address: String,
        port: u16,
        ipv6_only: bool,
    ) -> Result<Option<FaultReport>> {
        let options = BindOptions { address: socket_address(&address, port)?, ipv6_only };
        let inbox = &self.shared.inbox;
        let bound = self.shared.add(|name| Endpoint::bind(inbox, name, options).map(Source::Utp));
        Ok(bound.err().map(FaultReport::from))
    }

    /// Connects over the socket of uTP in the page. Leaves the name of the connection there.
    #[napi(catch_unwind)]
    pub fn connect_utp(&self, address: String, port: u16, window: u32) -> Result<()> {
        let remote = socket_address(&address, port)?;
        let Some(Source::Utp(endpoint)) = self.shared.named() else {
            return Err(Error::new(Status::InvalidArg, "no socket of uTP"));
        };
        self.open(Origin::Utp { endpoint, remote }, window);
        Ok(())
    }

    /// How much the system keeps of what comes to, or goes from, the socket of uTP in the page.
    /// Sets it before if `wanted` is not 0.
    #[napi(catch_unwind)]
    pub fn system_buffer(&self, is_sending: bool, wanted: u32) -> Result<u32> {
        let Some(Source::Utp(endpoint)) = self.shared.named() else { return Ok(0) };
        let length = endpoint.system_buffer(is_sending, wanted as usize);
        length
            .map(|length| length.min(u32::MAX as usize) as u32)
            .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
    }

    /// For how many routers packets live of the socket of uTP in the page.
    #[napi(catch_unwind)]
    pub fn set_ttl(&self, ttl: u32) -> Result<()> {
        let Some(Source::Utp(endpoint)) = self.shared.named() else { return Ok(()) };
        endpoint.set_ttl(ttl).map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
    }

    /// Sends a packet that is none of uTP from the socket of uTP in the page.
    #[napi(catch_unwind)]
    pub fn send_message(
        &self,
        bytes: &[u8],
        address: String,
        port: u16,
    ) -> Result<Option<FaultReport>> {
        let to = socket_address(&address, port)?;
        let Some(Source::Utp(endpoint)) = self.shared.named() else { return Ok(None) };
        Ok(endpoint.send_message(bytes, to).err().map(FaultReport::from))
    }

    /// The next packet that is none of uTP, of the socket of uTP in the page.
    #[napi(catch_unwind)]
    pub fn take_message<'env>(&self, env: &'env Env) -> Result<Option<MessageReport<'env>>> {
        let Some(Source::Utp(endpoint)) = self.shared.named() else { return Ok(None) };
        let Some((from, bytes)) = endpoint.take_message() else { return Ok(None) };
        let bytes = BufferSlice::copy_from(env, bytes)?;
        Ok(Some(MessageReport { from: from.into(), bytes }))
    }

    /// Where the listener in the page listens.
    #[napi(catch_unwind)]
    pub fn address(&self) -> Option<AddressReport> {
        match self.shared.named()? {
            Source::Listener(listener) => Some(listener.address().into()),
            Source::Utp(endpoint) => Some(endpoint.address().into()),
            Source::Connection(_) => None,
        }
    }

    /// Both ends of the connection in the page, once it is there.
    #[napi(catch_unwind)]
    pub fn endpoints(&self) -> Option<EndpointsReport> {
        let Source::Connection(connection) = self.shared.named()? else { return None };
        let endpoints = connection.endpoints()?;
        Some(EndpointsReport { remote: endpoints.remote.into(), local: endpoints.local.into() })
    }

    /// What went wrong with the connection or listener in the page.
    #[napi(catch_unwind)]
    pub fn take_fault(&self) -> Option<FaultReport> {
        let fault = match self.shared.named()? {
            Source::Connection(connection) => connection.take_fault(),
            Source::Listener(listener) => listener.take_fault(),
            Source::Utp(endpoint) => endpoint.take_fault(),
        };
        fault.map(FaultReport::from)
    }

    /// Has the connection in the page run the ciphers of a wire from now on.
    #[napi(catch_unwind, ts_args_type = "ciphers: unknown, window: number")]
    pub fn encrypt(&self, ciphers: &External<MovedCiphers>, window: u32) {
        if let Some(Source::Connection(connection)) = self.shared.named()
            && let Some(ciphers) = ciphers.take()
        {
            connection.encrypt(*ciphers, window as usize);
        }
    }

    /// A function that begins to tell what is new.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn begin<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| guard(|| shared.inbox.begin(), || {}))
    }

    /// A function that tells what is new of the next connection or listener.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn next<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| {
            guard(|| shared.next(), || shared.set(NET_SLOT_RESULT, 0));
        })
    }

    /// A function that fills bytes with what the connection in the page has read.
    #[napi(catch_unwind, ts_return_type = "(bytes: Uint8Array) => void")]
    pub fn take<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::with_bytes(env, &self.shared, |shared, bytes, _| {
            shared.set(NET_SLOT_RESULT, 0);
            guard(
                || {
                    shared.with(|connection| {
                        shared.set(NET_SLOT_RESULT, connection.take(bytes) as u32);
                    });
                },
                || {},
            );
        })
    }

    /// A function that adds bytes to what the connection in the page is to write.
    #[napi(catch_unwind, ts_return_type = "(bytes: Uint8Array) => void")]
    pub fn write<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::with_bytes(env, &self.shared, |shared, bytes, _| {
            guard(|| shared.with(|connection| connection.write(bytes)), || {});
        })
    }

    /// A function that runs the command in the page.
    #[napi(catch_unwind, ts_return_type = "() => void")]
    pub fn command<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Unknown<'env>>> {
        callback::plain(env, &self.shared, |shared| {
            shared.set(NET_SLOT_RESULT, 0);
            shared.set(NET_SLOT_AMOUNT, 0);
            guard(|| shared.command(), || {});
        })
    }

    /// How many connections and listeners there are: for tests.
    #[napi(getter)]
    pub fn sources(&self) -> u32 {
        self.shared.sources.borrow().len() as u32
    }

    fn open(&self, origin: Origin, window: u32) {
        let opened: std::result::Result<(), std::convert::Infallible> = self.shared.add(|name| {
            let inbox = &self.shared.inbox;
            Ok(Source::Connection(Connection::open(inbox, name, origin, window as usize)))
        });
        let Ok(()) = opened;
    }
}

impl Shared {
    fn get(&self, slot: u32) -> u32 {
        self.page.numbers()[slot as usize].get()
    }

    fn set(&self, slot: u32, value: u32) {
        self.page.numbers()[slot as usize].set(value);
    }

    /// Leaves a name in the page.
    fn name(&self, name: u64) {
        self.set(NET_SLOT_INDEX, name as u32);
        self.set(NET_SLOT_GENERATION, (name >> 32) as u32);
    }

    fn key(&self) -> DefaultKey {
        let generation = u64::from(self.get(NET_SLOT_GENERATION));
        KeyData::from_ffi(generation << 32 | u64::from(self.get(NET_SLOT_INDEX))).into()
    }

    /// What the page names.
    fn named(&self) -> Option<Source> {
        self.sources.borrow().get(self.key()).cloned()
    }

    /// Runs `action` on the connection that the page names, if that is there.
    fn with(&self, action: impl FnOnce(&Arc<Connection>)) {
        if let Some(Source::Connection(connection)) = self.sources.borrow().get(self.key()) {
            action(connection);
        }
    }

    /// Adds what `make` makes, and leaves its name in the page.
    fn add<E>(
        &self,
        make: impl FnOnce(u64) -> std::result::Result<Source, E>,
    ) -> std::result::Result<(), E> {
        let key = self.sources.borrow_mut().try_insert_with_key(|key| make(key.data().as_ffi()))?;
        self.name(key.data().as_ffi());
        Ok(())
    }

    fn next(&self) {
        match self.inbox.next() {
            Some(record) => {
                self.name(record.name);
                self.set(NET_SLOT_RESULT, record.events.bits());
                self.set(NET_SLOT_AMOUNT, record.available as u32);
            }
            None => self.set(NET_SLOT_RESULT, 0),
        }
    }

    fn command(&self) {
        let argument = self.get(NET_SLOT_ARGUMENT);
        match self.get(NET_SLOT_COMMAND) {
            NET_COMMAND_FLUSH => self.with(|connection| {
                let (queued, is_full) = connection.flush();
                self.set(NET_SLOT_RESULT, queued.min(u32::MAX as usize) as u32);
                self.set(NET_SLOT_AMOUNT, is_full.into());
            }),
            NET_COMMAND_PAUSE => self.with(|connection| connection.pause()),
            NET_COMMAND_RESUME => self.with(Connection::resume),
            NET_COMMAND_END => self.with(|connection| connection.end()),
            NET_COMMAND_FINISH => self.with(|connection| connection.finish()),
            NET_COMMAND_DESTROY => {
                if let Some(source) = self.named() {
                    source.destroy();
                }
            }
            NET_COMMAND_RELEASE => {
                let source = self.sources.borrow_mut().remove(self.key());
                if let Some(source) = source {
                    source.release();
                    source.destroy();
                }
            }
            NET_COMMAND_WINDOW => self.with(|connection| connection.set_window(argument as usize)),
            NET_COMMAND_NO_DELAY => self.with(|connection| connection.set_no_delay(argument != 0)),
            NET_COMMAND_RESET => self.with(|connection| connection.reset()),
            NET_COMMAND_KEEP_ALIVE => self.with(|connection| connection.set_keep_alive(argument)),
            NET_COMMAND_ACCEPTING => {
                self.with_utp(|endpoint| endpoint.set_accepting(argument != 0))
            }
            NET_COMMAND_MESSAGES => self.with_utp(|endpoint| endpoint.want_messages(argument != 0)),
            _ => {}
        }
    }

    fn with_utp(&self, action: impl FnOnce(&Arc<Endpoint>)) {
        if let Some(Source::Utp(endpoint)) = self.sources.borrow().get(self.key()) {
            action(endpoint);
        }
    }

    /// The environment ends: nothing is told any more, and everything closes.
    fn shut_down(&self) {
        self.waker.close();
        let sources = self.sources.take();
        for (_, source) in sources {
            source.release();
            source.destroy();
        }
        self.inbox.clear();
    }
}

impl Drop for Shared {
    /// Should it go before its environment does, nobody is to be woken for it.
    fn drop(&mut self) {
        self.shut_down();
    }
}

fn socket_address(address: &str, port: u16) -> Result<SocketAddr> {
    let address: IpAddr = address
        .parse()
        .map_err(|_| Error::new(Status::InvalidArg, format!("no IP address: {address}")))?;
    Ok(SocketAddr::new(address, port))
}

/// Any address of this machine, of the kind of `remote`.
fn any(remote: SocketAddr) -> &'static str {
    if remote.is_ipv4() { "0.0.0.0" } else { "::" }
}
