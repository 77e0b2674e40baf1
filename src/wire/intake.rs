//! What the decoder tells of a chunk, and where payloads are.

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intake {
    /// How many bytes were framed. If fewer than given, poll the events, then give the rest again.
    pub consumed: usize,
    /// How many bytes at the start of what was given belong to the payload under collection: the
    /// caller appends them to its buffer.
    pub head: usize,
    /// A payload that begins in this chunk and goes on in the next: the caller makes a buffer for
    /// it and copies what is there.
    pub tail: Option<Tail>,
}

/// The part of a cut payload that a chunk ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Where the payload begins in what was given, in bytes; it reaches to the end.
    pub start: usize,
    /// How long the whole payload is, in bytes.
    pub length: u32,
}

/// Where a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// In the chunk that was given last.
    Chunk {
        /// Where it begins in what was given, in bytes.
        start: u32,
        /// How long it is, in bytes.
        length: u32,
    },
    /// In the buffer that the caller collected.
    Collected {
        /// How long it is, in bytes.
        length: u32,
    },
}

impl Payload {
    /// How long the payload is, in bytes.
    pub fn length(self) -> u32 {
        match self {
            Self::Chunk { length, .. } | Self::Collected { length } => length,
        }
    }
}
