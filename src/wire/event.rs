//! What a wire tells its driver.

use super::error::Violation;
use super::extension::ExtendedHandshake;
use super::handshake::Handshake;
use super::hash_range::HashRange;
use super::intake::Payload;
use super::message::Block;
use super::mse::Method;

/// One message of the peer, applied. The state of the wire is the one right after it.
///
/// What is long and rare is boxed: an event passes through several hands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// MSE: as the responder, find the torrent whose HASH('req2', SKEY) this is, and call
    /// [`Wire::set_info_hash`](super::Wire::set_info_hash).
    CryptoInfoHash([u8; 20]),
    /// MSE: the crypto handshake is done, or was not needed.
    CryptoHandshake {
        /// What the stream is from here on; `None` if the peer began with a plaintext handshake.
        method: Option<Method>,
        /// The first bytes of the stream, already decrypted: frame them before what follows.
        received: Vec<u8>,
    },
    /// BEP 3: the peer's handshake.
    Handshake(Box<Handshake>),
    /// BEP 3.
    KeepAlive,
    /// BEP 3: the peer chokes us. Without the fast extension all our requests are lost; each stays
    /// open here until [`Wire::forget_request`](super::Wire::forget_request).
    Choke,
    /// BEP 3.
    Unchoke,
    /// BEP 3.
    Interested,
    /// BEP 3.
    NotInterested,
    /// BEP 3: the peer has a piece, perhaps not for the first time.
    Have(u32),
    /// BEP 3: all that the peer has, as it stands on the wire.
    Bitfield(Vec<u8>),
    /// BEP 3: the peer asks for a block.
    Request {
        /// Names the request in [`Wire::answer`](super::Wire::answer).
        key: u32,
        /// What it asks for.
        block: Block,
    },
    /// BEP 6: the peer asks for a block while we choke it. Where the piece is allowed fast, answer
    /// with [`Wire::admit`](super::Wire::admit), else with [`Wire::refuse`](super::Wire::refuse).
    RequestWhileChoking(Block),
    /// BEP 3: a block.
    Piece {
        /// The piece that the block is of.
        index: u32,
        /// Where the block begins in the piece, in bytes.
        offset: u32,
        /// Where the block is.
        payload: Payload,
        /// The key of our request that it answers; `None` if nobody asked for it.
        key: Option<u32>,
    },
    /// BEP 3: the peer takes a request back.
    Cancel {
        /// What it names.
        block: Block,
        /// The key of the request, if it was still open.
        key: Option<u32>,
    },
    /// BEP 5: the port of the peer's DHT node.
    Port(u16),
    /// BEP 6.
    Suggest(u32),
    /// BEP 6.
    HaveAll,
    /// BEP 6.
    HaveNone,
    /// BEP 6: the peer will not answer a request.
    Reject {
        /// What it names.
        block: Block,
        /// The key of our request, if it was open.
        key: Option<u32>,
    },
    /// BEP 6: a piece that we may request while choked, see
    /// [`Wire::request`](super::Wire::request).
    AllowedFast(u32),
    /// BEP 10: a sound extended handshake; the mapping is already updated.
    ExtendedHandshake(Box<ExtendedHandshake>),
    /// BEP 10: a message of an extension.
    Extended {
        /// The id that we gave to the extension.
        id: u8,
        /// Where its payload is.
        payload: Payload,
    },
    /// BEP 52: the peer asks for hashes. Answer with [`Wire::hashes`](super::Wire::hashes) or
    /// [`Wire::hash_reject`](super::Wire::hash_reject).
    HashRequest(Box<HashRange>),
    /// BEP 52: hashes, as many as the range has, then uncle hashes; nothing says that they were
    /// asked for.
    Hashes {
        /// What they are.
        range: Box<HashRange>,
        /// Where they are.
        payload: Payload,
    },
    /// BEP 52: the peer will not answer a hash request.
    HashReject(Box<HashRange>),
    /// A message with an id that no BEP known here describes: all of it after the length prefix.
    Unknown(Vec<u8>),
    /// The peer broke the protocol. No event follows.
    Violation(Violation),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_short() {
        assert!(size_of::<Event>() <= 40, "{} bytes", size_of::<Event>());
    }
}
