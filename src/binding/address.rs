//! IP addresses for JavaScript: as text, and as the bytes that extended handshakes have (BEP 10).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

/// Reads an address as Node.js gives it: one of IPv6 may name its zone, which does not count, and one
/// of IPv4 may come mapped into IPv6.
pub(super) fn parse(address: &str) -> Option<IpAddr> {
    let (address, _) = address.split_once('%').unwrap_or((address, ""));
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The 4 bytes of an IPv4 address, or the 16 of an IPv6 address; `null` if it is neither.
#[napi(catch_unwind)]
pub fn compact_address(address: String) -> Option<Uint8Array> {
    Some(match parse(&address)? {
        IpAddr::V4(address) => address.octets().to_vec().into(),
        IpAddr::V6(address) => address.octets().to_vec().into(),
    })
}

/// The address that 4 or 16 bytes stand for; `null` for any other number of them.
#[napi(catch_unwind)]
pub fn address_text(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes).to_string()),
        16 => bytes.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes).to_string()),
        _ => None,
    }
}
