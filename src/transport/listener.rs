//! What accepts connections.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::error::{Fault, Operation};
use super::inbox::{Inbox, Post, Source};
use super::stream::Stream;
use super::{Events, lock};

/// How many accepted connections wait for the caller; the system keeps the others.
const MAX_WAITING: usize = 128;

/// How long to wait where the system cannot accept one, most often for want of descriptors.
const RETRY: Duration = Duration::from_millis(100);

/// How to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenOptions {
    /// Where; port 0 for any that is free.
    pub address: SocketAddr,
    /// How many connections the system keeps that were not accepted.
    pub backlog: i32,
    /// With an address of IPv6: no IPv4.
    pub ipv6_only: bool,
}

/// A connection that nobody has taken yet.
pub struct Accepted {
    /// Its stream.
    pub stream: Stream,
    /// The address of the peer.
    pub remote: SocketAddr,
}

/// Accepts connections until it is closed.
pub struct Listener {
    post: Post,
    local: SocketAddr,
    waiting: Mutex<VecDeque<Accepted>>,
    room: Notify,
    fault: Mutex<Option<Fault>>,
    task: Mutex<Option<AbortHandle>>,
}

impl Listener {
    /// Listens.
    pub fn bind(inbox: &Arc<Inbox>, name: u64, options: ListenOptions) -> Result<Arc<Self>, Fault> {
        let (listener, local) = {
            let _guard = inbox.runtime().handle().enter();
            bind(options)?
        };
        let this = Arc::new(Self {
            post: Post::new(inbox.clone(), name),
            local,
            waiting: Mutex::default(),
            room: Notify::new(),
            fault: Mutex::default(),
            task: Mutex::default(),
        });
        let run = accept(Closing(this.clone()), listener);
        let handle = inbox.runtime().handle().spawn(run).abort_handle();
        *lock(&this.task) = Some(handle);
        Ok(this)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.local
    }

    /// The next connection.
    pub fn accept(&self) -> Option<Accepted> {
        let mut waiting = lock(&self.waiting);
        let accepted = waiting.pop_front();
        if waiting.len() + 1 == MAX_WAITING {
            self.room.notify_one();
        }
        accepted
    }

    /// Closes at once, and those that wait with it.
    pub fn close(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
        lock(&self.waiting).clear();
    }

    /// Why a connection was not accepted. It goes on all the same.
    pub fn take_fault(&self) -> Option<Fault> {
        lock(&self.fault).take()
    }

    pub(super) fn post(&self) -> &Post {
        &self.post
    }

    fn tell(self: &Arc<Self>, events: Events) {
        self.post.tell(events, || Source::Listener(self.clone()));
    }
}

fn bind(options: ListenOptions) -> Result<(TcpListener, SocketAddr), Fault> {
    let fault = |operation| move |error: io::Error| Fault::new(operation, &error);
    let domain = Domain::for_address(options.address);
    let socket = Socket::new(domain, Type::STREAM, None).map_err(fault(Operation::Bind))?;
    let bound = (|| {
        if options.address.is_ipv6() {
            socket.set_only_v6(options.ipv6_only)?;
        }
        // Elsewhere it would let two programs listen on one port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&options.address.into())
    })();
    // As Node.js has it, which binds and listens in one.
    bound.map_err(fault(Operation::Listen))?;
    let listening = (|| {
        socket.listen(options.backlog)?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket.into())?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    })();
    listening.map_err(fault(Operation::Listen))
}

/// Tells of the end, however that comes.
struct Closing(Arc<Listener>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.tell(Events::CLOSED);
    }
}

async fn accept(closing: Closing, listener: TcpListener) {
    let this = &closing.0;
    loop {
        while lock(&this.waiting).len() >= MAX_WAITING {
            this.room.notified().await;
        }
        match listener.accept().await {
            Ok((stream, remote)) => {
                lock(&this.waiting).push_back(Accepted { stream: Stream::Tcp(stream), remote });
                this.tell(Events::ACCEPTED);
            }
            // The peer was gone before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                *lock(&this.fault) = Some(Fault::new(Operation::Accept, &error));
                this.tell(Events::FAILED);
                sleep(RETRY).await;
            }
        }
    }
}
