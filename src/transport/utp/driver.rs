//! What runs for each socket of uTP: takes in what comes, and minds the timers.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::endpoint::{Endpoint, Entry, canonical};
use super::packet::{Header, Kind, Packet};
use crate::transport::pool::Slab;
use crate::transport::{Events, lock};

/// How many packets are taken before their connections have their turn.
const BATCH: usize = 64;

/// How many resets go to strangers within a tenth of a second.
const MAX_RESETS: u32 = 100;
const RESET_PERIOD: u64 = 100_000;

/// How long connections that nobody holds keep a socket that is to be closed, in microseconds.
const LINGER: u64 = 2_000_000;

/// How long to wait where the system cannot read, for what reason ever.
const RETRY: Duration = Duration::from_millis(50);

/// Tells of the end of a socket, however that comes.
pub(super) struct Closing(Arc<Endpoint>);

impl Closing {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self(endpoint)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let endpoint = &self.0;
        let entries = std::mem::take(&mut *lock(&endpoint.entries));
        for entry in entries.into_values() {
            let mut state = entry.lock();
            state.session.reset();
            entry.settle(state);
        }
        lock(&endpoint.blocked).clear();
        endpoint.drop_socket();
        endpoint.tell(Events::CLOSED);
    }
}

/// The life of a socket.
pub(super) async fn run(closing: Closing) {
    let endpoint = &closing.0;
    let Some(socket) = endpoint.socket() else { return };
    let mut driver =
        Driver { endpoint, touched: Vec::new(), resets: 0, resets_since: 0, linger_until: None };
    while !driver.is_over() {
        let interest = if lock(&endpoint.blocked).is_empty() {
            Interest::READABLE
        } else {
            Interest::READABLE | Interest::WRITABLE
        };
        let wait = driver.wait();
        tokio::select! {
            ready = socket.ready(interest) => {
                if ready.is_ok_and(|ready| ready.is_writable()) {
                    driver.unblock();
                }
                match driver.receive(&socket) {
                    Ok(true) => tokio::task::yield_now().await,
                    Ok(false) => {}
                    Err(error) => {
                        endpoint.fail(&error);
                        sleep(RETRY).await;
                    }
                }
            }
            () = sleep(wait) => {}
            () = endpoint.alarm.notified() => {}
        }
        driver.mind_timers();
    }
    // The socket goes back to the system with `closing`.
    drop(socket);
}

struct Driver<'a> {
    endpoint: &'a Arc<Endpoint>,
    /// Connections that something came for.
    touched: Vec<Arc<Entry>>,
    resets: u32,
    resets_since: u64,
    linger_until: Option<u64>,
}

impl Driver<'_> {
    /// Nothing is left to do.
    fn is_over(&mut self) -> bool {
        if !self.endpoint.is_closing.load(Ordering::SeqCst)
            || self.endpoint.attached.load(Ordering::SeqCst) > 0
        {
            return false;
        }
        let now = self.endpoint.now();
        let until = *self.linger_until.get_or_insert(now + LINGER);
        let mut entries = lock(&self.endpoint.entries);
        // Those only wait for what may have been lost.
        entries.retain(|_, entry| !entry.lock().session.is_at_rest());
        now >= until || entries.is_empty()
    }

    /// How long nothing is to be done.
    fn wait(&self) -> Duration {
        let first = lock(&self.endpoint.timers).first().map(|(at, _)| *at);
        let next = first.into_iter().chain(self.linger_until).min();
        let now = self.endpoint.now();
        Duration::from_micros(next.map_or(60_000_000, |at| at.saturating_sub(now)))
    }

    fn mind_timers(&self) {
        let now = self.endpoint.now();
        loop {
            let key = {
                let mut timers = lock(&self.endpoint.timers);
                match timers.first() {
                    Some((at, _)) if *at <= now => timers.pop_first(),
                    _ => return,
                }
            };
            let Some((_, key)) = key else { return };
            let Some(entry) = lock(&self.endpoint.entries).get(&key).cloned() else { continue };
            let mut state = entry.lock();
            state.timer = None;
            if state.session.deadline().is_some_and(|deadline| deadline <= now) {
                state.session.handle_timeout(now);
            }
            entry.settle(state);
        }
    }

    /// The system takes packets again.
    fn unblock(&self) {
        let blocked = std::mem::take(&mut *lock(&self.endpoint.blocked));
        for entry in blocked {
            let mut state = entry.lock();
            state.is_blocked = false;
            entry.settle(state);
        }
    }

    /// Takes in what is there; tells whether there may be more.
    fn receive(&mut self, socket: &UdpSocket) -> io::Result<bool> {
        let mut result = Ok(true);
        // As long as any packet can be.
        let mut slab = Slab::take();
        for _ in 0..BATCH {
            match socket.try_recv_from(slab.free()) {
                Ok((length, from)) => self.take(&slab.free()[..length], canonical(from)),
                Err(error) => {
                    result = match error.kind() {
                        ErrorKind::WouldBlock => Ok(false),
                        // Something that was sent did not arrive: Windows says so here.
                        ErrorKind::ConnectionReset | ErrorKind::Interrupted => continue,
                        _ => Err(error),
                    };
                    break;
                }
            }
        }
        for entry in self.touched.drain(..) {
            let mut state = entry.lock();
            state.is_touched = false;
            entry.settle(state);
        }
        result
    }

    fn take(&mut self, bytes: &[u8], from: SocketAddr) {
        let Some(packet) = Packet::parse(bytes) else {
            return self.endpoint.on_message(bytes, from);
        };
        let id = packet.header.connection_id;
        let entry = match packet.header.kind {
            Kind::Syn => {
                let key = (from, id.wrapping_add(1));
                let known = lock(&self.endpoint.entries).get(&key).cloned();
                match known {
                    Some(entry) => entry,
                    None => {
                        if let Some(entry) = self.endpoint.on_syn(key, &packet.header) {
                            self.touch(entry);
                        }
                        return;
                    }
                }
            }
            Kind::Reset => match self.find_reset(from, id) {
                Some(entry) => entry,
                None => return,
            },
            _ => {
                let known = lock(&self.endpoint.entries).get(&(from, id)).cloned();
                match known {
                    Some(entry) => entry,
                    None => return self.reject(&packet.header, from),
                }
            }
        };
        entry.lock().session.handle(self.endpoint.now(), &packet);
        self.touch(entry);
    }

    fn touch(&mut self, entry: Arc<Entry>) {
        let is_touched = std::mem::replace(&mut entry.lock().is_touched, true);
        if !is_touched {
            self.touched.push(entry);
        }
    }

    /// A reset bears the name of our packets or that of the peer's.
    fn find_reset(&self, from: SocketAddr, id: u16) -> Option<Arc<Entry>> {
        let entries = lock(&self.endpoint.entries);
        if let Some(entry) = entries.get(&(from, id)) {
            return Some(entry.clone());
        }
        let mut others = [id.wrapping_add(1), id.wrapping_sub(1)].into_iter();
        others.find_map(|other| {
            let entry = entries.get(&(from, other))?;
            (entry.lock().session.send_id() == id).then(|| entry.clone())
        })
    }

    /// Tells the sender of a packet that its connection is not here.
    fn reject(&mut self, header: &Header, from: SocketAddr) {
        let now = self.endpoint.now();
        if now >= self.resets_since + RESET_PERIOD {
            self.resets_since = now;
            self.resets = 0;
        }
        if self.resets == MAX_RESETS {
            return;
        }
        self.resets += 1;
        let mut bytes = Vec::new();
        let reset = Header {
            kind: Kind::Reset,
            connection_id: header.connection_id,
            timestamp: now as u32,
            timestamp_difference: 0,
            window: 0,
            sequence: 0,
            acknowledged: header.sequence,
        };
        reset.write(&[], &mut bytes);
        self.endpoint.send(&bytes, from);
    }
}
