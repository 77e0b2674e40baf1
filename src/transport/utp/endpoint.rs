//! A UDP socket, and the connections over it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::driver;
use super::packet::Header;
use super::session::{Phase, Session};
use super::stream::UtpStream;
use crate::transport::error::{Fault, Operation};
use crate::transport::inbox::{Inbox, Post, Source};
use crate::transport::listener::Accepted;
use crate::transport::stream::Stream;
use crate::transport::{Events, lock};

/// What a packet carries, so that it passes as one piece: 1232 bytes of UDP, which are 1280 of IPv6,
/// the least that its ways take. Tunnels over IPv4 have that too, and what is too large for one is
/// lost for ever where nobody tells of it: packets have numbers, and are not cut when they are sent
/// again.
pub(super) const PACKET: usize = 1212;

/// How many connections may be accepted whose peer has not shown that it hears us.
const MAX_HALF_OPEN: usize = 128;

/// How many accepted connections wait for the caller.
const MAX_WAITING: usize = 128;

/// How many bytes of packets wait that are of no connection; others are dropped.
const MAX_MESSAGES: usize = 256 * 1024;

/// What the system is asked to keep of what comes and goes, in bytes; it may grant less.
const SYSTEM_BUFFER: usize = 1 << 20;

/// How to open a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindOptions {
    /// Where; port 0 for any that is free.
    pub address: SocketAddr,
    /// With an address of IPv6: no IPv4.
    pub ipv6_only: bool,
}

/// What a connection is found by: its peer, and the name that the peer's packets bear.
pub(super) type Key = (SocketAddr, u16);

/// A UDP socket for any number of connections.
pub struct Endpoint {
    post: Post,
    socket: RwLock<Option<Arc<UdpSocket>>>,
    local: SocketAddr,
    started: Instant,
    pub(super) entries: Mutex<HashMap<Key, Arc<Entry>>>,
    pub(super) timers: Mutex<BTreeSet<(u64, Key)>>,
    /// Those with packets that the system did not take.
    pub(super) blocked: Mutex<Vec<Arc<Entry>>>,
    waiting: Mutex<VecDeque<Accepted>>,
    /// Packets of no connection, where somebody wants them.
    messages: Mutex<Messages>,
    half_open: AtomicUsize,
    /// Connections that somebody holds.
    pub(super) attached: AtomicUsize,
    is_accepting: AtomicBool,
    pub(super) is_closing: AtomicBool,
    /// The driver has to look: at the timers, at what is blocked, whether to close.
    pub(super) alarm: Notify,
    fault: Mutex<Option<Fault>>,
}

#[derive(Default)]
struct Messages {
    are_wanted: bool,
    queue: VecDeque<(SocketAddr, Vec<u8>)>,
    length: usize,
}

/// One connection.
pub(super) struct Entry {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) remote: SocketAddr,
    key: Key,
    state: Mutex<State>,
    /// Also told when it is connected.
    pub(super) readable: Notify,
    pub(super) writable: Notify,
}

/// What changes of a connection.
pub(super) struct State {
    pub(super) session: Session,
    /// Why it could not be sent to.
    send_error: Option<i32>,
    /// Its entry in the timers.
    pub(super) timer: Option<u64>,
    pub(super) has_reader: bool,
    pub(super) has_writer: bool,
    /// It is among those that the driver comes to.
    pub(super) is_touched: bool,
    pub(super) is_blocked: bool,
    is_half_open: bool,
    is_connecting: bool,
    pub(super) resets_on_close: bool,
}

impl Endpoint {
    /// Opens a socket; it accepts nothing until [`Endpoint::set_accepting`].
    pub fn bind(inbox: &Arc<Inbox>, name: u64, options: BindOptions) -> Result<Arc<Self>, Fault> {
        let fault = |error: io::Error| Fault::new(Operation::Bind, &error);
        let handle = inbox.runtime().handle().clone();
        let _guard = handle.enter();
        let (socket, local) = open(options).map_err(fault)?;
        let this = Arc::new(Self {
            post: Post::new(inbox.clone(), name),
            socket: RwLock::new(Some(Arc::new(socket))),
            local,
            started: Instant::now(),
            entries: Mutex::default(),
            timers: Mutex::default(),
            blocked: Mutex::default(),
            waiting: Mutex::default(),
            messages: Mutex::default(),
            half_open: AtomicUsize::new(0),
            attached: AtomicUsize::new(0),
            is_accepting: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            alarm: Notify::new(),
            fault: Mutex::default(),
        });
        handle.spawn(driver::run(driver::Closing::new(this.clone())));
        Ok(this)
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.local
    }

    /// Whether connections of others are accepted.
    pub fn set_accepting(&self, is_accepting: bool) {
        self.is_accepting.store(is_accepting, Ordering::Relaxed);
    }

    /// The next connection that was accepted.
    pub fn accept(&self) -> Option<Accepted> {
        lock(&self.waiting).pop_front()
    }

    /// Begins a connection.
    pub fn connect(self: &Arc<Self>, remote: SocketAddr) -> io::Result<UtpStream> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(ErrorKind::NotConnected.into());
        }
        let now = self.now();
        let remote = canonical(remote);
        let [id, sequence] = random()?;
        let mut entries = lock(&self.entries);
        let free = (0..=u16::MAX).map(|step| id.wrapping_add(step));
        let id = free.into_iter().find(|&id| !entries.contains_key(&(remote, id)));
        let Some(id) = id else { return Err(ErrorKind::AddrNotAvailable.into()) };
        let session = Session::connect(now, id, sequence, PACKET);
        let entry = Entry::new(self, (remote, id), session);
        entries.insert(entry.key, entry.clone());
        drop(entries);
        let stream = UtpStream::new(entry.clone());
        entry.settle(entry.lock());
        Ok(stream)
    }

    /// How much the system keeps of what comes, or of what goes, in bytes. Sets it before if
    /// `wanted` is not 0.
    pub fn system_buffer(&self, is_sending: bool, wanted: usize) -> io::Result<usize> {
        let Some(socket) = self.socket() else { return Ok(0) };
        let socket = SockRef::from(&*socket);
        if wanted > 0 {
            if is_sending {
                socket.set_send_buffer_size(wanted)?;
            } else {
                socket.set_recv_buffer_size(wanted)?;
            }
        }
        if is_sending { socket.send_buffer_size() } else { socket.recv_buffer_size() }
    }

    /// For how many routers a packet lives.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        let Some(socket) = self.socket() else { return Ok(()) };
        let socket = SockRef::from(&*socket);
        if self.local.is_ipv4() {
            return socket.set_ttl_v4(ttl);
        }
        socket.set_unicast_hops_v6(ttl)
    }

    /// Whether what comes and is no packet of uTP is kept for [`Endpoint::take_message`].
    pub fn want_messages(&self, are_wanted: bool) {
        lock(&self.messages).are_wanted = are_wanted;
    }

    /// The next packet that is none of uTP. [`Events::BYTES`] tells of them.
    pub fn take_message(&self) -> Option<(SocketAddr, Vec<u8>)> {
        let mut messages = lock(&self.messages);
        let (from, bytes) = messages.queue.pop_front()?;
        messages.length -= bytes.len();
        Some((from, bytes))
    }

    /// Sends a packet of the caller's own; it may get lost.
    pub fn send_message(&self, bytes: &[u8], to: SocketAddr) -> Result<(), Fault> {
        let fault = |error| Fault::new(Operation::Write, &error);
        let Some(socket) = self.socket() else {
            return Err(fault(ErrorKind::NotConnected.into()));
        };
        // Of a socket that is new, tokio does not know yet that it may be written to.
        SockRef::from(&*socket).send_to(bytes, &self.mapped(to).into()).map(|_| ()).map_err(fault)
    }

    /// Accepts nothing any more, and closes when its connections have ended.
    pub fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        self.set_accepting(false);
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        drop(waiting);
        self.alarm.notify_one();
    }

    /// What went wrong with the socket.
    pub fn take_fault(&self) -> Option<Fault> {
        lock(&self.fault).take()
    }

    pub(in crate::transport) fn post(&self) -> &Post {
        &self.post
    }

    //
    // FOR ITS CONNECTIONS AND ITS DRIVER
    //

    pub(super) fn tell(self: &Arc<Self>, events: Events) {
        self.post.tell(events, || Source::Utp(self.clone()));
    }

    pub(super) fn fail(self: &Arc<Self>, error: &io::Error) {
        *lock(&self.fault) = Some(Fault::new(Operation::Read, error));
        self.tell(Events::FAILED);
    }

    /// Microseconds of its own clock.
    pub(super) fn now(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    pub(super) fn socket(&self) -> Option<Arc<UdpSocket>> {
        self.socket.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the socket back to the system, as soon as nobody sends.
    pub(super) fn drop_socket(&self) {
        *self.socket.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn attach(&self) {
        self.attached.fetch_add(1, Ordering::SeqCst);
    }

    /// Somebody holds a connection no more.
    pub(super) fn release(&self) {
        let was_last = self.attached.fetch_sub(1, Ordering::SeqCst) == 1;
        if was_last && self.is_closing.load(Ordering::SeqCst) {
            self.alarm.notify_one();
        }
    }

    pub(super) fn on_message(self: &Arc<Self>, bytes: &[u8], from: SocketAddr) {
        let mut messages = lock(&self.messages);
        // Each costs more than its bytes.
        let length = messages.length + bytes.len() + 64 * messages.queue.len();
        if messages.are_wanted && length <= MAX_MESSAGES {
            messages.length += bytes.len();
            messages.queue.push_back((from, bytes.to_vec()));
            drop(messages);
            self.tell(Events::BYTES);
        }
    }

    /// How many connections take memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        lock(&self.entries).len()
    }

    /// Sends a packet of no connection.
    pub(super) fn send(&self, bytes: &[u8], to: SocketAddr) {
        if let Some(socket) = self.socket() {
            // What does not leave is a packet lost.
            let _ = socket.try_send_to(bytes, self.mapped(to));
        }
    }

    /// Answers a SYN of a connection that is new, if one may be.
    pub(super) fn on_syn(self: &Arc<Self>, key: Key, syn: &Header) -> Option<Arc<Entry>> {
        let is_full = self.half_open.load(Ordering::Relaxed) >= MAX_HALF_OPEN
            || lock(&self.waiting).len() >= MAX_WAITING;
        if is_full || !self.is_accepting.load(Ordering::Relaxed) {
            return None;
        }
        let [sequence, _] = random().ok()?;
        let session = Session::accept(self.now(), syn, sequence, PACKET);
        let entry = Entry::new(self, key, session);
        self.half_open.fetch_add(1, Ordering::Relaxed);
        lock(&self.entries).insert(key, entry.clone());
        Some(entry)
    }

    fn on_accepted(self: &Arc<Self>, entry: &Arc<Entry>) {
        let stream = UtpStream::new(entry.clone());
        // One that is not taken ends here.
        if !self.is_accepting.load(Ordering::Relaxed) {
            return;
        }
        let accepted = Accepted { stream: Stream::Utp(stream), remote: entry.remote };
        lock(&self.waiting).push_back(accepted);
        self.tell(Events::ACCEPTED);
    }

    /// An address as the socket takes it.
    fn mapped(&self, address: SocketAddr) -> SocketAddr {
        match (self.local, address) {
            (SocketAddr::V6(_), SocketAddr::V4(v4)) => {
                SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into()
            }
            _ => address,
        }
    }
}

impl Entry {
    fn new(endpoint: &Arc<Endpoint>, key: Key, session: Session) -> Arc<Self> {
        let phase = session.phase();
        Arc::new(Self {
            endpoint: endpoint.clone(),
            remote: key.0,
            key,
            state: Mutex::new(State {
                session,
                send_error: None,
                timer: None,
                has_reader: false,
                has_writer: false,
                is_touched: false,
                is_blocked: false,
                is_half_open: phase == Phase::SynReceived,
                is_connecting: phase == Phase::SynSent,
                resets_on_close: false,
            }),
            readable: Notify::new(),
            writable: Notify::new(),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// What follows on any change: sends what there is to send, wakes who waits, sets the timer,
    /// and forgets the connection when it is over.
    pub(super) fn settle(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        self.flush(&mut state);
        self.wake(&mut state);
        self.arm(&mut state);
        let phase = state.session.phase();
        let mut is_accepted = false;
        if state.is_half_open && phase != Phase::SynReceived {
            state.is_half_open = false;
            self.endpoint.half_open.fetch_sub(1, Ordering::Relaxed);
            is_accepted = phase == Phase::Connected;
        }
        let is_over = state.session.is_over();
        drop(state);
        if is_over {
            self.forget();
        }
        if is_accepted {
            self.endpoint.on_accepted(self);
        }
    }

    fn flush(self: &Arc<Self>, state: &mut State) {
        let now = self.endpoint.now();
        let mut socket = None;
        let mut bytes = Vec::new();
        while let Some(transmit) = state.session.poll_transmit(now) {
            if socket.is_none() {
                socket = self.endpoint.socket();
                bytes.reserve(1500);
            }
            bytes.clear();
            state.session.write_packet(transmit, now, &mut bytes);
            let sent = match &socket {
                Some(socket) => socket.try_send_to(&bytes, self.endpoint.mapped(self.remote)),
                None => Err(ErrorKind::NotConnected.into()),
            };
            match sent {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !state.is_blocked {
                        state.is_blocked = true;
                        lock(&self.endpoint.blocked).push(self.clone());
                        self.endpoint.alarm.notify_one();
                    }
                    return;
                }
                Err(error) if state.session.phase() == Phase::SynSent => {
                    state.send_error = error.raw_os_error();
                    state.session.fail(error.kind());
                }
                // To the connection it is a packet lost.
                _ => state.session.transmitted(transmit, now),
            }
        }
    }

    fn wake(&self, state: &mut State) {
        if state.is_connecting && state.session.phase() != Phase::SynSent {
            state.is_connecting = false;
            self.readable.notify_one();
        }
        if state.has_reader && state.session.is_readable() {
            state.has_reader = false;
            self.readable.notify_one();
        }
        if state.has_writer && state.session.is_writable() {
            state.has_writer = false;
            self.writable.notify_one();
        }
    }

    fn arm(&self, state: &mut State) {
        let Some(deadline) = state.session.deadline() else { return };
        if state.timer.is_some_and(|timer| timer <= deadline) {
            return;
        }
        let mut timers = lock(&self.endpoint.timers);
        if let Some(timer) = state.timer {
            timers.remove(&(timer, self.key));
        }
        state.timer = Some(deadline);
        timers.insert((deadline, self.key));
        if timers.first() == Some(&(deadline, self.key)) {
            self.endpoint.alarm.notify_one();
        }
    }

    fn forget(self: &Arc<Self>) {
        let mut entries = lock(&self.endpoint.entries);
        if entries.get(&self.key).is_some_and(|entry| Arc::ptr_eq(entry, self)) {
            entries.remove(&self.key);
        }
        let is_last = entries.is_empty();
        drop(entries);
        if let Some(timer) = self.lock().timer.take() {
            lock(&self.endpoint.timers).remove(&(timer, self.key));
        }
        if is_last && self.endpoint.is_closing.load(Ordering::SeqCst) {
            self.endpoint.alarm.notify_one();
        }
    }
}

impl State {
    /// What went wrong.
    pub(super) fn fault(&self) -> Option<io::Error> {
        let kind = self.session.fault()?;
        Some(self.send_error.map_or_else(|| kind.into(), io::Error::from_raw_os_error))
    }
}

fn open(options: BindOptions) -> io::Result<(UdpSocket, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(options.address), Type::DGRAM, None)?;
    if options.address.is_ipv6() {
        socket.set_only_v6(options.ipv6_only)?;
    }
    // As much as the system grants: what it drops has to be sent again.
    let _ = socket.set_recv_buffer_size(SYSTEM_BUFFER);
    let _ = socket.set_send_buffer_size(SYSTEM_BUFFER);
    socket.bind(&options.address.into())?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket.into())?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}

/// An address of IPv4 as such, where the socket has it as one of IPv6.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

/// Numbers that strangers cannot guess.
fn random() -> io::Result<[u16; 2]> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let [a, b, c, d] = bytes;
    Ok([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])])
}
