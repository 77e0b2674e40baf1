//! From the peer: chunks in, events out.

use super::choking::Verdict;
use super::decoder::Frame;
use super::error::Violation;
use super::event::Event;
use super::extension::{self, ExtendedHandshake};
use super::handshake::Handshake;
use super::intake::Intake;
use super::kind::Kind;
use super::message::{Block, Head, Message};
use super::serving::{Admission, Cancelled};
use super::{Payload, Wire};

/// Chunks are framed in parts of at most this many bytes, so that places in them fit 32 bits.
const MAX_CHUNK: usize = 1 << 30;

impl Wire {
    /// Frames a chunk of what the peer sent.
    pub fn handle_chunk(&mut self, chunk: &[u8]) -> Intake {
        let chunk = &chunk[..chunk.len().min(MAX_CHUNK)];
        let intake = self.decoder.handle_chunk(chunk, self.longest_message(), &self.limits);
        self.statistics.received.bytes += intake.consumed as u64;
        intake
    }

    /// Instead of [`Wire::handle_chunk`], for a chunk shorter than [`Wire::missing`]: the caller
    /// put its `count` bytes into the buffer under collection.
    pub fn handle_collected(&mut self, count: u32) {
        self.decoder.collect(count);
        self.statistics.received.bytes += u64::from(count);
    }

    /// How many bytes of the payload under collection are still to come.
    pub fn missing(&self) -> u32 {
        self.decoder.missing()
    }

    /// Applies the next message. `now` dates requests and blocks, in milliseconds.
    pub fn poll_event(&mut self, now: u64) -> Option<Event> {
        if self.is_closed {
            return None;
        }
        if let Some(event) = self.early_events.pop() {
            if matches!(event, Event::Violation(_)) {
                self.close();
            }
            return Some(event);
        }
        if self.serving.waiting() > 0 {
            let progress = self.progress();
            if let Some((key, block)) = self.serving.poll(progress, &self.limits, now) {
                return Some(Event::Request { key, block });
            }
        }
        if self.answers.are_due() {
            if self.is_paused() {
                return None;
            }
            self.answers.go_on();
        }
        loop {
            let frame = self.decoder.next_frame()?;
            match self.apply(frame, now) {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(violation) => {
                    self.close();
                    return Some(Event::Violation(violation));
                }
            }
        }
    }

    /// Applies the next message if it is a have: for callers that handle a run of them together.
    #[inline]
    pub fn poll_have(&mut self) -> Option<u32> {
        let index = self.decoder.next_have(self.limits.max_pieces)?;
        self.statistics.received.count(Kind::Have);
        Some(index)
    }

    /// Whether [`Wire::poll_event`] gives no further message until output has drained: the peer
    /// has had us answer extension messages and hash requests with more than
    /// [`Limits::high_water_mark`](super::Limits::high_water_mark), and reads none of it. What is
    /// unsent of blocks never has this effect: of two peers that serve each other, each would wait
    /// for the other.
    pub fn is_paused(&mut self) -> bool {
        let progress = self.progress();
        !self.is_closed && self.answers.are_too_many(progress, self.limits.high_water_mark.into())
    }

    /// To be called where [`Wire::is_paused`] and nothing has left for a second: two peers that
    /// answer each other with much would wait for each other for ever. A little more is read then.
    pub fn relieve(&mut self) {
        let progress = self.progress();
        self.answers.relieve(progress, self.limits.high_water_mark.into());
    }

    fn longest_message(&self) -> u32 {
        let block = self.downloading.largest().saturating_add(Kind::Piece.header_length());
        // A length with its highest bit set was never meant as one.
        self.limits.max_message_length.max(block).min(i32::MAX as u32)
    }

    fn apply(&mut self, frame: Frame, now: u64) -> Result<Option<Event>, Violation> {
        match frame {
            Frame::Message(message) => {
                self.statistics.received.count(message.kind());
                self.on_message(message, now)
            }
            Frame::Handshake(handshake) => {
                self.statistics.received.count(Kind::Handshake);
                Ok(Some(self.on_handshake(handshake)))
            }
            Frame::Violation(violation) => Err(*violation),
        }
    }

    fn on_message(
        &mut self,
        message: Message<Payload, Box<[u8]>>,
        now: u64,
    ) -> Result<Option<Event>, Violation> {
        let kind = message.kind();
        Ok(Some(match message {
            Message::Piece { index, offset, payload } => self.on_piece(index, offset, payload, now),
            Message::Request(block) => return self.on_request(block, now),
            Message::Have(index) => {
                self.check_piece(index)?;
                Event::Have(index)
            }
            Message::KeepAlive => Event::KeepAlive,
            Message::Choke => {
                self.choking.set_peer_choking(true);
                Event::Choke
            }
            Message::Unchoke => {
                self.choking.set_peer_choking(false);
                Event::Unchoke
            }
            Message::Interested => {
                self.choking.set_peer_interested(true);
                Event::Interested
            }
            Message::NotInterested => {
                self.choking.set_peer_interested(false);
                Event::NotInterested
            }
            Message::Bitfield(bits) => Event::Bitfield(bits.into_vec()),
            Message::Cancel(block) => self.on_cancel(block)?,
            Message::Port(port) => Event::Port(port),
            Message::Suggest(index) => {
                self.check_fast(kind)?;
                self.check_piece(index)?;
                Event::Suggest(index)
            }
            Message::HaveAll => {
                self.check_fast(kind)?;
                Event::HaveAll
            }
            Message::HaveNone => {
                self.check_fast(kind)?;
                Event::HaveNone
            }
            Message::Reject(block) => {
                self.check_fast(kind)?;
                Event::Reject { block, key: self.downloading.settle(block, now) }
            }
            Message::AllowedFast(index) => {
                self.check_fast(kind)?;
                self.check_piece(index)?;
                Event::AllowedFast(index)
            }
            Message::ExtendedHandshake(payload) => {
                return Ok(self.on_extended_handshake(payload.into_vec()));
            }
            Message::Extended { id, payload } => {
                if !self.peer_speaks_extended() {
                    return Ok(None);
                }
                self.answers.expect();
                Event::Extended { id, payload }
            }
            Message::HashRequest(range) => {
                self.answers.expect();
                Event::HashRequest(range)
            }
            Message::Hashes { range, payload } => Event::Hashes { range, payload },
            Message::HashReject(range) => Event::HashReject(range),
            Message::Unknown { message, .. } => Event::Unknown(message.into_vec()),
        }))
    }

    fn on_handshake(&mut self, handshake: Box<Handshake>) -> Event {
        let is_fast = handshake.reserved.fast && self.local.is_some_and(|local| local.fast);
        self.choking.set_fast(is_fast);
        self.peer = Some(*handshake);
        Event::Handshake(handshake)
    }

    fn on_piece(&mut self, index: u32, offset: u32, payload: Payload, now: u64) -> Event {
        let length = payload.length();
        let key = self.downloading.settle(Block { piece: index, offset, length }, now);
        self.statistics.received.payload += u64::from(length);
        if key.is_some() {
            self.download.add(u64::from(length), now);
        } else {
            // What nobody asked for must not make a peer look fast.
            self.statistics.unsolicited_pieces += 1;
            self.statistics.unsolicited_bytes += u64::from(length);
        }
        Event::Piece { index, offset, payload, key }
    }

    fn on_request(&mut self, block: Block, now: u64) -> Result<Option<Event>, Violation> {
        Ok(match self.choking.verdict() {
            Verdict::Served => {
                self.admit_request(block, now)?.map(|key| Event::Request { key, block })
            }
            Verdict::Judged => Some(Event::RequestWhileChoking(block)),
            Verdict::Lost => {
                self.refuse_request(block)?;
                None
            }
        })
    }

    /// Answers [`Event::RequestWhileChoking`] of a piece that is allowed fast: as any other
    /// request, it is open now, under the key that this gives, or waits, or is one too many.
    pub fn admit(&mut self, block: Block, now: u64) -> Option<u32> {
        if self.is_closed {
            return None;
        }
        self.admit_request(block, now).unwrap_or_else(|violation| {
            self.early_events.push(Event::Violation(violation));
            None
        })
    }

    /// Answers [`Event::RequestWhileChoking`] in the negative: with a reject.
    pub fn refuse(&mut self, block: Block) {
        if !self.is_closed
            && let Err(violation) = self.refuse_request(block)
        {
            self.early_events.push(Event::Violation(violation));
        }
    }

    fn admit_request(&mut self, block: Block, now: u64) -> Result<Option<u32>, Violation> {
        let progress = self.progress();
        match self.serving.admit(block, progress, &self.limits, now) {
            Admission::Open(key) => return Ok(Some(key)),
            Admission::Waits => {}
            Admission::Full => self.refuse_request(block)?,
        }
        Ok(None)
    }

    fn on_cancel(&mut self, block: Block) -> Result<Event, Violation> {
        let key = match self.serving.cancel(block) {
            Cancelled::Unknown => return Ok(Event::Cancel { block, key: None }),
            Cancelled::Open(key) => Some(key),
            Cancelled::Waiting => None,
        };
        // BEP 6: a cancelled request still gets its one answer.
        self.refuse_request(block)?;
        Ok(Event::Cancel { block, key })
    }

    /// Answers a request, without a word of the caller, with a reject where the peer knows of
    /// rejects.
    pub(super) fn refuse_request(&mut self, block: Block) -> Result<(), Violation> {
        self.statistics.refused_requests += 1;
        if self.choking.has_fast() {
            let progress = self.progress();
            self.serving.count_reject(progress, &self.limits)?;
            self.send(&Head::Reject(block));
        }
        Ok(())
    }

    fn on_extended_handshake(&mut self, payload: Vec<u8>) -> Option<Event> {
        if !self.peer_speaks_extended() {
            return None;
        }
        let dictionary = extension::parse_handshake(&payload)?.into_owned();
        let changes = self.peer_extensions.update(&dictionary);
        self.answers.expect();
        Some(Event::ExtendedHandshake(Box::new(ExtendedHandshake { payload, dictionary, changes })))
    }

    fn peer_speaks_extended(&self) -> bool {
        self.peer.is_some_and(|peer| peer.reserved.extended)
    }

    fn check_piece(&self, index: u32) -> Result<(), Violation> {
        let limit = self.limits.max_pieces;
        if index < limit { Ok(()) } else { Err(Violation::PieceOutOfRange { index, limit }) }
    }

    fn check_fast(&self, kind: Kind) -> Result<(), Violation> {
        let id = kind.id().unwrap_or_default();
        if self.choking.has_fast() { Ok(()) } else { Err(Violation::FastDisabled { id }) }
    }
}
