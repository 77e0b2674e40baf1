//! A connection, as its caller sees it and as its task does.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::task::AbortHandle;

use super::error::{Fault, Operation};
use super::inbound::Inbound;
use super::inbox::{Inbox, Post, Source};
use super::outbound::{Chunk, Outbound};
use super::pool::Slab;
use super::rate::{Direction, RateLimit, Turn};
use super::socks::Proxied;
use super::stream::Stream;
use super::sync::{Mutex, Notify, lock};
use super::utp::Endpoint;
use super::{Events, task};
use crate::wire::mse::{Ciphers, Rc4};

/// How a connection comes to be.
pub enum Origin {
    /// By connecting to a peer.
    Connect {
        /// Where to: to the proxy, if there is one.
        remote: SocketAddr,
        /// The address of this machine to do so from.
        local: Option<SocketAddr>,
        /// What a proxy is asked for.
        proxied: Option<Proxied>,
    },
    /// By connecting to a peer over a socket of uTP.
    Utp {
        /// The socket.
        endpoint: Arc<Endpoint>,
        /// Where to.
        remote: SocketAddr,
    },
    /// It was accepted.
    Accepted(Stream),
}

/// The two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoints {
    /// The peer's.
    pub remote: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
}

/// A stream of bytes to and from a peer.
pub struct Connection {
    post: Post,
    inbound: Mutex<Inbound>,
    /// The reader may go on.
    credit: Notify,
    outbound: Mutex<Outbound>,
    /// The writer has something to do.
    pub(super) work: Notify,
    /// The caller wants it no more: see [`Connection::finish`].
    pub(super) finish: Notify,
    endpoints: OnceLock<Endpoints>,
    fault: Mutex<Option<Fault>>,
    task: Mutex<Option<AbortHandle>>,
    limit: Mutex<Option<Arc<RateLimit>>>,
    /// Another limit has its place.
    limit_changed: Notify,
}

impl Connection {
    /// Begins a connection. `window` is how many bytes may be read and not taken.
    pub fn open(
        inbox: &Arc<Inbox>,
        name: u64,
        origin: Origin,
        window: usize,
        limit: Option<Arc<RateLimit>>,
    ) -> Arc<Self> {
        let connection = Self::new(inbox, name, window, limit);
        let run = task::run(task::Closing::new(connection.clone()), Box::pin(task::open(origin)));
        let handle = inbox.runtime().handle().spawn(run).abort_handle();
        *lock(&connection.task) = Some(handle);
        connection
    }

    /// One without a task.
    pub(super) fn new(
        inbox: &Arc<Inbox>,
        name: u64,
        window: usize,
        limit: Option<Arc<RateLimit>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            post: Post::new(inbox.clone(), name),
            inbound: Mutex::new(Inbound::new(window)),
            credit: Notify::new(),
            outbound: Mutex::default(),
            work: Notify::new(),
            finish: Notify::new(),
            endpoints: OnceLock::new(),
            fault: Mutex::default(),
            task: Mutex::default(),
            limit: Mutex::new(limit),
            limit_changed: Notify::new(),
        })
    }

    //
    // THE CALLER'S SIDE
    //

    /// The two ends, once it was opened.
    pub fn endpoints(&self) -> Option<Endpoints> {
        self.endpoints.get().copied()
    }

    /// How many bytes may be taken.
    pub fn available(&self) -> usize {
        lock(&self.inbound).len()
    }

    /// Fills `bytes` with what came first, and gives the credit for it back; tells how much it was.
    pub fn take(&self, bytes: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < bytes.len() {
            let Some(mut slab) = lock(&self.inbound).pop() else { break };
            let length = slab.len().min(bytes.len() - filled);
            bytes[filled..filled + length].copy_from_slice(&slab.bytes()[..length]);
            filled += length;
            slab.advance(length);
            if slab.len() > 0 {
                lock(&self.inbound).unpop(slab);
            }
        }
        self.change_inbound(|_| {});
        filled
    }

    /// Reads nothing more until [`Connection::resume`].
    pub fn pause(&self) {
        lock(&self.inbound).is_paused = true;
    }

    /// Reads on; what is there is told of again.
    pub fn resume(self: &Arc<Self>) {
        self.change_inbound(|inbound| inbound.is_paused = false);
        if self.available() > 0 {
            self.tell(Events::BYTES);
        }
    }

    /// Adds bytes to what is to be written.
    pub fn write(&self, bytes: &[u8]) {
        lock(&self.outbound).add(bytes);
    }

    /// Has what was added leave. Gives how much waits, and whether the caller is to stop until
    /// [`Events::DRAINED`].
    pub fn flush(&self) -> (usize, bool) {
        let limit = lock(&self.limit).clone();
        let high_water = limit.as_ref().and_then(|limit| limit.high_water());
        let mut outbound = lock(&self.outbound);
        outbound.limit_waiting(high_water);
        let turn = match limit {
            Some(limit) => limit.try_turn(Direction::Upload, outbound.queued()),
            None => Some(Turn::free()),
        };
        if outbound.write_little(turn) {
            self.unpark(&mut outbound);
        }
        (outbound.queued(), outbound.is_full())
    }

    /// How many bytes are not to wait, where a limit keeps them, as of the last flush.
    pub fn high_water(&self) -> Option<u32> {
        lock(&self.outbound).high_water()
    }

    /// Ends our side behind what was added: the peer may go on.
    pub fn end(&self) {
        let mut outbound = lock(&self.outbound);
        outbound.is_ending = true;
        self.unpark(&mut outbound);
    }

    /// Ends our side likewise, and drops what the peer still sends. It closes when the peer ends
    /// as well, or lets a while pass in which nothing moves.
    pub fn finish(&self) {
        self.change_inbound(Inbound::discard);
        self.end();
        self.finish.notify_one();
        // What nobody wants is read at once.
        self.limit_changed.notify_waiters();
        let limit = lock(&self.limit).clone();
        if limit.is_some_and(|limit| limit.lets_nothing_pass(Direction::Upload)) {
            self.destroy();
        }
    }

    /// Closes at once; what waits is lost.
    pub fn destroy(&self) {
        self.change_inbound(Inbound::discard);
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// Closes at once, and has the peer see that as a reset.
    pub fn reset(&self) {
        if let Some(stream) = &lock(&self.outbound).stream {
            let _ = stream.reset_on_close();
        }
        self.destroy();
    }

    /// What went wrong.
    pub fn take_fault(&self) -> Option<Fault> {
        lock(&self.fault).take()
    }

    /// Encrypts what is written from now on, and decrypts what was not taken yet; from now on the
    /// window is `window`.
    pub fn encrypt(&self, ciphers: Ciphers, window: usize) {
        lock(&self.outbound).encrypt(Box::new(ciphers.encrypt));
        self.change_inbound(|inbound| {
            inbound.decrypt(Box::new(ciphers.decrypt));
            inbound.set_window(window);
        });
    }

    /// How many bytes may be read and not taken.
    pub fn set_window(&self, window: usize) {
        self.change_inbound(|inbound| inbound.set_window(window));
    }

    /// Reads and writes no faster than `limit` lets it from now on.
    pub fn set_limit(&self, limit: Option<Arc<RateLimit>>) {
        *lock(&self.limit) = limit;
        self.limit_changed.notify_waiters();
    }

    /// Sends small writes at once, or waits for more of them.
    pub fn set_no_delay(&self, is_set: bool) {
        if let Some(stream) = &lock(&self.outbound).stream {
            // Only the peer's patience depends on it.
            let _ = stream.set_no_delay(is_set);
        }
    }

    /// Asks the peer after so many idle seconds whether it is there; 0 for never.
    pub fn set_keep_alive(&self, seconds: u32) {
        if let Some(stream) = &lock(&self.outbound).stream {
            let _ = stream.set_keep_alive(seconds);
        }
    }

    //
    // THE TASK'S SIDE
    //

    pub(super) fn post(&self) -> &Post {
        &self.post
    }

    pub(super) fn tell(self: &Arc<Self>, events: Events) {
        self.post.tell(events, || Source::Connection(self.clone()));
    }

    pub(super) fn fail(self: &Arc<Self>, fault: Fault) {
        *lock(&self.fault) = Some(fault);
        self.tell(Events::FAILED);
    }

    /// The stream is there.
    pub(super) fn opened(self: &Arc<Self>, stream: &Arc<Stream>) -> Result<(), Fault> {
        let fault = |error| Fault::new(Operation::Connect, &error);
        let remote = stream.peer_address().map_err(fault)?;
        let local = stream.local_address().map_err(fault)?;
        // Output leaves in few chunks by itself.
        let _ = stream.set_no_delay(true);
        let _ = self.endpoints.set(Endpoints { remote, local });
        lock(&self.outbound).stream = Some(stream.clone());
        self.tell(Events::OPENED);
        Ok(())
    }

    /// The stream is gone.
    pub(super) fn closed(self: &Arc<Self>) {
        lock(&self.outbound).stream = None;
        self.tell(Events::CLOSED);
    }

    /// Waits until bytes may pass.
    pub(super) async fn turn(&self, direction: Direction) -> Turn {
        loop {
            // Before the limit is looked at, or a change between the two would be missed.
            let changed = self.limit_changed.notified();
            let Some(limit) = lock(&self.limit).clone() else { return Turn::free() };
            if direction == Direction::Download && lock(&self.inbound).is_discarding() {
                return Turn::free();
            }
            // In memory of its own: most connections have no limit, and none has while it is idle.
            let turn = Box::pin(limit.turn(direction));
            tokio::select! {
                biased;
                turn = turn => return turn,
                () = changed => {}
            }
        }
    }

    /// Waits until the reader may read.
    pub(super) async fn until_credit(&self) {
        while !self.may_read() {
            self.credit.notified().await;
        }
    }

    /// Whether the reader may read; if not, it is told when it may.
    pub(super) fn may_read(&self) -> bool {
        let mut inbound = lock(&self.inbound);
        inbound.is_waiting = !inbound.may_read();
        !inbound.is_waiting
    }

    /// Takes what the reader read; gives how much there is.
    pub(super) fn received(&self, mut slab: Slab) -> usize {
        let cipher = lock(&self.inbound).cipher.take();
        let cipher = cipher.map(|mut cipher| {
            cipher.apply_in_place(slab.bytes_mut());
            cipher
        });
        let mut inbound = lock(&self.inbound);
        match cipher {
            Some(cipher) => inbound.cipher = Some(cipher),
            // It came meanwhile, and has not seen these bytes.
            None => {
                if let Some(cipher) = &mut inbound.cipher {
                    cipher.apply_in_place(slab.bytes_mut());
                }
            }
        }
        inbound.append(slab);
        inbound.len()
    }

    /// Whether the caller wants to hear of bytes.
    pub(super) fn is_paused(&self) -> bool {
        lock(&self.inbound).is_paused
    }

    /// What the writer is to do next, and with which cipher; it is told when there is more.
    pub(super) fn next_work(&self) -> Work {
        let mut outbound = lock(&self.outbound);
        let batch = outbound.next_batch();
        match batch.front() {
            None if outbound.is_ending => Work::End,
            None => {
                outbound.is_parked = true;
                Work::None
            }
            Some(first) if first.is_plain => Work::Encrypt(batch, outbound.cipher.take()),
            Some(_) => Work::Write(batch),
        }
    }

    pub(super) fn return_cipher(&self, cipher: Box<Rc4>) {
        lock(&self.outbound).cipher = Some(cipher);
    }

    /// The writer has written so much.
    pub(super) fn wrote(self: &Arc<Self>, length: usize) {
        if lock(&self.outbound).count(length) {
            self.tell(Events::DRAINED);
        }
    }

    /// All that the writer ever wrote.
    pub(super) fn written(&self) -> u64 {
        lock(&self.outbound).written()
    }

    fn unpark(&self, outbound: &mut Outbound) {
        if outbound.is_parked {
            outbound.is_parked = false;
            self.work.notify_one();
        }
    }

    fn change_inbound(&self, change: impl FnOnce(&mut Inbound)) {
        let mut inbound = lock(&self.inbound);
        change(&mut inbound);
        if inbound.is_waiting && inbound.may_read() {
            inbound.is_waiting = false;
            self.credit.notify_one();
        }
    }
}

/// What the writer is to do.
pub(super) enum Work {
    /// To wait.
    None,
    /// To write these.
    Write(std::collections::VecDeque<Chunk>),
    /// To encrypt these first.
    Encrypt(std::collections::VecDeque<Chunk>, Option<Box<Rc4>>),
    /// To end the stream.
    End,
}
