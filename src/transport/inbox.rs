//! What all connections of one caller have to tell, behind one wake-up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::runtime::Runtime;
use super::sync::{AtomicBool, AtomicU32, Mutex, lock};
use super::utp::Endpoint;
use super::{Connection, Events, Listener};

/// What tells of itself.
#[derive(Clone)]
pub enum Source {
    /// A connection.
    Connection(Arc<Connection>),
    /// What accepts connections.
    Listener(Arc<Listener>),
    /// A socket of uTP, which may accept connections as well.
    Utp(Arc<Endpoint>),
}

impl Source {
    fn post(&self) -> &Post {
        match self {
            Self::Connection(connection) => connection.post(),
            Self::Listener(listener) => listener.post(),
            Self::Utp(endpoint) => endpoint.post(),
        }
    }

    /// Tells nothing more to the caller, who has forgotten its name.
    pub fn release(&self) {
        self.post().release();
    }

    /// Ends it at once.
    pub fn destroy(&self) {
        match self {
            Self::Connection(connection) => connection.destroy(),
            Self::Listener(listener) => listener.close(),
            Self::Utp(endpoint) => endpoint.close(),
        }
    }
}

/// The news of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The name that the caller gave.
    pub name: u64,
    /// What is new.
    pub events: Events,
    /// How many bytes may be taken.
    pub available: usize,
}

/// All that is new, for a caller who is woken once for it.
///
/// Its flags are swapped where a store would do: it costs the same, and loom has a store come between
/// the two halves of another thread's swap (tokio-rs/loom#254).
pub struct Inbox {
    runtime: Arc<Runtime>,
    /// Sources with news, in the order in which they came.
    ready: Mutex<Vec<Source>>,
    /// Those of them that the caller has come for.
    current: Mutex<VecDeque<Source>>,
    /// The caller was woken, and does not rest again yet.
    is_awake: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Inbox {
    /// `wake` runs on any thread, and is to have the caller come soon.
    pub fn new(runtime: Arc<Runtime>, wake: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            runtime,
            ready: Mutex::default(),
            current: Mutex::default(),
            is_awake: AtomicBool::new(false),
            wake: Box::new(wake),
        })
    }

    /// The caller has come. It is not woken again before it rests.
    pub fn begin(&self) {
        let ready = std::mem::take(&mut *lock(&self.ready));
        lock(&self.current).extend(ready);
    }

    /// The caller goes, to be woken by what is new from now on; not where something is already: then
    /// it has to come again by itself. Tells whether it may go.
    pub fn rest(&self) -> bool {
        let ready = lock(&self.ready);
        if ready.is_empty() && lock(&self.current).is_empty() {
            self.is_awake.swap(false, Ordering::SeqCst);
            return true;
        }
        false
    }

    /// The news of the next source, among those that were there when the caller came.
    pub fn next(&self) -> Option<Record> {
        loop {
            let source = lock(&self.current).pop_front()?;
            let post = source.post();
            if post.is_released.load(Ordering::Relaxed) {
                continue;
            }
            // In this order: what comes between the two is told twice, and not never.
            post.is_listed.swap(false, Ordering::SeqCst);
            let events = Events::from_bits(post.events.swap(0, Ordering::SeqCst));
            if events == Events::default() {
                continue;
            }
            let available = match &source {
                Source::Connection(connection) => connection.available(),
                Source::Listener(_) | Source::Utp(_) => 0,
            };
            return Some(Record { name: post.name, events, available });
        }
    }

    /// Forgets what is new: nobody comes for it any more.
    pub fn clear(&self) {
        lock(&self.ready).clear();
        lock(&self.current).clear();
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn push(&self, source: Source) {
        lock(&self.ready).push(source);
        if !self.is_awake.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }
}

/// What a source has to tell, and where it does.
pub(super) struct Post {
    pub(super) inbox: Arc<Inbox>,
    name: u64,
    events: AtomicU32,
    /// It is among those that the caller will come to.
    is_listed: AtomicBool,
    /// Nobody wants to know any more.
    is_released: AtomicBool,
}

impl Post {
    pub(super) fn new(inbox: Arc<Inbox>, name: u64) -> Self {
        Self {
            inbox,
            name,
            events: AtomicU32::new(0),
            is_listed: AtomicBool::new(false),
            is_released: AtomicBool::new(false),
        }
    }

    /// Adds news of `source`, whose post this is.
    pub(super) fn tell(&self, events: Events, source: impl FnOnce() -> Source) {
        self.events.fetch_or(events.bits(), Ordering::SeqCst);
        if !self.is_released.load(Ordering::Relaxed) && !self.is_listed.swap(true, Ordering::SeqCst)
        {
            self.inbox.push(source());
        }
    }

    pub(super) fn release(&self) {
        self.is_released.store(true, Ordering::Relaxed);
    }
}
