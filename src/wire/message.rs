//! The messages of BEP 3, 5, 6 and 10: their ids, their strict lengths and their bytes.

use super::error::Violation;

/// A block of a piece: what a request, a cancel and a reject name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Block {
    /// The index of the piece.
    pub piece: u32,
    /// Where the block begins in the piece, in bytes.
    pub offset: u32,
    /// How long the block is, in bytes.
    pub length: u32,
}

/// The ids of the messages, as the BEPs give them.
pub mod id {
    /// BEP 3.
    pub const CHOKE: u8 = 0x00;
    /// BEP 3.
    pub const UNCHOKE: u8 = 0x01;
    /// BEP 3.
    pub const INTERESTED: u8 = 0x02;
    /// BEP 3.
    pub const NOT_INTERESTED: u8 = 0x03;
    /// BEP 3.
    pub const HAVE: u8 = 0x04;
    /// BEP 3.
    pub const BITFIELD: u8 = 0x05;
    /// BEP 3.
    pub const REQUEST: u8 = 0x06;
    /// BEP 3.
    pub const PIECE: u8 = 0x07;
    /// BEP 3.
    pub const CANCEL: u8 = 0x08;
    /// BEP 5.
    pub const PORT: u8 = 0x09;
    /// BEP 6.
    pub const SUGGEST: u8 = 0x0D;
    /// BEP 6.
    pub const HAVE_ALL: u8 = 0x0E;
    /// BEP 6.
    pub const HAVE_NONE: u8 = 0x0F;
    /// BEP 6.
    pub const REJECT: u8 = 0x10;
    /// BEP 6.
    pub const ALLOWED_FAST: u8 = 0x11;
    /// BEP 10.
    pub const EXTENDED: u8 = 0x14;
}

/// The bytes of a request, a cancel or a reject on the wire.
pub(crate) const REQUEST_SIZE: usize = 17;

/// The bytes of a piece message before its block.
pub(crate) const PIECE_HEADER_SIZE: usize = 13;

/// How the body of a message is laid out, and how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Nothing but the id.
    Empty,
    /// A piece index.
    Index,
    /// A [`Block`].
    Block,
    /// A port, two bytes.
    Port,
    /// A piece index and an offset, then the block.
    Piece,
    /// An extension's id, then its payload.
    Extended,
    /// Bits, one a piece.
    Bits,
    /// A message that no BEP known here describes.
    Unknown,
}

impl Layout {
    pub(crate) fn of(id: u8) -> Self {
        match id {
            id::CHOKE
            | id::UNCHOKE
            | id::INTERESTED
            | id::NOT_INTERESTED
            | id::HAVE_ALL
            | id::HAVE_NONE => Self::Empty,
            id::HAVE | id::SUGGEST | id::ALLOWED_FAST => Self::Index,
            id::REQUEST | id::CANCEL | id::REJECT => Self::Block,
            id::PORT => Self::Port,
            id::PIECE => Self::Piece,
            id::EXTENDED => Self::Extended,
            id::BITFIELD => Self::Bits,
            _ => Self::Unknown,
        }
    }

    /// How many bytes after the length prefix hold numbers, the id included.
    pub(crate) fn header_length(self) -> u32 {
        match self {
            Self::Empty | Self::Bits | Self::Unknown => 1,
            Self::Index => 5,
            Self::Block => 13,
            Self::Port => 3,
            Self::Piece => 9,
            Self::Extended => 2,
        }
    }

    /// Holds the length prefix of a message against what its id allows.
    pub(crate) fn check(self, id: u8, length: u32) -> Result<(), Violation> {
        let header = self.header_length();
        let fits = match self {
            Self::Empty | Self::Index | Self::Block | Self::Port => length == header,
            Self::Piece | Self::Extended | Self::Bits | Self::Unknown => length >= header,
        };
        if fits { Ok(()) } else { Err(Violation::BadLength { id, length }) }
    }
}

/// The keep-alive of BEP 3: a length prefix of zero.
pub(crate) const KEEP_ALIVE: [u8; 4] = [0; 4];

/// A message that is nothing but its id.
pub(crate) fn encode_empty(id: u8) -> [u8; 5] {
    [0, 0, 0, 1, id]
}

/// A message that names a piece.
pub(crate) fn encode_index(id: u8, index: u32) -> [u8; 9] {
    let mut bytes = [0, 0, 0, 5, id, 0, 0, 0, 0];
    bytes[5..].copy_from_slice(&index.to_be_bytes());
    bytes
}

/// A message that names a block.
pub(crate) fn encode_block(id: u8, block: Block) -> [u8; REQUEST_SIZE] {
    let mut bytes = [0; REQUEST_SIZE];
    bytes[3] = 13;
    bytes[4] = id;
    bytes[5..9].copy_from_slice(&block.piece.to_be_bytes());
    bytes[9..13].copy_from_slice(&block.offset.to_be_bytes());
    bytes[13..].copy_from_slice(&block.length.to_be_bytes());
    bytes
}

/// The port message of BEP 5.
pub(crate) fn encode_port(port: u16) -> [u8; 7] {
    let [high, low] = port.to_be_bytes();
    [0, 0, 0, 3, id::PORT, high, low]
}

/// The start of a piece message, up to its block.
pub(crate) fn encode_piece_header(block: Block) -> [u8; PIECE_HEADER_SIZE] {
    let mut bytes = [0; PIECE_HEADER_SIZE];
    bytes[..4].copy_from_slice(&block.length.wrapping_add(9).to_be_bytes());
    bytes[4] = id::PIECE;
    bytes[5..9].copy_from_slice(&block.piece.to_be_bytes());
    bytes[9..].copy_from_slice(&block.offset.to_be_bytes());
    bytes
}

/// The start of a message whose body follows: its length prefix and its id.
pub(crate) fn encode_header(id: u8, body: u32) -> [u8; 5] {
    let [a, b, c, d] = body.wrapping_add(1).to_be_bytes();
    [a, b, c, d, id]
}
