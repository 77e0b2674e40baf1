//! The peer-wire engine: one connection to one peer, without I/O, clock or randomness of its own.
//!
//! # How to drive it
//!
//! 1. Give each chunk that arrives to [`Wire::handle_chunk`]. Its [`Intake`] says how much of the
//!    chunk was framed and which part of a long payload the caller has to collect.
//! 2. Call [`Wire::poll_event`] until it gives `None`: each call applies one message, in order.
//!    Between two calls the caller may do anything to the wire. A [`Payload`] in an event names a
//!    place in that chunk, or the collected buffer, so resolve it before giving the next chunk.
//! 3. If not all of the chunk was framed, give the rest, and go on with 2.
//! 4. Send with the methods named after the messages. They add to the output; take it with
//!    [`Wire::output`] and [`Wire::take_output`], then call [`Wire::poll_event`] again:
//!    requests of the peer wait while much is unsent or unanswered, and go on as it drains. Call
//!    it likewise after [`Wire::decline`].
//! 5. When [`Wire::next_timeout`] has come, call [`Wire::poll_timeout`] until it gives `None`.
//!
//! With [`Wire::encrypt`] the crypto handshake (MSE) comes first. While [`Wire::is_negotiating`],
//! give chunks to [`Wire::handle_negotiation`]; after each of its inputs run what
//! [`Wire::poll_key_job`] gives, and poll the events. What comes after it passes
//! [`Wire::decrypt`] on its way to `handle_chunk`.
//!
//! Every method takes the time where it needs it: milliseconds of any clock that does not go back.
//!
//! # Errors
//!
//! What a peer must not do is an [`Event::Violation`], the last event of a wire. Nothing that a
//! peer sends panics, and no memory is reserved on a peer's word beyond [`Limits`].

pub mod bencode;
mod decoder;
mod encryption;
mod error;
mod event;
mod extension;
mod fast;
mod handshake;
mod inbound;
mod limits;
pub mod message;
pub mod mse;
mod outbound;
mod outbox;
mod pieces;
mod queue;
mod requests;
mod statistics;

pub use decoder::{Intake, Payload, Tail};
pub use error::Violation;
pub use event::Event;
pub use extension::{ExtensionChange, PeerExtensions};
pub use fast::AllowedFast;
pub use handshake::{HANDSHAKE_LENGTH, Handshake, Reserved};
pub use limits::Limits;
pub use message::Block;
pub use outbound::{FastDisabled, PeerChoking};
pub use outbox::Segment;
pub use pieces::Pieces;
pub use requests::{Removed, Requests};
pub use statistics::{Speed, Statistics, Traffic};

use decoder::Decoder;
use encryption::Encryption;
use outbox::Outbox;
use queue::Queue;

/// What a caller that keeps states itself may override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// We choke the peer (BEP 3).
    pub am_choking: bool,
    /// We are interested in the peer (BEP 3).
    pub am_interested: bool,
    /// The peer chokes us (BEP 3).
    pub peer_choking: bool,
    /// The fast extension is on (BEP 6).
    pub fast: bool,
}

/// One side of a connection to a peer.
pub struct Wire {
    limits: Limits,
    decoder: Decoder,
    outbox: Outbox,
    encryption: Encryption,
    /// Events of the crypto handshake, which come before all others.
    early_events: Queue<Event>,

    am_choking: bool,
    am_interested: bool,
    peer_choking: bool,
    peer_interested: bool,

    /// What our handshake announced, once it was sent.
    local: Option<Reserved>,
    /// The peer's handshake, once it came.
    peer: Option<Handshake>,
    /// Both handshakes announced BEP 6.
    fast: bool,

    peer_pieces: Pieces,
    allowed_fast: AllowedFast,
    peer_allowed_fast: AllowedFast,
    peer_extensions: PeerExtensions,

    requests: Requests,
    peer_requests: Requests,
    /// Requests of the peer that wait until output has drained and earlier ones are answered.
    waiting: Queue<Block>,
    /// The largest block that we ever asked for, in bytes.
    largest_request: u32,
    /// Bytes of output that the caller has taken, and that did not leave yet.
    undelivered: usize,
    /// Rejects that the peer provoked since the output was last empty.
    unread_rejects: u32,
    /// How long a request may stay open, in milliseconds; 0 for ever.
    request_timeout: u64,

    statistics: Statistics,
    download: Speed,
    upload: Speed,
    is_closed: bool,
}

impl Wire {
    /// A wire before its handshakes. `seed` should be random: it makes hash tables unpredictable.
    pub fn new(limits: Limits, seed: u64) -> Self {
        Self {
            limits,
            decoder: Decoder::new(),
            outbox: Outbox::default(),
            encryption: Encryption::Off,
            early_events: Queue::default(),
            am_choking: true,
            am_interested: false,
            peer_choking: true,
            peer_interested: false,
            local: None,
            peer: None,
            fast: false,
            peer_pieces: Pieces::default(),
            allowed_fast: AllowedFast::default(),
            peer_allowed_fast: AllowedFast::default(),
            peer_extensions: PeerExtensions::new(seed),
            requests: Requests::new(seed),
            peer_requests: Requests::new(seed),
            waiting: Queue::default(),
            largest_request: 0,
            undelivered: 0,
            unread_rejects: 0,
            request_timeout: 0,
            statistics: Statistics::default(),
            download: Speed::default(),
            upload: Speed::default(),
            is_closed: false,
        }
    }

    /// Ends the wire: nothing is decoded and nothing sent any more; output that waits may still
    /// be taken. Requests stay until taken with [`Wire::pop_request`].
    pub fn close(&mut self) {
        self.is_closed = true;
        self.decoder.stop();
        self.peer_requests.clear();
        self.waiting = Queue::default();
        self.early_events = Queue::default();
        self.encryption = Encryption::Off;
    }

    /// How long a request may stay open before [`Wire::poll_timeout`] gives it, in milliseconds;
    /// 0 for ever. Holds for open requests too.
    pub fn set_request_timeout(&mut self, milliseconds: u64) {
        self.request_timeout = milliseconds;
    }

    /// When the oldest request times out; `None` if none does.
    pub fn next_timeout(&self) -> Option<u64> {
        let since = self.requests.oldest_since()?;
        (self.request_timeout > 0).then(|| since.saturating_add(self.request_timeout))
    }

    /// Removes a request that has timed out at `now`, oldest first.
    pub fn poll_timeout(&mut self, now: u64) -> Option<Removed> {
        if self.request_timeout == 0 {
            return None;
        }
        self.requests.take_older(now.checked_sub(self.request_timeout)?)
    }

    /// Whether we choke the peer.
    pub fn am_choking(&self) -> bool {
        self.am_choking
    }

    /// Whether we are interested in the peer.
    pub fn am_interested(&self) -> bool {
        self.am_interested
    }

    /// Whether the peer chokes us.
    pub fn peer_choking(&self) -> bool {
        self.peer_choking
    }

    /// Whether the peer is interested in us.
    pub fn peer_interested(&self) -> bool {
        self.peer_interested
    }

    /// Whether the fast extension is on: both sides announced it (BEP 6).
    pub fn has_fast(&self) -> bool {
        self.fast
    }

    /// The peer's handshake, once it came.
    pub fn peer_handshake(&self) -> Option<&Handshake> {
        self.peer.as_ref()
    }

    /// The pieces of the peer.
    pub fn peer_pieces(&self) -> &Pieces {
        &self.peer_pieces
    }

    /// The pieces that the peer may request while we choke it (BEP 6).
    pub fn allowed_fast(&self) -> &AllowedFast {
        &self.allowed_fast
    }

    /// The pieces that we may request while the peer chokes us (BEP 6).
    pub fn peer_allowed_fast(&self) -> &AllowedFast {
        &self.peer_allowed_fast
    }

    /// The ids that the peer gave to its extensions (BEP 10).
    pub fn peer_extensions(&self) -> &PeerExtensions {
        &self.peer_extensions
    }

    /// Our open requests.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// The peer's open requests.
    pub fn peer_requests(&self) -> &Requests {
        &self.peer_requests
    }

    /// How many requests of the peer wait until output has drained and earlier ones are answered.
    pub fn waiting_requests(&self) -> usize {
        self.waiting.len()
    }

    /// What has passed.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The speed of blocks from the peer.
    pub fn download(&mut self) -> &mut Speed {
        &mut self.download
    }

    /// The speed of blocks to the peer.
    pub fn upload(&mut self) -> &mut Speed {
        &mut self.upload
    }

    /// Counts blocks that passed by another way, in the speeds alone.
    pub fn count_external(&mut self, downloaded: u64, uploaded: u64, now: u64) {
        self.download.add(downloaded, now);
        self.upload.add(uploaded, now);
    }

    /// Overrides the choke, interest and fast states, for a caller that keeps them itself.
    pub fn set_state(&mut self, state: State) {
        self.am_choking = state.am_choking;
        self.am_interested = state.am_interested;
        self.peer_choking = state.peer_choking;
        self.fast = state.fast;
    }

    /// Notes, of the caller's own knowledge, whether the peer has a piece.
    pub fn set_peer_piece(&mut self, index: u32, has: bool) {
        if index < self.limits.max_pieces {
            self.peer_pieces.set(index, has);
        }
    }

    /// Notes, of the caller's own knowledge, that the peer has all pieces, or none.
    pub fn set_peer_has_all(&mut self, all: bool) {
        if all { self.peer_pieces.set_all() } else { self.peer_pieces.set_none() }
    }

    /// Replaces what is known of the peer's pieces by a bitfield as on the wire.
    pub fn set_peer_pieces(&mut self, bitfield: &[u8]) {
        let most = self.limits.max_pieces.div_ceil(8) as usize;
        self.peer_pieces.replace(&bitfield[..bitfield.len().min(most)]);
    }

    /// Replaces the allowed-fast sets by what the caller keeps, in both directions.
    pub fn set_allowed_fast(&mut self, local: &[u32], peer: &[u32]) {
        self.allowed_fast.replace(local);
        self.peer_allowed_fast.replace(peer);
    }

    /// Makes our open requests what the caller's list has become.
    pub fn sync_requests(&mut self, blocks: &[Block], now: u64) {
        self.requests.sync(blocks, now);
    }

    /// Makes the peer's open requests what the caller's list has become.
    pub fn sync_peer_requests(&mut self, blocks: &[Block], now: u64) {
        self.peer_requests.sync(blocks, now);
    }
}
