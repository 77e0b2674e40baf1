//! Cuts a stream of bytes into messages, in time linear in the bytes, for any chunking.
//!
//! What is short is kept here. What is long is not: the block of a piece and the payload of an
//! extension's message stay in the caller's chunk and are named by their place in it. Only a
//! payload that a chunk's end cuts has to be collected, and the caller does that, into a buffer
//! that it owns: see [`Intake`].

use std::collections::VecDeque;

use super::error::Violation;
use super::handshake::{HANDSHAKE_LENGTH, Handshake};
use super::limits::Limits;
use super::message::{Block, Layout, REQUEST_SIZE, id};

/// How many messages are framed ahead of their being applied.
const MAX_FRAMES: usize = 256;

/// Bytes of a kept body that are reserved before they have come.
const MAX_RESERVED: usize = 64 << 10;

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

/// A message, framed and held against its strict length, not yet applied.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Handshake(Box<Handshake>),
    KeepAlive,
    Empty { id: u8 },
    Index { id: u8, index: u32 },
    Block { id: u8, block: Block },
    Port(u16),
    Piece { index: u32, offset: u32, payload: Payload },
    Extended { id: u8, payload: Payload },
    ExtendedHandshake(Box<[u8]>),
    Bitfield(Box<[u8]>),
    Unknown(Box<[u8]>),
    Violation(Box<Violation>),
}

/// The head of a message whose payload the caller sees.
#[derive(Debug, Clone, Copy)]
enum Given {
    Piece { index: u32, offset: u32 },
    Extended { id: u8 },
}

impl Given {
    fn frame(self, payload: Payload) -> Frame {
        match self {
            Self::Piece { index, offset } => Frame::Piece { index, offset, payload },
            Self::Extended { id } => Frame::Extended { id, payload },
        }
    }
}

/// A message whose body is kept here until it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Handshake,
    ExtendedHandshake,
    Bitfield,
    Unknown,
}

#[derive(Debug)]
enum Stage {
    /// Between messages, or in the numbers at the start of one.
    Head,
    /// In a payload of the caller's; `collected` bytes of `length` are in the caller's buffer.
    Given { given: Given, length: u32, collected: u32 },
    /// In a body that is kept here.
    Kept { kept: Kept, length: u32, body: Vec<u8> },
    /// After a violation.
    Dead,
}

#[derive(Debug)]
pub(crate) struct Decoder {
    stage: Stage,
    /// The start of a message that a chunk's end cut, up to its last number: no message has more
    /// of them than a request.
    partial: [u8; REQUEST_SIZE],
    partial_length: u8,
    frames: VecDeque<Frame>,
    /// How many frames the last chunk made: what the next one probably does.
    usual_frames: u16,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Kept {
                kept: Kept::Handshake,
                length: HANDSHAKE_LENGTH as u32,
                body: Vec::new(),
            },
            partial: [0; REQUEST_SIZE],
            partial_length: 0,
            frames: VecDeque::new(),
            usual_frames: 0,
        }
    }

    /// Frames as much of the chunk as the queue takes. `longest` is the largest length prefix
    /// that is let in.
    pub(crate) fn handle_chunk(&mut self, chunk: &[u8], longest: u32, limits: &Limits) -> Intake {
        let mut intake = Intake::default();
        let mut at = 0;
        if self.frames.capacity() == 0 {
            self.frames.reserve_exact(usize::from(self.usual_frames));
        }
        while at < chunk.len() && self.frames.len() < MAX_FRAMES {
            let rest = &chunk[at..];
            if self.partial_length == 0
                && matches!(self.stage, Stage::Head)
                && let Some(taken) = self.take_whole(rest, at, longest)
            {
                at += taken;
                continue;
            }
            at += match &mut self.stage {
                Stage::Head => match self.take_head(rest, longest, limits) {
                    Ok(taken) => taken,
                    Err(violation) => {
                        self.fail(violation);
                        rest.len()
                    }
                },
                Stage::Given { given, length, collected } => {
                    let missing = (*length - *collected) as usize;
                    let taken = missing.min(rest.len());
                    if *collected == 0 && taken == missing {
                        let payload = Payload::Chunk { start: at as u32, length: *length };
                        self.frames.push_back(given.frame(payload));
                        self.stage = Stage::Head;
                    } else {
                        if *collected == 0 {
                            intake.tail = Some(Tail { start: at, length: *length });
                        } else {
                            intake.head = taken;
                        }
                        self.collect(taken as u32);
                    }
                    taken
                }
                Stage::Kept { kept, length, body } => {
                    let missing = *length as usize - body.len();
                    let taken = missing.min(rest.len());
                    body.extend_from_slice(&rest[..taken]);
                    if *kept == Kept::Handshake && !Handshake::is_prefix(body) {
                        self.fail(Violation::BadHandshake);
                    } else if taken == missing {
                        self.finish_kept();
                    }
                    taken
                }
                Stage::Dead => rest.len(),
            };
        }
        intake.consumed = at;
        self.usual_frames = self.frames.len() as u16;
        intake
    }

    /// Notes that the caller put `count` further bytes of the cut payload into its buffer itself.
    pub(crate) fn collect(&mut self, count: u32) {
        let Stage::Given { given, length, collected } = &mut self.stage else { return };
        *collected = collected.saturating_add(count).min(*length);
        if *collected == *length {
            let payload = Payload::Collected { length: *length };
            let frame = given.frame(payload);
            self.frames.push_back(frame);
            self.stage = Stage::Head;
        }
    }

    /// The next message; without one, gives back the memory of messages.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front();
        if frame.is_none() {
            self.frames = VecDeque::new();
        }
        frame
    }

    /// Takes the next message if it is a have of an index below `end`.
    #[inline]
    pub(crate) fn next_have(&mut self, end: u32) -> Option<u32> {
        match self.frames.front() {
            Some(&Frame::Index { id: id::HAVE, index }) if index < end => {
                self.frames.pop_front();
                Some(index)
            }
            _ => None,
        }
    }

    /// How many bytes of the payload under collection are still to come; 0 if there is none.
    pub(crate) fn missing(&self) -> u32 {
        match self.stage {
            Stage::Given { length, collected, .. } if collected > 0 => length - collected,
            _ => 0,
        }
    }

    /// Decodes nothing more; what was framed is dropped.
    pub(crate) fn stop(&mut self) {
        self.stage = Stage::Dead;
        self.frames = VecDeque::new();
    }

    fn fail(&mut self, violation: Violation) {
        self.stage = Stage::Dead;
        self.frames.push_back(Frame::Violation(Box::new(violation)));
    }

    /// Fills `partial` up to `needed` bytes; tells how many it took.
    fn fill_partial(&mut self, rest: &[u8], needed: usize) -> usize {
        let have = usize::from(self.partial_length);
        let taken = needed.saturating_sub(have).min(rest.len());
        self.partial[have..have + taken].copy_from_slice(&rest[..taken]);
        self.partial_length = (have + taken) as u8;
        taken
    }

    /// Takes one of the messages that come by the thousand, if `rest` begins with all of it, in one
    /// look; tells how many bytes it took. `at` is the place of `rest` in the chunk.
    fn take_whole(&mut self, rest: &[u8], at: usize, longest: u32) -> Option<usize> {
        let head = rest.first_chunk::<17>()?;
        let length = number(head, 0);
        if length > longest {
            return None;
        }
        // Each arm pushes by itself: one push of what a match gives would copy it once more.
        match (head[4], length) {
            (id::HAVE, 5) => {
                self.frames.push_back(Frame::Index { id: id::HAVE, index: number(head, 5) });
            }
            (id @ (id::REQUEST | id::CANCEL | id::REJECT), 13) => {
                self.frames.push_back(Frame::Block { id, block: block(head) });
            }
            (id::PIECE, 13..) if rest.len() - 4 >= length as usize => {
                self.frames.push_back(Frame::Piece {
                    index: number(head, 5),
                    offset: number(head, 9),
                    payload: Payload::Chunk { start: at as u32 + 13, length: length - 9 },
                });
            }
            _ => return None,
        }
        Some(4 + length as usize)
    }

    /// Takes the length prefix and the numbers of a message, from `rest` alone where it holds them
    /// all, else by way of `partial`.
    fn take_head(
        &mut self,
        rest: &[u8],
        longest: u32,
        limits: &Limits,
    ) -> Result<usize, Violation> {
        if self.partial_length == 0 {
            let needed = head_length(rest, longest, limits)?;
            if rest.len() >= needed {
                self.begin(&rest[..needed]);
                return Ok(needed);
            }
            return Ok(self.fill_partial(rest, needed));
        }
        let mut taken = 0;
        loop {
            let have = usize::from(self.partial_length);
            let needed = head_length(&self.partial[..have], longest, limits)?;
            if have == needed {
                let head = self.partial;
                self.partial_length = 0;
                self.begin(&head[..needed]);
                return Ok(taken);
            }
            if taken == rest.len() {
                return Ok(taken);
            }
            taken += self.fill_partial(&rest[taken..], needed);
        }
    }

    /// Begins the message whose length prefix, id and numbers are `head`.
    fn begin(&mut self, head: &[u8]) {
        let length = number(head, 0);
        let Some(&id) = head.get(4) else {
            self.frames.push_back(Frame::KeepAlive);
            return;
        };
        let layout = Layout::of(id);
        let body = length - layout.header_length();
        match layout {
            Layout::Empty => self.frames.push_back(Frame::Empty { id }),
            Layout::Index => self.frames.push_back(Frame::Index { id, index: number(head, 5) }),
            Layout::Block => {
                self.frames.push_back(Frame::Block { id, block: block(head) });
            }
            Layout::Port => {
                self.frames.push_back(Frame::Port(u16::from_be_bytes([head[5], head[6]])));
            }
            Layout::Piece => {
                let given = Given::Piece { index: number(head, 5), offset: number(head, 9) };
                self.begin_given(given, body);
            }
            Layout::Extended => match head[5] {
                0 => self.begin_kept(Kept::ExtendedHandshake, body, Vec::new()),
                id => self.begin_given(Given::Extended { id }, body),
            },
            Layout::Bits => self.begin_kept(Kept::Bitfield, body, Vec::new()),
            Layout::Unknown => self.begin_kept(Kept::Unknown, length, vec![id]),
        }
    }

    fn begin_given(&mut self, given: Given, length: u32) {
        if length == 0 {
            self.frames.push_back(given.frame(Payload::Collected { length }));
        } else {
            self.stage = Stage::Given { given, length, collected: 0 };
        }
    }

    fn begin_kept(&mut self, kept: Kept, length: u32, mut body: Vec<u8>) {
        body.reserve_exact((length as usize - body.len()).min(MAX_RESERVED));
        let is_whole = body.len() == length as usize;
        self.stage = Stage::Kept { kept, length, body };
        if is_whole {
            self.finish_kept();
        }
    }

    fn finish_kept(&mut self) {
        if let Stage::Kept { kept, body, .. } = std::mem::replace(&mut self.stage, Stage::Head) {
            let body = body.into_boxed_slice();
            self.frames.push_back(match kept {
                Kept::Handshake => match body.first_chunk().and_then(Handshake::decode) {
                    Some(handshake) => Frame::Handshake(Box::new(handshake)),
                    None => return self.fail(Violation::BadHandshake),
                },
                Kept::ExtendedHandshake => Frame::ExtendedHandshake(body),
                Kept::Bitfield => Frame::Bitfield(body),
                Kept::Unknown => Frame::Unknown(body),
            });
        }
    }
}

/// How many bytes the length prefix, id and numbers of a message take, as far as `head`, its
/// first bytes, tells. Refuses a message as soon as its prefix, or prefix and id, are there.
fn head_length(head: &[u8], longest: u32, limits: &Limits) -> Result<usize, Violation> {
    if head.len() < 4 {
        return Ok(4);
    }
    let length = number(head, 0);
    if length == 0 {
        return Ok(4);
    }
    if length > longest {
        return Err(Violation::MessageTooLong { length, limit: longest });
    }
    let Some(&id) = head.get(4) else { return Ok(5) };
    let layout = Layout::of(id);
    layout.check(id, length)?;
    let limit = limits.max_bitfield_length();
    if layout == Layout::Bits && length > limit {
        return Err(Violation::MessageTooLong { length, limit });
    }
    Ok(4 + layout.header_length() as usize)
}

/// The three numbers of a message that names a block.
fn block(head: &[u8]) -> Block {
    Block { piece: number(head, 5), offset: number(head, 9), length: number(head, 13) }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(number)
}
