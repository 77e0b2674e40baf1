//! From the peer: chunks in, events out.

use super::decoder::{Frame, Intake};
use super::error::Violation;
use super::event::Event;
use super::extension;
use super::handshake::Handshake;
use super::limits::Limits;
use super::message::{self, Block, id};
use super::requests::Removed;
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

    /// Applies the next message. `now` dates blocks, in milliseconds.
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
        if let Some(event) = self.poll_waiting(now) {
            return Some(event);
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

    /// Applies the next message if it is a have that is news: for callers that handle a run of
    /// them together.
    #[inline]
    pub fn poll_have(&mut self) -> Option<u32> {
        while let Some(index) = self.decoder.next_have(self.limits.max_pieces) {
            self.statistics.received.messages += 1;
            if self.peer_pieces.set(index, true) {
                return Some(index);
            }
        }
        None
    }

    fn longest_message(&self) -> u32 {
        let block = self.largest_request.saturating_add(message::PIECE_HEADER_SIZE as u32 - 4);
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
                if !self.peer_pieces.set(index, true) {
                    return Ok(None);
                }
                Event::Have(index)
            }
            Frame::Handshake(handshake) => self.on_handshake(*handshake),
            Frame::KeepAlive => Event::KeepAlive,
            Frame::Empty { id } => return self.on_empty(id).map(Some),
            Frame::Block { id: id::CANCEL, block } => self.on_cancel(block)?,
            Frame::Block { id, block } => {
                self.check_fast(id)?;
                Event::Reject { block, request: self.requests.take(block) }
            }
            Frame::Index { id: id::SUGGEST, index } => {
                self.check_fast(id::SUGGEST)?;
                self.check_piece(index)?;
                Event::Suggest(index)
            }
            Frame::Index { id, index } => {
                self.check_fast(id)?;
                self.check_piece(index)?;
                let set = &mut self.peer_allowed_fast;
                if set.len() >= Limits::ALLOWED_FAST && !set.contains(index) {
                    return Ok(None);
                }
                set.insert(index);
                Event::AllowedFast(index)
            }
            Frame::Bitfield(bits) => {
                self.peer_pieces.replace(&bits);
                Event::Bitfield(bits.into_vec())
            }
            Frame::Port(port) => Event::Port(port),
            Frame::ExtendedHandshake(payload) => {
                return Ok(self.on_extended_handshake(payload.into_vec()));
            }
            Frame::Extended { id, payload } => {
                if !self.peer_speaks_extended() {
                    return Ok(None);
                }
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
                self.peer_pieces.set_all();
                Event::HaveAll
            }
            _ => {
                self.check_fast(id)?;
                self.peer_pieces.set_none();
                Event::HaveNone
            }
        })
    }

    fn on_piece(&mut self, index: u32, offset: u32, payload: Payload, now: u64) -> Event {
        let length = payload.length();
        let request = self.requests.take(Block { piece: index, offset, length });
        self.statistics.received.payload += u64::from(length);
        if request.is_some() {
            self.download.add(u64::from(length), now);
        } else {
            // What nobody asked for must not make a peer look fast.
            self.statistics.unsolicited_pieces += 1;
            self.statistics.unsolicited_bytes += u64::from(length);
        }
        Event::Piece { index, offset, payload, request }
    }

    fn on_request(&mut self, block: Block, now: u64) -> Result<Option<Event>, Violation> {
        if self.am_choking && !(self.fast && self.allowed_fast.contains(block.piece)) {
            // BEP 6: a request while choked SHOULD be rejected; without the extension it is lost.
            self.refuse(block)?;
            return Ok(None);
        }
        let open = self.peer_requests.len() + self.waiting.len();
        if open >= self.limits.max_peer_requests as usize {
            self.refuse(block)?;
            return Ok(None);
        }
        if !self.waiting.is_empty() || self.is_busy() {
            self.waiting.push(block);
            return Ok(None);
        }
        Ok(Some(self.open_request(block, now)))
    }

    fn poll_waiting(&mut self, now: u64) -> Option<Event> {
        if self.waiting.is_empty() || self.is_busy() {
            return None;
        }
        let block = self.waiting.pop()?;
        Some(self.open_request(block, now))
    }

    fn open_request(&mut self, block: Block, now: u64) -> Event {
        Event::Request { key: self.peer_requests.push(block, now), block }
    }

    fn on_cancel(&mut self, block: Block) -> Result<Event, Violation> {
        let request = self.peer_requests.take(block);
        let was_waiting = request.is_none() && self.waiting.remove(&block);
        if request.is_some() || was_waiting {
            // BEP 6: a cancelled request still gets its one answer.
            self.refuse(block)?;
        }
        Ok(Event::Cancel { block, request })
    }

    /// Answers a request with a reject where the peer knows of rejects.
    pub(super) fn refuse(&mut self, block: Block) -> Result<(), Violation> {
        self.statistics.refused_requests += 1;
        if !self.fast {
            return Ok(());
        }
        if self.unsent() == 0 {
            self.unread_rejects = 0;
        }
        if self.unread_rejects >= self.limits.max_unread_rejects() {
            return Err(Violation::TooManyRequests { count: self.unread_rejects });
        }
        self.unread_rejects += 1;
        self.send(&message::encode_block(id::REJECT, block));
        Ok(())
    }

    fn on_extended_handshake(&mut self, payload: Vec<u8>) -> Option<Event> {
        if !self.peer_speaks_extended() {
            return None;
        }
        let handshake = extension::parse_handshake(&payload)?;
        let changes = self.peer_extensions.update(&handshake);
        Some(Event::ExtendedHandshake { payload, changes })
    }

    fn peer_speaks_extended(&self) -> bool {
        self.peer.is_some_and(|peer| peer.reserved.extended)
    }

    /// Whether requests of the peer wait: for output to drain, or for the caller to answer those
    /// that it has. Of a caller that answers late, output alone would hold nothing back: it is
    /// empty until all the answers come at once.
    fn is_busy(&self) -> bool {
        let unsent = self.unsent() as u64;
        let limit = u64::from(self.limits.high_water_mark);
        unsent > limit || unsent + self.peer_requests.bytes() >= 2 * limit
    }

    fn check_piece(&self, index: u32) -> Result<(), Violation> {
        let limit = self.limits.max_pieces;
        if index < limit { Ok(()) } else { Err(Violation::PieceOutOfRange { index, limit }) }
    }

    fn check_fast(&self, id: u8) -> Result<(), Violation> {
        if self.fast { Ok(()) } else { Err(Violation::FastDisabled { id }) }
    }

    /// Removes our last request in order.
    pub fn pop_request(&mut self) -> Option<Removed> {
        self.requests.pop()
    }
}
