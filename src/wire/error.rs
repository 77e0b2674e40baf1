//! What a peer did that it must not do.

use thiserror::Error;

use super::mse;

/// A breach of the protocol by the peer. The wire is dead after it: nothing more is decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// The first bytes are no BitTorrent handshake (BEP 3).
    #[error("the peer does not speak the BitTorrent protocol")]
    BadHandshake,
    /// A length prefix above the limit; nothing of the message was kept (BEP 3).
    #[error("message of {length} bytes is longer than the {limit} allowed")]
    MessageTooLong {
        /// The length prefix that the peer sent, in bytes.
        length: u32,
        /// What was allowed, in bytes.
        limit: u32,
    },
    /// A message too short or too long for its id (BEP 3, 5, 6, 10).
    #[error("message with id {id} cannot be {length} bytes long")]
    BadLength {
        /// The id of the message.
        id: u8,
        /// The length prefix that the peer sent, in bytes.
        length: u32,
    },
    /// A piece index at or above [`Limits::max_pieces`](super::Limits::max_pieces).
    #[error("piece index {index} is not below {limit}")]
    PieceOutOfRange {
        /// The index that the peer named.
        index: u32,
        /// One more than the highest index allowed.
        limit: u32,
    },
    /// A message about hashes that no tree has, or with more or fewer hashes than it says
    /// (BEP 52).
    #[error(
        "message with id {id} names {length} hashes of layer {base_layer} from {index} on, proved \
         over {proof_layers} layers"
    )]
    BadHashRange {
        /// The id of the message.
        id: u8,
        /// The layer of the hashes.
        base_layer: u32,
        /// The first of the hashes.
        index: u32,
        /// How many hashes of it.
        length: u32,
        /// Over how many layers uncle hashes are to prove them.
        proof_layers: u32,
    },
    /// A message of the fast extension without the extension; BEP 6 has the connection closed.
    #[error("message with id {id} needs the fast extension, which is off")]
    FastDisabled {
        /// The id of the message.
        id: u8,
    },
    /// A breach of the crypto handshake.
    #[error(transparent)]
    Encryption(mse::Error),
    /// The peer goes on requesting what is rejected, and reads no reject.
    #[error("{count} requests were rejected and the peer read none of it")]
    TooManyRequests {
        /// How many rejects wait to be read.
        count: u32,
    },
}

impl Violation {
    /// The stable name of this kind of violation, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadHandshake => "ERR_BAD_HANDSHAKE",
            Self::MessageTooLong { .. } => "ERR_MESSAGE_TOO_LONG",
            Self::BadLength { .. } => "ERR_BAD_LENGTH",
            Self::PieceOutOfRange { .. } => "ERR_PIECE_OUT_OF_RANGE",
            Self::BadHashRange { .. } => "ERR_BAD_HASH_RANGE",
            Self::FastDisabled { .. } => "ERR_FAST_DISABLED",
            Self::Encryption(error) => error.code(),
            Self::TooManyRequests { .. } => "ERR_TOO_MANY_REQUESTS",
        }
    }
}
