//! A connection of uTP as the transport sees it.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;

use super::endpoint::Entry;
use super::session::Phase;

/// One connection. Dropped, it ends behind what was written, without waiting for that.
pub struct UtpStream(Arc<Entry>);

impl UtpStream {
    pub(super) fn new(entry: Arc<Entry>) -> Self {
        entry.endpoint.attach();
        Self(entry)
    }

    /// Waits until the peer has answered.
    pub async fn connected(&self) -> io::Result<()> {
        loop {
            {
                let state = self.0.lock();
                match (state.fault(), state.session.phase()) {
                    (Some(fault), _) => return Err(fault),
                    (None, Phase::SynSent) => {}
                    (None, Phase::Closed) => return Err(io::ErrorKind::ConnectionAborted.into()),
                    _ => return Ok(()),
                }
            }
            self.0.readable.notified().await;
        }
    }

    /// The address of the peer.
    pub fn peer_address(&self) -> SocketAddr {
        self.0.remote
    }

    /// The address of the socket, which may be that of all interfaces.
    pub fn local_address(&self) -> SocketAddr {
        self.0.endpoint.address()
    }

    /// Waits until a read gives something.
    pub async fn readable(&self) {
        loop {
            {
                let mut state = self.0.lock();
                if state.session.is_readable() {
                    return;
                }
                state.has_reader = true;
            }
            self.0.readable.notified().await;
        }
    }

    /// Waits until a write takes something.
    pub async fn writable(&self) {
        loop {
            {
                let mut state = self.0.lock();
                if state.session.is_writable() {
                    return;
                }
                state.has_writer = true;
            }
            self.0.writable.notified().await;
        }
    }

    /// Reads what is there; 0 at the end.
    pub fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        let Some(length) = state.session.read(bytes) else {
            return Err(match (state.fault(), state.session.phase()) {
                (Some(fault), _) => fault,
                (None, Phase::Closed) => io::ErrorKind::ConnectionAborted.into(),
                _ => io::ErrorKind::WouldBlock.into(),
            });
        };
        self.0.settle(state);
        Ok(length)
    }

    /// Writes what there is room for.
    pub fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if let Some(fault) = state.fault() {
            return Err(fault);
        }
        if state.session.phase() == Phase::Closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut written = 0;
        for slice in slices {
            let length = state.session.write(slice);
            written += length;
            if length < slice.len() {
                break;
            }
        }
        if written == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.settle(state);
        Ok(written)
    }

    /// Tells the peer that nothing comes after what was written.
    pub fn shut_down(&self) {
        let mut state = self.0.lock();
        if state.session.phase() != Phase::Closed {
            state.session.end();
            self.0.settle(state);
        }
    }

    /// Has the peer see a reset when it is dropped.
    pub fn reset_on_close(&self) {
        self.0.lock().resets_on_close = true;
    }
}

impl Drop for UtpStream {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.resets_on_close {
            state.session.reset();
        } else {
            let now = self.0.endpoint.now();
            state.session.detach(now);
        }
        self.0.settle(state);
        self.0.endpoint.release();
    }
}
