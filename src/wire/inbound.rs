//! From the peer: chunks in, events out.

use super::decoder::{Frame, Intake};
use super::error::Violation;
use super::event::Event;
use super::extension;
use super::handshake::Handshake;
use super::message::{self, Block, id};
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
        let progress = self.progress();
        if let Some((key, block)) = self.serving.poll(progress, &self.limits, now) {
            return Some(Event::Request { key, block });
        }
        if self.is_paused() {
            return None;
        }
        self.heard_extended = false;
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
        self.statistics.received.messages += 1;
        Some(index)
    }

    /// Whether [`Wire::poll_event`] gives no further message until output has drained: the peer
    /// has had extensions answer with more than [`Limits::high_water_mark`](super::Limits) and
    /// reads none of it. What is unsent of blocks never has this effect: of two peers that serve
    /// each other, each would wait for the other.
    pub fn is_paused(&self) -> bool {
        self.heard_extended
            && !self.is_closed
            && self.unsent_extended() > self.limits.high_water_mark as usize
    }

    fn longest_message(&self) -> u32 {
        let block =
            self.downloading.largest().saturating_add(message::PIECE_HEADER_SIZE as u32 - 4);
        // A length with its highest bit set was never meant as one.
        self.limits.max_message_length.max(block).min(i32::MAX as u32)
    }

    fn apply(&mut self, frame: Frame, now: u64) -> Result<Option<Event>, Violation> {
        self.statistics.received.messages += 1;
        Ok(Some(match frame {
            Frame::Piece { index, offset, payload } => self.on_piece(index, offset, payload, now),
            Frame::Block { id: id::REQUEST, block } => return self.on_request(block, now),
            Frame::Index { id: id::HAVE, index } => {
                self.check_piece(index)?;
                Event::Have(index)
            }
            Frame::Handshake(handshake) => self.on_handshake(*handshake),
            Frame::KeepAlive => Event::KeepAlive,
            Frame::Empty { id } => return self.on_empty(id).map(Some),
            Frame::Block { id: id::CANCEL, block } => self.on_cancel(block)?,
            Frame::Block { id, block } => {
                self.check_fast(id)?;
                Event::Reject { block, key: self.downloading.settle(block, now) }
            }
            Frame::Index { id: id::SUGGEST, index } => {
                self.check_fast(id::SUGGEST)?;
                self.check_piece(index)?;
                Event::Suggest(index)
            }
            Frame::Index { id, index } => {
                self.check_fast(id)?;
                self.check_piece(index)?;
                Event::AllowedFast(index)
            }
            Frame::Bitfield(bits) => Event::Bitfield(bits.into_vec()),
            Frame::Port(port) => Event::Port(port),
            Frame::ExtendedHandshake(payload) => {
                return Ok(self.on_extended_handshake(payload.into_vec()));
            }
            Frame::Extended { id, payload } => {
                if !self.peer_speaks_extended() {
                    return Ok(None);
                }
                self.heard_extended = true;
                Event::Extended { id, payload }
            }
            Frame::Unknown(message) => Event::Unknown(message.into_vec()),
            Frame::Violation(violation) => return Err(*violation),
        }))
    }

    fn on_handshake(&mut self, handshake: Handshake) -> Event {
        self.fast = handshake.reserved.fast && self.local.is_some_and(|local| local.fast);
        self.peer = Some(handshake);
        Event::Handshake(handshake)
    }

    fn on_empty(&mut self, id: u8) -> Result<Event, Violation> {
        Ok(match id {
            id::CHOKE => {
                self.peer_choking = true;
                Event::Choke
            }
            id::UNCHOKE => {
                self.peer_choking = false;
                Event::Unchoke
            }
            id::INTERESTED => {
                self.peer_interested = true;
                Event::Interested
            }
            id::NOT_INTERESTED => {
                self.peer_interested = false;
                Event::NotInterested
            }
            id::HAVE_ALL => {
                self.check_fast(id)?;
                Event::HaveAll
            }
            _ => {
                self.check_fast(id)?;
                Event::HaveNone
            }
        })
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
        if !self.am_choking {
            let key = self.admit_request(block, now)?;
            return Ok(key.map(|key| Event::Request { key, block }));
        }
        if self.fast {
            return Ok(Some(Event::RequestWhileChoking(block)));
        }
        // Without the fast extension it crossed our choke, and is lost.
        self.refuse_request(block)?;
        Ok(None)
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
        if self.fast {
            let progress = self.progress();
            self.serving.count_reject(progress, &self.limits)?;
            self.send(&message::encode_block(id::REJECT, block));
        }
        Ok(())
    }

    fn on_extended_handshake(&mut self, payload: Vec<u8>) -> Option<Event> {
        if !self.peer_speaks_extended() {
            return None;
        }
        let handshake = extension::parse_handshake(&payload)?;
        let changes = self.peer_extensions.update(&handshake);
        self.heard_extended = true;
        Some(Event::ExtendedHandshake { payload, changes })
    }

    fn peer_speaks_extended(&self) -> bool {
        self.peer.is_some_and(|peer| peer.reserved.extended)
    }

    fn check_piece(&self, index: u32) -> Result<(), Violation> {
        let limit = self.limits.max_pieces;
        if index < limit { Ok(()) } else { Err(Violation::PieceOutOfRange { index, limit }) }
    }

    fn check_fast(&self, id: u8) -> Result<(), Violation> {
        if self.fast { Ok(()) } else { Err(Violation::FastDisabled { id }) }
    }
}
