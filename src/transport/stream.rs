//! The kinds of byte streams. Another one needs a variant here, and a way to open it beside
//! `task::open`.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use super::utp::UtpStream;

/// A stream of bytes both ways, from any thread.
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// uTP.
    Utp(UtpStream),
}

impl Stream {
    /// The address of the peer.
    pub(super) fn peer_address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr(),
            Self::Utp(stream) => Ok(stream.peer_address()),
        }
    }

    /// The address on this machine.
    pub(super) fn local_address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr(),
            Self::Utp(stream) => Ok(stream.local_address()),
        }
    }

    /// Waits until there may be something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Utp(stream) => {
                stream.readable().await;
                Ok(())
            }
        }
    }

    /// Waits until something may be written.
    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Utp(stream) => {
                stream.writable().await;
                Ok(())
            }
        }
    }

    /// Reads what is there; 0 at the end.
    pub(super) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(bytes),
            Self::Utp(stream) => stream.try_read(bytes),
        }
    }

    /// Writes what there is room for.
    pub(super) fn try_write(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(bytes),
            Self::Utp(stream) => stream.try_write(bytes),
        }
    }

    /// Tells the peer that nothing comes after what was written.
    pub(super) fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).shutdown(Shutdown::Write),
            Self::Utp(stream) => {
                stream.shut_down();
                Ok(())
            }
        }
    }

    /// Sends small writes at once, or waits for more of them.
    pub(super) fn set_no_delay(&self, is_set: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(is_set),
            // What is written leaves at once, as far as the way is free.
            Self::Utp(_) => Ok(()),
        }
    }

    /// Has the peer see a reset when it is closed.
    pub(super) fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            Self::Utp(stream) => {
                stream.reset_on_close();
                Ok(())
            }
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
            // It sends something now and then in any case.
            Self::Utp(_) => Ok(()),
        }
    }
}
