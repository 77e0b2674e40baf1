//! Connections by way of a SOCKS5 proxy (RFC 1928, RFC 1929), which looks names up itself.

use std::fmt;

use tokio::net::TcpStream;
use tokio_socks::Error;
use tokio_socks::tcp::Socks5Stream;

use super::error::{Fault, Operation};

/// What a proxy is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxied {
    /// The peer's name or address.
    pub host: String,
    /// The peer's port.
    pub port: u16,
    /// The name and the password of a user of the proxy, of 1 to 255 bytes each.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for Proxied {
    // A password is nothing to be printed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{} by a proxy", self.host, self.port)
    }
}

/// Has the proxy at the other end connect to the peer.
pub(super) async fn ask(proxy: TcpStream, proxied: &Proxied) -> Result<TcpStream, Fault> {
    let target = (proxied.host.as_str(), proxied.port);
    let asked = match &proxied.credentials {
        Some((name, password)) => {
            Socks5Stream::connect_with_password_and_socket(proxy, target, name, password).await
        }
        None => Socks5Stream::connect_with_socket(proxy, target).await,
    };
    asked.map(Socks5Stream::into_inner).map_err(|error| fault(&error))
}

fn fault(error: &Error) -> Fault {
    let code = match error {
        Error::ConnectionRefused => "ECONNREFUSED",
        Error::HostUnreachable | Error::TtlExpired => "EHOSTUNREACH",
        Error::NetworkUnreachable => "ENETUNREACH",
        Error::NoAcceptableAuthMethods
        | Error::AuthorizationRequired
        | Error::InvalidAuthValues(_)
        | Error::PasswordAuthFailure(_) => "ERR_SOCKS_AUTHENTICATION",
        Error::ConnectionNotAllowedByRuleset => "ERR_SOCKS_NOT_ALLOWED",
        Error::GeneralSocksServerFailure
        | Error::CommandNotSupported
        | Error::AddressTypeNotSupported => "ERR_SOCKS_FAILURE",
        // Also what the crate has no word for, and where the proxy closes the connection instead.
        _ => "ERR_SOCKS_PROTOCOL",
    };
    let operation = Operation::Proxy;
    Fault { operation, code: Some(code), number: None, message: error.to_string() }
}
