//! To the peer: messages in, output out.

use thiserror::Error;

use super::Wire;
use super::encryption::Encryption;
use super::event::Event;
use super::handshake::{Handshake, Reserved};
use super::hash_range::HashRange;
use super::kind::Kind;
use super::message::{Block, Head};
use super::outbox::{Progress, Segment};

/// A message of BEP 6 cannot be sent: not both sides announced the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("fast extension is disabled")]
pub struct FastDisabled;

/// A request cannot be made: the peer chokes us, and did not allow the piece fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("peer is choking")]
pub struct PeerChoking;

impl Wire {
    /// BEP 3: sends the handshake, as a chunk of its own.
    pub fn handshake(&mut self, reserved: Reserved, info_hash: [u8; 20], peer_id: [u8; 20]) {
        self.local = Some(reserved);
        if reserved.v2 {
            self.decoder.set_speaks_v2();
        }
        let is_fast = reserved.fast && self.peer.is_some_and(|peer| peer.reserved.fast);
        self.choking.set_fast(is_fast);
        if !self.is_closed {
            self.count(Kind::Handshake, super::HANDSHAKE_LENGTH);
            self.put_first(&Handshake { reserved, info_hash, peer_id }.encode());
        }
    }

    /// BEP 3: keeps the connection open.
    pub fn keep_alive(&mut self) {
        self.send(&Head::KeepAlive);
    }

    /// BEP 3: chokes the peer. Its requests that wait are dropped; with the fast extension each is
    /// rejected, but for those of the pieces `allowed_fast`, which stay. Open ones are the
    /// caller's to [`Wire::decline`].
    pub fn choke(&mut self, allowed_fast: &[u32]) {
        if !self.choking.set_am_choking(true) {
            return;
        }
        self.send(&Head::Choke);
        if self.serving.waiting() == 0 {
            return;
        }
        let mut allowed = if self.choking.has_fast() { allowed_fast.to_vec() } else { Vec::new() };
        allowed.sort_unstable();
        let dropped =
            self.serving.drop_waiting(|block| allowed.binary_search(&block.piece).is_ok());
        for block in dropped {
            if let Err(violation) = self.refuse_request(block) {
                self.early_events.push(Event::Violation(violation));
                return;
            }
        }
    }

    /// BEP 3: unchokes the peer.
    pub fn unchoke(&mut self) {
        if self.choking.set_am_choking(false) {
            self.send(&Head::Unchoke);
        }
    }

    /// BEP 3: says that we want something of the peer.
    pub fn interested(&mut self) {
        if self.choking.set_am_interested(true) {
            self.send(&Head::Interested);
        }
    }

    /// BEP 3: says that we want nothing of the peer.
    pub fn not_interested(&mut self) {
        if self.choking.set_am_interested(false) {
            self.send(&Head::NotInterested);
        }
    }

    /// BEP 3: says that we have a piece.
    pub fn have(&mut self, index: u32) {
        self.send(&Head::Have(index));
    }

    /// BEP 3: says which pieces we have.
    pub fn bitfield(&mut self, bits: &[u8]) {
        let head = Head::Bitfield(bits.len() as u32);
        self.send_bytes(head.kind(), head.encode().as_ref(), bits);
    }

    /// BEP 3: asks for a block; gives the key of the request. While the peer chokes us only a piece
    /// that it allowed fast may be asked for; once the wire is closed, nothing.
    pub fn request(
        &mut self,
        block: Block,
        is_allowed_fast: bool,
        now: u64,
    ) -> Result<u32, PeerChoking> {
        if self.is_closed || !self.choking.may_request(is_allowed_fast) {
            return Err(PeerChoking);
        }
        let key = self.downloading.ask(block, now);
        self.send(&Head::Request(block));
        Ok(key)
    }

    /// BEP 3: sends a block that stays with the caller: it follows its header in the output, see
    /// [`Segment::block`]. Settles the oldest open request of the peer for it; gives its key.
    pub fn piece(&mut self, block: Block, now: u64) -> Option<u32> {
        let key = self.serving.settle(block);
        self.send_piece(block, None, now);
        key
    }

    /// As [`Wire::piece`], with the bytes of the block: where [`Wire::takes_blocks`].
    pub fn piece_bytes(&mut self, piece: u32, offset: u32, bytes: &[u8], now: u64) -> Option<u32> {
        let block = Block { piece, offset, length: bytes.len() as u32 };
        let key = self.serving.settle(block);
        self.send_piece(block, Some(bytes), now);
        key
    }

    /// BEP 3: answers the peer's request `key` with its block, which stays with the caller.
    /// `length` is that of the block given, which should be the one asked for. Gives what was asked
    /// for; `None`, and sends nothing, if there is no such request.
    pub fn answer(&mut self, key: u32, length: u32, now: u64) -> Option<Block> {
        let block = self.serving.remove(key)?;
        self.send_piece(Block { length, ..block }, None, now);
        Some(block)
    }

    /// As [`Wire::answer`], with the bytes of the block: where [`Wire::takes_blocks`].
    pub fn answer_bytes(&mut self, key: u32, bytes: &[u8], now: u64) -> Option<Block> {
        let block = self.serving.remove(key)?;
        let length = bytes.len() as u32;
        self.send_piece(Block { length, ..block }, Some(bytes), now);
        Some(block)
    }

    /// Answers the peer's request `key` in the negative: a reject under BEP 6, else nothing. Tells
    /// whether there was one.
    pub fn decline(&mut self, key: u32) -> bool {
        let Some(block) = self.serving.remove(key) else { return false };
        if self.choking.has_fast() {
            self.send(&Head::Reject(block));
        }
        true
    }

    /// Drops the peer's request `key` without a word; tells whether there was one.
    pub fn forget_peer_request(&mut self, key: u32) -> bool {
        self.serving.remove(key).is_some()
    }

    /// BEP 3: takes back the oldest request for a block; gives its key if it was open.
    pub fn cancel(&mut self, block: Block) -> Option<u32> {
        let key = self.downloading.cancel(block);
        self.send(&Head::Cancel(block));
        key
    }

    /// Drops our request `key` without a word to the peer; tells whether there was one.
    pub fn forget_request(&mut self, key: u32) -> bool {
        self.downloading.forget(key)
    }

    /// BEP 5: names the port of our DHT node.
    pub fn port(&mut self, port: u16) {
        self.send(&Head::Port(port));
    }

    /// BEP 6: suggests a piece.
    pub fn suggest(&mut self, index: u32) -> Result<(), FastDisabled> {
        self.send_fast(&Head::Suggest(index))
    }

    /// BEP 6: says that we have all pieces.
    pub fn have_all(&mut self) -> Result<(), FastDisabled> {
        self.send_fast(&Head::HaveAll)
    }

    /// BEP 6: says that we have no piece.
    pub fn have_none(&mut self) -> Result<(), FastDisabled> {
        self.send_fast(&Head::HaveNone)
    }

    /// BEP 6: rejects the oldest request of the peer for a block; gives its key if it was open.
    pub fn reject(&mut self, block: Block) -> Result<Option<u32>, FastDisabled> {
        self.send_fast(&Head::Reject(block))?;
        Ok(self.serving.settle(block))
    }

    /// BEP 6: allows the peer to request a piece while choked.
    pub fn allow_fast(&mut self, index: u32) -> Result<(), FastDisabled> {
        self.send_fast(&Head::AllowedFast(index))
    }

    /// BEP 10: sends a message of an extension, by the id that the peer gave it; 0 is the extended
    /// handshake.
    pub fn extended(&mut self, extension: u8, payload: &[u8]) {
        let length = payload.len() as u32;
        let head = match extension {
            0 => Head::ExtendedHandshake(length),
            id => Head::Extended { id, payload: length },
        };
        self.send_answer(&head, payload);
    }

    /// BEP 52: asks for hashes.
    pub fn hash_request(&mut self, range: HashRange) {
        self.send(&Head::HashRequest(Box::new(range)));
    }

    /// BEP 52: sends hashes, those of the layer first, then uncle hashes from below; see
    /// [`HashRange::takes`].
    pub fn hashes(&mut self, range: HashRange, hashes: &[u8]) {
        let head = Head::Hashes { range: Box::new(range), payload: hashes.len() as u32 };
        self.send_answer(&head, hashes);
    }

    /// BEP 52: will not send the hashes that were asked for.
    pub fn hash_reject(&mut self, range: HashRange) {
        self.send_answer(&Head::HashReject(Box::new(range)), &[]);
    }

    /// What waits to leave, in order.
    pub fn output(&self) -> impl Iterator<Item = Segment> {
        self.outbox.segments()
    }

    /// Moves the bytes of the next `count` [`Segment`]s to `out`, which is exactly as long as they
    /// are. Each segment's block is the caller's to send after the segment's bytes. Tells whether
    /// it did: the lengths have to agree, and the wire must not be encrypted.
    pub fn take_output(&mut self, count: usize, out: &mut [u8]) -> bool {
        !self.is_encrypted() && self.outbox.take(count, out)
    }

    /// Of a wire that is encrypted, writes the next [`Segment`] and its block, encrypted, to `out`,
    /// which is exactly as long as both. Tells whether it did: the lengths have to agree.
    pub fn encrypt_output(&mut self, out: &mut [u8], block: &[u8]) -> bool {
        match &mut self.encryption {
            Encryption::On(ciphers) => self.outbox.take_encrypted(&mut ciphers.encrypt, out, block),
            _ => false,
        }
    }

    /// How many bytes are not sent, blocks included.
    pub fn unsent(&self) -> usize {
        self.progress().unsent as usize
    }

    /// How many bytes of the messages that [`Wire::extended`] was given, and of answers to hash
    /// requests, are not sent.
    pub fn unsent_extended(&self) -> usize {
        self.answers.unsent(self.progress()) as usize
    }

    /// Has the peer's requests wait from now on while more than so many bytes are unsent: see
    /// [`Limits::high_water_mark`](super::Limits::high_water_mark). To be called before
    /// [`Wire::set_undelivered`].
    pub fn set_high_water_mark(&mut self, bytes: u32) {
        self.limits.high_water_mark = bytes;
    }

    /// Notes how much of the output that was taken did not leave yet, in bytes: to be called right
    /// after [`Wire::take_output`], and whenever it has changed. `now` in milliseconds.
    pub fn set_undelivered(&mut self, bytes: usize, now: u64) {
        self.outbox.set_undelivered(bytes as u64);
        let progress = self.progress();
        self.serving.observe(progress, now);
        self.answers.observe(progress);
    }

    /// How far the output has come. What is held back until the crypto handshake is done has not
    /// left.
    pub(super) fn progress(&self) -> Progress {
        let Progress { unsent, delivered } = self.outbox.progress();
        Progress { unsent: unsent + self.held() as u64, delivered }
    }

    fn send_piece(&mut self, block: Block, bytes: Option<&[u8]>, now: u64) {
        if self.is_closed {
            return;
        }
        let Block { piece: index, offset, length } = block;
        let header = Head::Piece { index, offset, payload: length }.encode();
        self.count(Kind::Piece, header.as_ref().len() + length as usize);
        self.statistics.sent.payload += u64::from(length);
        self.upload.add(u64::from(length), now);
        match bytes {
            None => self.outbox.append_block(header.as_ref(), length),
            Some(bytes) => {
                self.put(header.as_ref(), false);
                self.put(bytes, false);
            }
        }
    }

    fn send_fast(&mut self, message: &Head) -> Result<(), FastDisabled> {
        if !self.choking.has_fast() {
            return Err(FastDisabled);
        }
        self.send(message);
        Ok(())
    }

    /// Sends what a peer may have provoked, and may not read.
    fn send_answer(&mut self, head: &Head, body: &[u8]) {
        if !self.is_closed {
            let header = head.encode();
            self.answers.add(self.progress(), header.as_ref().len() + body.len());
            self.send_bytes(head.kind(), header.as_ref(), body);
        }
    }

    /// Sends a message that is all in its head.
    #[inline(always)]
    pub(super) fn send(&mut self, message: &Head) {
        self.send_bytes(message.kind(), message.encode().as_ref(), &[]);
    }

    fn send_bytes(&mut self, kind: Kind, header: &[u8], body: &[u8]) {
        if self.is_closed {
            return;
        }
        self.count(kind, header.len() + body.len());
        self.put(header, false);
        if !body.is_empty() {
            self.put(body, false);
        }
    }

    fn count(&mut self, kind: Kind, bytes: usize) {
        self.statistics.sent.count(kind);
        self.statistics.sent.bytes += bytes as u64;
    }
}
