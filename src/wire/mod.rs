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
//!    [`Wire::is_paused`] tells that messages are left all the same, which come once output has
//!    drained: give no further chunk before.
//! 4. Send with the methods named after the messages. They add to the output; take it with
//!    [`Wire::output`] and [`Wire::take_output`], say with [`Wire::set_undelivered`] what of it
//!    has not left, then call [`Wire::poll_event`] again: requests of the peer wait while much is
//!    unsent or unanswered, and go on as it drains. Call it likewise after [`Wire::decline`].
//! 5. When [`Wire::next_timeout`] has come, call [`Wire::poll_timeout`] until it gives `None`.
//!
//! # Who owns what
//!
//! The lists of requests that an application sees, the allowed-fast sets and the peer's pieces are
//! the caller's. The wire keeps requests by key, so that a message finds its own: an event names
//! the key, and a call with it sends what is under it, whatever the caller's list has become.
//!
//! With [`Wire::encrypt`] the crypto handshake (MSE) comes first. While [`Wire::is_negotiating`],
//! give chunks to [`Wire::handle_negotiation`]; after each of its inputs run what
//! [`Wire::poll_key_job`] gives, and poll the events. After it, where [`Wire::is_encrypted`], what
//! comes passes [`Wire::decrypt`] on its way to `handle_chunk`, and output is taken by
//! [`Wire::encrypt_output`].
//!
//! Every method takes the time where it needs it: milliseconds of any clock that does not go back.
//!
//! # Errors
//!
//! What a peer must not do is an [`Event::Violation`], the last event of a wire. Nothing that a
//! peer sends panics, and no memory is reserved on a peer's word beyond [`Limits`].

mod allowed_fast;
mod answers;
pub mod bencode;
mod choking;
mod decoder;
mod downloading;
mod early;
mod encryption;
mod error;
mod event;
mod extension;
pub mod guard;
mod handshake;
mod hash_range;
mod inbound;
mod intake;
mod kind;
mod ledger;
mod limits;
mod message;
pub mod mse;
mod outbound;
mod outbox;
mod queue;
mod requests;
mod serving;
mod statistics;
mod ticks;
mod waiting;
mod window;

pub use allowed_fast::allowed_fast_set;
pub use choking::State;
pub use error::Violation;
pub use event::Event;
pub use extension::{ExtendedHandshake, ExtensionChange, PeerExtensions};
pub use handshake::{HANDSHAKE_LENGTH, Handshake, Reserved};
pub use hash_range::HashRange;
pub use intake::{Intake, Payload, Tail};
pub use kind::Kind;
pub use limits::Limits;
pub use message::Block;
pub use outbound::{FastDisabled, PeerChoking};
pub use outbox::Segment;
pub use requests::Requests;
pub use statistics::{Counts, Speed, Statistics, Traffic};

use answers::Answers;
use choking::Choking;
use decoder::Decoder;
use downloading::Downloading;
use early::Early;
use encryption::Encryption;
use outbox::Outbox;
use queue::Queue;
use serving::Serving;

/// One side of a connection to a peer.
pub struct Wire {
    limits: Limits,
    decoder: Decoder,
    outbox: Outbox,
    encryption: Encryption,
    /// What is said before our handshake, where that comes first.
    early: Option<Box<Early>>,
    /// Events that come before all others: of the crypto handshake, and a violation that showed
    /// between two messages.
    early_events: Queue<Event>,

    /// What our handshake announced, once it was sent.
    local: Option<Reserved>,
    /// The peer's handshake, once it came.
    peer: Option<Handshake>,
    peer_extensions: PeerExtensions,

    choking: Choking,
    downloading: Downloading,
    serving: Serving,
    answers: Answers,

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
            early: None,
            early_events: Queue::default(),
            local: None,
            peer: None,
            peer_extensions: PeerExtensions::new(seed),
            choking: Choking::new(),
            downloading: Downloading::new(seed),
            serving: Serving::new(seed),
            answers: Answers::default(),
            statistics: Statistics::default(),
            download: Speed::default(),
            upload: Speed::default(),
            is_closed: false,
        }
    }

    /// Ends the wire: nothing is decoded and nothing sent any more, and no request is open; output
    /// that waits may still be taken.
    pub fn close(&mut self) {
        self.is_closed = true;
        self.decoder.stop();
        self.downloading.clear();
        self.serving.clear();
        self.early_events = Queue::default();
        self.stop_encryption();
    }

    /// Whether the wire was ended, by [`Wire::close`] or by a violation.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// How long a request may go unanswered before [`Wire::poll_timeout`] gives it, in
    /// milliseconds; 0 for ever. Holds for open requests too.
    pub fn set_request_timeout(&mut self, milliseconds: u64) {
        self.downloading.set_timeout(milliseconds);
    }

    /// When our oldest request is late: the timeout after it was made, or after the one before it
    /// was answered, whichever is later. `None` if it never is.
    pub fn next_timeout(&self) -> Option<u64> {
        self.downloading.next_timeout()
    }

    /// Removes our oldest request if it is late at `now`; gives its key.
    pub fn poll_timeout(&mut self, now: u64) -> Option<u32> {
        self.downloading.poll_timeout(now)
    }

    /// Whether we choke the peer.
    pub fn am_choking(&self) -> bool {
        self.choking.state().am_choking
    }

    /// Whether we are interested in the peer.
    pub fn am_interested(&self) -> bool {
        self.choking.state().am_interested
    }

    /// Whether the peer chokes us.
    pub fn peer_choking(&self) -> bool {
        self.choking.state().peer_choking
    }

    /// Whether the peer is interested in us.
    pub fn peer_interested(&self) -> bool {
        self.choking.peer_interested()
    }

    /// Overrides whether the peer is interested in us.
    pub fn set_peer_interested(&mut self, is_interested: bool) {
        self.choking.set_peer_interested(is_interested);
    }

    /// Whether the fast extension is on: both sides announced it (BEP 6).
    pub fn has_fast(&self) -> bool {
        self.choking.has_fast()
    }

    /// The peer's handshake, once it came.
    pub fn peer_handshake(&self) -> Option<&Handshake> {
        self.peer.as_ref()
    }

    /// The ids that the peer gave to its extensions (BEP 10).
    pub fn peer_extensions(&self) -> &PeerExtensions {
        &self.peer_extensions
    }

    /// Our open requests.
    pub fn requests(&self) -> &Requests {
        self.downloading.requests()
    }

    /// The peer's open requests: those that an event gave, and that were not answered.
    pub fn peer_requests(&self) -> &Requests {
        self.serving.open()
    }

    /// How many requests of the peer wait until output has drained and earlier ones are answered.
    pub fn waiting_requests(&self) -> usize {
        self.serving.waiting()
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

    /// The states that a caller may override.
    pub fn state(&self) -> State {
        self.choking.state()
    }

    /// Overrides the choke, interest and fast states.
    pub fn set_state(&mut self, state: State) {
        self.choking.set_state(state);
    }
}
