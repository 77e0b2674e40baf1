//! The kinds of byte streams. Another one needs a variant here, and a way to open it beside
//! `task::open`.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

/// A stream of bytes both ways, from any thread.
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
}

impl Stream {
    /// The address of the peer.
    pub(super) fn peer_address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr(),
        }
    }

    /// The address on this machine.
    pub(super) fn local_address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr(),
        }
    }

    /// Waits until there may be something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
        }
    }

    /// Waits until something may be written.
    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
        }
    }

    /// Reads what is there; 0 at the end.
    pub(super) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(bytes),
        }
    }

    /// Writes what there is room for.
    pub(super) fn try_write(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(bytes),
        }
    }

    /// Tells the peer that nothing comes after what was written.
    pub(super) fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).shutdown(Shutdown::Write),
        }
    }

    /// Sends small writes at once, or waits for more of them.
    pub(super) fn set_no_delay(&self, is_set: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(is_set),
        }
    }

    /// Has the peer see a reset when it is closed.
    pub(super) fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
        }
    }

    /// Asks the peer after so many idle seconds whether it is there; 0 for never.
    pub(super) fn set_keep_alive(&self, seconds: u32) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                let socket = SockRef::from(stream);
                if seconds == 0 {
                    return socket.set_keepalive(false);
                }
                let idle = Duration::from_secs(seconds.into());
                socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(idle))
            }
        }
    }
}
