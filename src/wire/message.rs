//! The messages of BEP 3, 5, 6, 10 and 52: one type for what is framed, sent and counted.
//!
//! A new message is a line in the table of [`Kind`]s and a variant of [`Message`]; from there on
//! the compiler asks for the rest.

use super::error::Violation;
use super::hash_range::HashRange;
use super::kind::Kind;

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

/// A message. `P` is a payload that stays with the caller, `B` a body that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message<P, B> {
    KeepAlive,
    Choke,
    Unchoke,
    Interested,
    NotInterested,
    Have(u32),
    /// Bits, one a piece.
    Bitfield(B),
    Request(Block),
    Piece {
        index: u32,
        offset: u32,
        payload: P,
    },
    Cancel(Block),
    Port(u16),
    Suggest(u32),
    HaveAll,
    HaveNone,
    Reject(Block),
    AllowedFast(u32),
    ExtendedHandshake(B),
    /// The id is the extension's, and not 0.
    Extended {
        id: u8,
        payload: P,
    },
    HashRequest(Box<HashRange>),
    Hashes {
        range: Box<HashRange>,
        payload: P,
    },
    HashReject(Box<HashRange>),
    /// The message is all after the length prefix, the id with it.
    Unknown {
        id: u8,
        message: B,
    },
}

/// A message before its payload or body, of which it knows how long they are, in bytes.
pub(crate) type Head = Message<u32, u32>;

impl<P, B> Message<P, B> {
    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::KeepAlive => Kind::KeepAlive,
            Self::Choke => Kind::Choke,
            Self::Unchoke => Kind::Unchoke,
            Self::Interested => Kind::Interested,
            Self::NotInterested => Kind::NotInterested,
            Self::Have(_) => Kind::Have,
            Self::Bitfield(_) => Kind::Bitfield,
            Self::Request(_) => Kind::Request,
            Self::Piece { .. } => Kind::Piece,
            Self::Cancel(_) => Kind::Cancel,
            Self::Port(_) => Kind::Port,
            Self::Suggest(_) => Kind::Suggest,
            Self::HaveAll => Kind::HaveAll,
            Self::HaveNone => Kind::HaveNone,
            Self::Reject(_) => Kind::Reject,
            Self::AllowedFast(_) => Kind::AllowedFast,
            Self::ExtendedHandshake(_) | Self::Extended { .. } => Kind::Extended,
            Self::HashRequest(_) => Kind::HashRequest,
            Self::Hashes { .. } => Kind::Hashes,
            Self::HashReject(_) => Kind::HashReject,
            Self::Unknown { .. } => Kind::Unknown,
        }
    }

    /// The same with another payload, or another body.
    pub(crate) fn map<Q, C>(
        self,
        payload_of: impl FnOnce(P) -> Q,
        body_of: impl FnOnce(B) -> C,
    ) -> Message<Q, C> {
        match self {
            Self::KeepAlive => Message::KeepAlive,
            Self::Choke => Message::Choke,
            Self::Unchoke => Message::Unchoke,
            Self::Interested => Message::Interested,
            Self::NotInterested => Message::NotInterested,
            Self::Have(index) => Message::Have(index),
            Self::Bitfield(body) => Message::Bitfield(body_of(body)),
            Self::Request(block) => Message::Request(block),
            Self::Piece { index, offset, payload } => {
                Message::Piece { index, offset, payload: payload_of(payload) }
            }
            Self::Cancel(block) => Message::Cancel(block),
            Self::Port(port) => Message::Port(port),
            Self::Suggest(index) => Message::Suggest(index),
            Self::HaveAll => Message::HaveAll,
            Self::HaveNone => Message::HaveNone,
            Self::Reject(block) => Message::Reject(block),
            Self::AllowedFast(index) => Message::AllowedFast(index),
            Self::ExtendedHandshake(body) => Message::ExtendedHandshake(body_of(body)),
            Self::Extended { id, payload } => {
                Message::Extended { id, payload: payload_of(payload) }
            }
            Self::HashRequest(range) => Message::HashRequest(range),
            Self::Hashes { range, payload } => {
                Message::Hashes { range, payload: payload_of(payload) }
            }
            Self::HashReject(range) => Message::HashReject(range),
            Self::Unknown { id, message } => Message::Unknown { id, message: body_of(message) },
        }
    }
}

impl Head {
    /// Reads a message up to its payload or body: its length prefix, its id, and its numbers. The
    /// length has been held against the kind.
    pub(crate) fn decode(head: &[u8], speaks_v2: bool) -> Result<Self, Violation> {
        let Some(&id) = head.get(4) else { return Ok(Self::KeepAlive) };
        let kind = Kind::from_peer(id, speaks_v2);
        let length = number(head, 0);
        let rest = length.saturating_sub(kind.header_length());
        let block =
            || Block { piece: number(head, 5), offset: number(head, 9), length: number(head, 13) };
        let range = |hashes| {
            let numbers = head.get(5..).and_then(<[u8]>::first_chunk);
            let range = HashRange::decode(numbers.unwrap_or(&[0; HashRange::SIZE]));
            range.check(id, hashes).map(|()| Box::new(range))
        };
        Ok(match kind {
            // Neither has an id.
            Kind::KeepAlive | Kind::Handshake => Self::KeepAlive,
            Kind::Choke => Self::Choke,
            Kind::Unchoke => Self::Unchoke,
            Kind::Interested => Self::Interested,
            Kind::NotInterested => Self::NotInterested,
            Kind::Have => Self::Have(number(head, 5)),
            Kind::Bitfield => Self::Bitfield(rest),
            Kind::Request => Self::Request(block()),
            Kind::Piece => {
                Self::Piece { index: number(head, 5), offset: number(head, 9), payload: rest }
            }
            Kind::Cancel => Self::Cancel(block()),
            Kind::Port => Self::Port(u16::from_be_bytes([head[5], head[6]])),
            Kind::Suggest => Self::Suggest(number(head, 5)),
            Kind::HaveAll => Self::HaveAll,
            Kind::HaveNone => Self::HaveNone,
            Kind::Reject => Self::Reject(block()),
            Kind::AllowedFast => Self::AllowedFast(number(head, 5)),
            Kind::Extended => match head[5] {
                0 => Self::ExtendedHandshake(rest),
                id => Self::Extended { id, payload: rest },
            },
            Kind::HashRequest => Self::HashRequest(range(None)?),
            Kind::Hashes => Self::Hashes { range: range(Some(rest))?, payload: rest },
            Kind::HashReject => Self::HashReject(range(None)?),
            Kind::Unknown => Self::Unknown { id, message: length },
        })
    }

    /// The bytes on the wire, up to the payload or body. Who calls it mostly knows the variant, of
    /// which little is left then.
    #[inline(always)]
    pub(crate) fn encode(&self) -> Header {
        let mut header = Header { bytes: [0; HEADER_SIZE], length: 5 };
        header.bytes[4] = self.kind().id().unwrap_or_default();
        let rest = match self {
            Self::KeepAlive => {
                header.length = 4;
                0
            }
            Self::Choke
            | Self::Unchoke
            | Self::Interested
            | Self::NotInterested
            | Self::HaveAll
            | Self::HaveNone => 0,
            Self::Have(index) | Self::Suggest(index) | Self::AllowedFast(index) => {
                header.put([index.to_be_bytes()]);
                0
            }
            Self::Request(block) | Self::Cancel(block) | Self::Reject(block) => {
                header.put([block.piece, block.offset, block.length].map(u32::to_be_bytes));
                0
            }
            Self::Port(port) => {
                header.put([port.to_be_bytes()]);
                0
            }
            Self::Piece { index, offset, payload } => {
                header.put([*index, *offset].map(u32::to_be_bytes));
                *payload
            }
            Self::ExtendedHandshake(body) => {
                header.put([[0]]);
                *body
            }
            Self::Extended { id, payload } => {
                header.put([[*id]]);
                *payload
            }
            Self::HashRequest(range) | Self::HashReject(range) => {
                header.put([range.encode()]);
                0
            }
            Self::Hashes { range, payload } => {
                header.put([range.encode()]);
                *payload
            }
            Self::Bitfield(body) => *body,
            Self::Unknown { message, .. } => {
                header.length = 4;
                *message
            }
        };
        let length = u32::from(header.length - 4).wrapping_add(rest);
        header.bytes[..4].copy_from_slice(&length.to_be_bytes());
        header
    }
}

/// The most bytes of a message before its payload or body.
pub(crate) const HEADER_SIZE: usize = 5 + HashRange::SIZE;

/// The bytes of a request, a cancel or a reject on the wire.
pub(crate) const REQUEST_SIZE: usize = 17;

/// The bytes of a message on the wire, up to its payload or body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    bytes: [u8; HEADER_SIZE],
    length: u8,
}

impl Header {
    /// Sets the numbers, which come after the id.
    #[inline]
    fn put<const LENGTH: usize, const COUNT: usize>(&mut self, numbers: [[u8; LENGTH]; COUNT]) {
        let numbers = numbers.as_flattened();
        self.bytes[5..][..numbers.len()].copy_from_slice(numbers);
        self.length = 5 + numbers.len() as u8;
    }
}

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// The big-endian number at a place.
pub(crate) fn number(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: HashRange =
        HashRange { pieces_root: [7; 32], base_layer: 1, index: 8, length: 4, proof_layers: 3 };

    /// One of each kind that has an id, with a payload or body of as many bytes as it may have.
    fn heads() -> Vec<Head> {
        let block = Block { piece: 1, offset: 2, length: 3 };
        let range = || Box::new(RANGE);
        vec![
            Head::Choke,
            Head::Unchoke,
            Head::Interested,
            Head::NotInterested,
            Head::Have(9),
            Head::Bitfield(10),
            Head::Request(block),
            Head::Piece { index: 1, offset: 2, payload: 3 },
            Head::Cancel(block),
            Head::Port(6881),
            Head::Suggest(9),
            Head::HaveAll,
            Head::HaveNone,
            Head::Reject(block),
            Head::AllowedFast(9),
            Head::Extended { id: 3, payload: 5 },
            Head::HashRequest(range()),
            Head::Hashes { range: range(), payload: 5 * 32 },
            Head::HashReject(range()),
        ]
    }

    #[test]
    fn every_message_survives_a_round_trip() {
        let heads = heads();
        assert_eq!(heads.len(), Kind::COUNT - 3);
        for head in heads.into_iter().chain([Head::ExtendedHandshake(4)]) {
            let header = head.encode();
            let bytes = header.as_ref();
            let kind = Kind::of(bytes[4]);
            assert_eq!(kind, head.kind());
            assert_eq!(kind.id(), Some(bytes[4]));
            let length = number(bytes, 0);
            assert_eq!(kind.check(bytes[4], length), Ok(()));
            assert_eq!(bytes.len(), 4 + kind.header_length() as usize);
            assert_eq!(Head::decode(bytes, true), Ok(head));
        }
    }

    #[test]
    fn kinds_stand_at_their_numbers() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
        assert_eq!((0..=u8::MAX).filter(|&id| Kind::of(id) != Kind::Unknown).count(), 19);
    }

    #[test]
    fn what_has_no_id_is_its_prefix() {
        assert_eq!(Head::KeepAlive.encode().as_ref(), [0; 4]);
        assert_eq!(Head::Unknown { id: 99, message: 300 }.encode().as_ref(), [0, 0, 1, 44]);
    }
}
