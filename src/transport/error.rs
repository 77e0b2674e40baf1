//! What can go wrong with a socket, as Node.js names it.

use std::io::{Error, ErrorKind};

/// What was tried: `syscall` of Node's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// To connect to a peer.
    Connect,
    /// To connect to a peer by way of a proxy, to which a connection is there.
    Proxy,
    /// To bind to an address of this machine.
    Bind,
    /// To wait for connections.
    Listen,
    /// To accept one.
    Accept,
    /// To read.
    Read,
    /// To write.
    Write,
}

impl Operation {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Bind => "bind",
            Self::Listen => "listen",
            Self::Accept => "accept",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What was tried.
    pub operation: Operation,
    /// Node's code where it is the same on every system; `None` where only `number` tells.
    pub code: Option<&'static str>,
    /// The system's number of the error, if it has one.
    pub number: Option<i32>,
    /// What the system says of it.
    pub message: String,
}

impl Fault {
    pub(super) fn new(operation: Operation, error: &Error) -> Self {
        Self {
            operation,
            code: code(error.kind()),
            number: error.raw_os_error(),
            message: error.to_string(),
        }
    }
}

fn code(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::ConnectionRefused => "ECONNREFUSED",
        ErrorKind::ConnectionReset => "ECONNRESET",
        ErrorKind::ConnectionAborted => "ECONNABORTED",
        ErrorKind::HostUnreachable => "EHOSTUNREACH",
        ErrorKind::NetworkUnreachable => "ENETUNREACH",
        ErrorKind::NetworkDown => "ENETDOWN",
        ErrorKind::NotConnected => "ENOTCONN",
        ErrorKind::AddrInUse => "EADDRINUSE",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::BrokenPipe => "EPIPE",
        ErrorKind::TimedOut => "ETIMEDOUT",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::InvalidInput => "EINVAL",
        ErrorKind::OutOfMemory => "ENOMEM",
        _ => return None,
    })
}
