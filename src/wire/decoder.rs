//! Cuts a stream of bytes into messages, in time linear in the bytes, for any chunking.
//!
//! What is short is kept here. What is long is not: the block of a piece and the payload of an
//! extension's message stay in the caller's chunk and are named by their place in it. Only a
//! payload that a chunk's end cuts has to be collected, and the caller does that, into a buffer
//! that it owns: see [`Intake`].

use std::collections::VecDeque;

use super::error::Violation;
use super::handshake::{HANDSHAKE_LENGTH, Handshake};
use super::intake::{Intake, Payload, Tail};
use super::kind::Kind;
use super::limits::Limits;
use super::message::{Block, HEADER_SIZE, Head, Message, number};

/// How many messages are framed ahead of their being applied.
const MAX_FRAMES: usize = 256;

/// Bytes of a kept body that are reserved before they have come.
const MAX_RESERVED: usize = 64 << 10;

/// What was framed and held against its strict length, and is not yet applied.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Handshake(Box<Handshake>),
    Message(Message<Payload, Box<[u8]>>),
    Violation(Box<Violation>),
}

#[derive(Debug)]
enum Stage {
    /// Between messages, or in the numbers at the start of one.
    Head,
    /// In the payload of `head`; `collected` bytes of `length` are in the caller's buffer.
    Payload { head: Head, length: u32, collected: u32 },
    /// In the body of `head`, which is kept here until it is applied; without one, in the
    /// handshake.
    Body { head: Option<Head>, length: u32, body: Vec<u8> },
    /// After a violation.
    Dead,
}

#[derive(Debug)]
pub(crate) struct Decoder {
    stage: Stage,
    /// The start of a message that a chunk's end cut, up to its last number.
    partial: [u8; HEADER_SIZE],
    partial_length: u8,
    frames: VecDeque<Frame>,
    /// How many frames the last chunk made: what the next one probably does.
    last_frames: u16,
    /// A handshake announced BEP 52, the peer's or ours.
    speaks_v2: bool,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Body { head: None, length: HANDSHAKE_LENGTH as u32, body: Vec::new() },
            partial: [0; HEADER_SIZE],
            partial_length: 0,
            frames: VecDeque::new(),
            last_frames: 0,
            speaks_v2: false,
        }
    }

    /// The torrent is one of BitTorrent v2: our handshake says so. A peer's need not, if it names the
    /// torrent by its v2 info hash: libtorrent then leaves the bit out.
    pub(crate) fn set_speaks_v2(&mut self) {
        self.speaks_v2 = true;
    }

    /// Frames as much of the chunk as the queue takes. `longest` is the largest length prefix
    /// that is let in.
    pub(crate) fn handle_chunk(&mut self, chunk: &[u8], longest: u32, limits: &Limits) -> Intake {
        let mut intake = Intake::default();
        let mut at = 0;
        if self.frames.capacity() == 0 {
            self.frames.reserve_exact(usize::from(self.last_frames));
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
                Stage::Payload { length, collected, .. } => {
                    let missing = (*length - *collected) as usize;
                    let taken = missing.min(rest.len());
                    if *collected == 0 && taken == missing {
                        let payload = Payload::Chunk { start: at as u32, length: *length };
                        self.finish_payload(payload);
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
                Stage::Body { head, length, body } => {
                    let missing = *length as usize - body.len();
                    let taken = missing.min(rest.len());
                    body.extend_from_slice(&rest[..taken]);
                    if head.is_none() && !Handshake::is_prefix(body) {
                        self.fail(Violation::BadHandshake);
                    } else if taken == missing {
                        self.finish_body();
                    }
                    taken
                }
                Stage::Dead => rest.len(),
            };
        }
        intake.consumed = at;
        self.last_frames = self.frames.len() as u16;
        intake
    }

    /// Notes that the caller put `count` further bytes of the cut payload into its buffer itself.
    pub(crate) fn collect(&mut self, count: u32) {
        let Stage::Payload { length, collected, .. } = &mut self.stage else { return };
        *collected = collected.saturating_add(count).min(*length);
        if *collected == *length {
            let payload = Payload::Collected { length: *length };
            self.finish_payload(payload);
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
            Some(&Frame::Message(Message::Have(index))) if index < end => {
                self.frames.pop_front();
                Some(index)
            }
            _ => None,
        }
    }

    /// How many bytes of the payload under collection are still to come; 0 if there is none.
    pub(crate) fn missing(&self) -> u32 {
        match self.stage {
            Stage::Payload { length, collected, .. } if collected > 0 => length - collected,
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
        let block =
            || Block { piece: number(head, 5), offset: number(head, 9), length: number(head, 13) };
        // Each arm pushes by itself: one push of what a match gives would copy it once more.
        match (Kind::of(head[4]), length) {
            (Kind::Have, 5) => self.push(Message::Have(number(head, 5))),
            (Kind::Request, 13) => self.push(Message::Request(block())),
            (Kind::Cancel, 13) => self.push(Message::Cancel(block())),
            (Kind::Reject, 13) => self.push(Message::Reject(block())),
            (Kind::Piece, 13..) if rest.len() - 4 >= length as usize => {
                self.push(Message::Piece {
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
            let needed = head_length(rest, self.speaks_v2, longest, limits)?;
            if rest.len() >= needed {
                self.begin(Head::decode(&rest[..needed], self.speaks_v2)?);
                return Ok(needed);
            }
            return Ok(self.fill_partial(rest, needed));
        }
        let mut taken = 0;
        loop {
            let have = usize::from(self.partial_length);
            let needed = head_length(&self.partial[..have], self.speaks_v2, longest, limits)?;
            if have == needed {
                self.partial_length = 0;
                self.begin(Head::decode(&self.partial[..needed], self.speaks_v2)?);
                return Ok(taken);
            }
            if taken == rest.len() {
                return Ok(taken);
            }
            taken += self.fill_partial(&rest[taken..], needed);
        }
    }

    /// Begins a message, whose payload or body comes next.
    fn begin(&mut self, head: Head) {
        match head {
            Head::Piece { payload, .. }
            | Head::Extended { payload, .. }
            | Head::Hashes { payload, .. } => {
                self.stage = Stage::Payload { head, length: payload, collected: 0 };
                if payload == 0 {
                    self.finish_payload(Payload::Collected { length: 0 });
                }
            }
            Head::Bitfield(length) | Head::ExtendedHandshake(length) => {
                self.begin_body(head, length, Vec::new());
            }
            Head::Unknown { id, message } => self.begin_body(head, message, vec![id]),
            Head::KeepAlive
            | Head::Choke
            | Head::Unchoke
            | Head::Interested
            | Head::NotInterested
            | Head::Have(_)
            | Head::Request(_)
            | Head::Cancel(_)
            | Head::Port(_)
            | Head::Suggest(_)
            | Head::HaveAll
            | Head::HaveNone
            | Head::Reject(_)
            | Head::AllowedFast(_)
            | Head::HashRequest(_)
            | Head::HashReject(_) => {
                self.push_head(head, Payload::Collected { length: 0 }, [].into())
            }
        }
    }

    fn begin_body(&mut self, head: Head, length: u32, mut body: Vec<u8>) {
        body.reserve_exact((length as usize - body.len()).min(MAX_RESERVED));
        let is_whole = body.len() == length as usize;
        self.stage = Stage::Body { head: Some(head), length, body };
        if is_whole {
            self.finish_body();
        }
    }

    fn finish_payload(&mut self, payload: Payload) {
        if let Stage::Payload { head, .. } = std::mem::replace(&mut self.stage, Stage::Head) {
            self.push_head(head, payload, [].into());
        }
    }

    fn finish_body(&mut self) {
        let Stage::Body { head, body, .. } = std::mem::replace(&mut self.stage, Stage::Head) else {
            return;
        };
        match (head, body.first_chunk().and_then(Handshake::decode)) {
            (Some(head), _) => {
                self.push_head(head, Payload::Collected { length: 0 }, body.into_boxed_slice());
            }
            (None, Some(handshake)) => {
                self.speaks_v2 |= handshake.reserved.v2;
                self.frames.push_back(Frame::Handshake(Box::new(handshake)));
            }
            (None, None) => self.fail(Violation::BadHandshake),
        }
    }

    /// Frames a message of which all is there.
    fn push_head(&mut self, head: Head, payload: Payload, body: Box<[u8]>) {
        self.push(head.map(|_| payload, |_| body));
    }

    #[inline]
    fn push(&mut self, message: Message<Payload, Box<[u8]>>) {
        self.frames.push_back(Frame::Message(message));
    }
}

/// How many bytes the length prefix, id and numbers of a message take, as far as `head`, its
/// first bytes, tells. Refuses a message as soon as its prefix, or prefix and id, are there.
fn head_length(
    head: &[u8],
    speaks_v2: bool,
    longest: u32,
    limits: &Limits,
) -> Result<usize, Violation> {
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
    let kind = Kind::from_peer(id, speaks_v2);
    kind.check(id, length)?;
    let limit = limits.max_bitfield_length();
    if kind == Kind::Bitfield && length > limit {
        return Err(Violation::MessageTooLong { length, limit });
    }
    Ok(4 + kind.header_length() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_no_longer_than_that_of_a_piece() {
        assert_eq!(size_of::<Frame>(), 24);
    }
}
