//! Packets as BEP 29 lays them out.

/// What every packet begins with, in bytes.
pub(crate) const HEADER_LENGTH: usize = 20;

const VERSION: u8 = 1;
const SELECTIVE_ACK: u8 = 1;

/// `type` of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `ST_DATA`
    Data,
    /// `ST_FIN`
    Fin,
    /// `ST_STATE`
    State,
    /// `ST_RESET`
    Reset,
    /// `ST_SYN`
    Syn,
}

impl Kind {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Data,
            1 => Self::Fin,
            2 => Self::State,
            3 => Self::Reset,
            4 => Self::Syn,
            _ => return None,
        })
    }
}

/// The header, but for its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) connection_id: u16,
    /// When it was sent, in microseconds of the sender's clock.
    pub(crate) timestamp: u32,
    /// `timestamp_difference_microseconds`: how long the last packet of the other end took, by two
    /// clocks.
    pub(crate) timestamp_difference: u32,
    /// How many bytes more the sender takes.
    pub(crate) window: u32,
    /// `seq_nr`
    pub(crate) sequence: u16,
    /// `ack_nr`
    pub(crate) acknowledged: u16,
}

/// A packet that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) header: Header,
    /// The bits of the selective acknowledgement; empty without one.
    pub(crate) selective: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// `None` for what is no packet of BEP 29.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (fixed, mut rest) = bytes.split_first_chunk::<HEADER_LENGTH>()?;
        if fixed[0] & 0x0f != VERSION {
            return None;
        }
        let short = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let long =
            |at| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let header = Header {
            kind: Kind::from_bits(fixed[0] >> 4)?,
            connection_id: short(2),
            timestamp: long(4),
            timestamp_difference: long(8),
            window: long(12),
            sequence: short(16),
            acknowledged: short(18),
        };
        let mut selective: &[u8] = &[];
        let mut extension = fixed[1];
        while extension != 0 {
            let (&[next, length], after) = rest.split_first_chunk::<2>()?;
            let (data, after) = after.split_at_checked(length.into())?;
            if extension == SELECTIVE_ACK {
                selective = data;
            }
            extension = next;
            rest = after;
        }
        Some(Self { header, selective, payload: rest })
    }
}

impl Header {
    /// Adds it to `bytes`, with a selective acknowledgement unless that is empty.
    pub(crate) fn write(&self, selective: &[u8], bytes: &mut Vec<u8>) {
        let extension = if selective.is_empty() { 0 } else { SELECTIVE_ACK };
        bytes.extend_from_slice(&[(self.kind as u8) << 4 | VERSION, extension]);
        bytes.extend_from_slice(&self.connection_id.to_be_bytes());
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        bytes.extend_from_slice(&self.timestamp_difference.to_be_bytes());
        bytes.extend_from_slice(&self.window.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.acknowledged.to_be_bytes());
        if !selective.is_empty() {
            bytes.extend_from_slice(&[0, selective.len() as u8]);
            bytes.extend_from_slice(selective);
        }
    }
}
