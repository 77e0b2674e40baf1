//! One connection of BEP 29, without I/O or a clock of its own.
//!
//! Give it packets with [`Session::handle`] and the time with [`Session::handle_timeout`] when
//! [`Session::deadline`] has come. After each of them, and after reads and writes, send what
//! [`Session::poll_transmit`] names, until it names nothing. Times are microseconds of any clock
//! that does not go back.

use std::io::ErrorKind;

use super::congestion::Congestion;
use super::packet::{Header, Kind, Packet};
use super::receiving::{Received, Receiving, WINDOW};
use super::round_trip::RoundTrip;
use super::sending::Sending;

const SECOND: u64 = 1_000_000;

/// A SYN is sent so many times, each after twice the time.
const MAX_SYNS: u32 = 3;
/// How long an acknowledgement may wait for another packet, or for data to go with.
const ACK_DELAY: u64 = 40_000;
/// The peer owes an answer and sends nothing for so long: it is lost.
const SILENCE: u64 = 30 * SECOND;
/// How long an accepted connection may take until the peer has shown that it hears us.
const HALF_OPEN: u64 = 10 * SECOND;
/// How often something is sent at least, so that translators of addresses keep the way open.
const KEEP_ALIVE: u64 = 29 * SECOND;
/// After our side was dropped: how long what is left may take, without a word from the peer and
/// at all.
const LINGER_SILENCE: u64 = 10 * SECOND;
const LINGER: u64 = 60 * SECOND;
/// How long the end of a peer is waited for that has acknowledged ours and may not know that
/// nobody reads.
const LAST_END: u64 = 3 * SECOND;
/// How long an end of the peer is acknowledged that comes again.
const TIME_WAIT: u64 = SECOND;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// We connect: the peer has not answered.
    SynSent,
    /// The peer connects, and has not shown that it hears us.
    SynReceived,
    /// Bytes go both ways.
    Connected,
    /// It is over.
    Closed,
}

/// A packet to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transmit {
    Syn,
    Reset,
    Segment(usize),
    State,
    KeepAlive,
}

/// The state of a connection.
pub(super) struct Session {
    phase: Phase,
    fault: Option<ErrorKind>,
    /// What packets to us are named by, and what ours are.
    receive_id: u16,
    send_id: u16,
    receiving: Receiving,
    sending: Sending,
    congestion: Congestion,
    round_trip: RoundTrip,
    /// How many bytes the peer takes.
    peer_window: usize,
    /// What we tell the peer of its last packet.
    their_delay: u32,
    /// The window that we told the peer last.
    told_window: usize,
    /// Packets that came in order since we acknowledged.
    unacknowledged: u32,
    needs_ack: bool,
    needs_reset: bool,
    needs_syn: bool,
    needs_keep_alive: bool,
    /// The peer takes nothing: one packet finds out whether that is still so.
    needs_probe: bool,
    syns: u32,
    /// The congestion window has kept back what there is to send.
    is_limited: bool,
    heard_at: u64,
    sent_at: u64,
    /// Since when an answer is missing.
    waiting_since: u64,
    ack_at: Option<u64>,
    retry_at: Option<u64>,
    probe_at: Option<u64>,
    close_at: Option<u64>,
    dropped_at: Option<u64>,
}

impl Session {
    /// Connects. `packet` is what one packet carries.
    pub(super) fn connect(now: u64, id: u16, sequence: u16, packet: usize) -> Self {
        // The SYN has a number of its own.
        let sending = Sending::new(sequence.wrapping_add(1), packet);
        let ids = (id, id.wrapping_add(1));
        let mut session = Self::new(Phase::SynSent, now, ids, sending, 0, packet);
        session.needs_syn = true;
        session
    }

    /// Answers a SYN.
    pub(super) fn accept(now: u64, syn: &Header, sequence: u16, packet: usize) -> Self {
        let sending = Sending::new(sequence, packet);
        let ids = (syn.connection_id.wrapping_add(1), syn.connection_id);
        let mut session = Self::new(Phase::SynReceived, now, ids, sending, syn.sequence, packet);
        session.their_delay = (now as u32).wrapping_sub(syn.timestamp);
        session.peer_window = syn.window as usize;
        session.needs_ack = true;
        session.close_at = Some(now + HALF_OPEN);
        session
    }

    fn new(
        phase: Phase,
        now: u64,
        (receive_id, send_id): (u16, u16),
        sending: Sending,
        acknowledged: u16,
        packet: usize,
    ) -> Self {
        Self {
            phase,
            fault: None,
            receive_id,
            send_id,
            receiving: Receiving::new(acknowledged),
            sending,
            congestion: Congestion::new(packet),
            round_trip: RoundTrip::default(),
            peer_window: WINDOW,
            their_delay: 0,
            told_window: WINDOW,
            unacknowledged: 0,
            needs_ack: false,
            needs_reset: false,
            needs_syn: false,
            needs_keep_alive: false,
            needs_probe: false,
            syns: 0,
            is_limited: false,
            heard_at: now,
            sent_at: now,
            waiting_since: now,
            ack_at: None,
            retry_at: None,
            probe_at: None,
            close_at: None,
            dropped_at: None,
        }
    }

    //
    // THE USER'S SIDE
    //

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn fault(&self) -> Option<ErrorKind> {
        self.fault
    }

    /// What our packets are named by.
    pub(super) fn send_id(&self) -> u16 {
        self.send_id
    }

    /// Both sides have ended: it only waits for an end that may come again.
    pub(super) fn is_at_rest(&self) -> bool {
        let is_done = self.sending.is_done() && self.receiving.has_ended() && !self.needs_ack;
        self.phase == Phase::Connected && self.dropped_at.is_some() && is_done
    }

    /// A read would give bytes, the end or a fault.
    pub(super) fn is_readable(&self) -> bool {
        self.receiving.len() > 0 || self.receiving.has_ended() || self.phase == Phase::Closed
    }

    /// A write would take something, or give a fault.
    pub(super) fn is_writable(&self) -> bool {
        self.sending.room() > 0 || self.phase == Phase::Closed
    }

    /// Copies what came first into `bytes`. `None` if there is nothing, and nothing has ended.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let length = self.receiving.read(bytes);
        // A peer that was told of little room waits to be told of more.
        let window = self.receiving.window();
        if self.told_window < WINDOW / 2 && window >= self.told_window + WINDOW / 4 {
            self.needs_ack = true;
        }
        (length > 0 || self.receiving.has_ended()).then_some(length)
    }

    /// Takes bytes as far as there is room; gives how many.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let length = bytes.len().min(self.sending.room());
        self.sending.add(&bytes[..length]);
        length
    }

    /// Ends our side behind what was written.
    pub(super) fn end(&mut self) {
        self.sending.end();
    }

    /// The user has gone: what was written is sent yet, what comes is dropped.
    pub(super) fn detach(&mut self, now: u64) {
        self.dropped_at = Some(now);
        match self.phase {
            Phase::SynSent | Phase::Closed => self.close(),
            Phase::SynReceived => self.reset(),
            Phase::Connected => {
                self.receiving.discard();
                self.sending.end();
                self.maybe_done(now);
            }
        }
    }

    /// Ends it at once, and tells the peer.
    pub(super) fn reset(&mut self) {
        self.needs_reset |= self.phase != Phase::SynSent && self.phase != Phase::Closed;
        self.close();
    }

    /// Nothing of it is needed any more.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Closed && !self.needs_reset
    }

    /// Something went wrong with it.
    pub(super) fn fail(&mut self, fault: ErrorKind) {
        if self.phase != Phase::Closed {
            self.fault = Some(fault);
            self.close();
        }
    }

    fn close(&mut self) {
        self.phase = Phase::Closed;
        self.ack_at = None;
        self.retry_at = None;
        self.probe_at = None;
        self.close_at = None;
        // The memory of both directions goes with it; what was read in order may still be taken.
        self.sending = Sending::new(self.sending.next(), 1);
    }

    //
    // INPUT
    //

    /// Whether a reset can be the peer's: whoever sends it knows what we sent lately.
    fn believes(&self, reset: &Header) -> bool {
        match self.phase {
            Phase::SynSent => reset.acknowledged == self.sending.next().wrapping_sub(1),
            // An answer names the number of the packet that it answers, which may be the next one.
            _ => {
                self.sending.is_plausible(reset.acknowledged)
                    || reset.acknowledged == self.sending.next()
            }
        }
    }

    /// Takes a packet for this connection.
    pub(super) fn handle(&mut self, now: u64, packet: &Packet<'_>) {
        let header = &packet.header;
        if self.phase == Phase::Closed {
            return;
        }
        match header.kind {
            Kind::Reset => {
                if self.believes(header) {
                    let is_refused = self.phase == Phase::SynSent;
                    self.fail(if is_refused {
                        ErrorKind::ConnectionRefused
                    } else {
                        ErrorKind::ConnectionReset
                    });
                }
                return;
            }
            Kind::Syn => {
                // Our answer was lost.
                let is_again = header.sequence == self.receiving.acknowledged();
                self.needs_ack |= self.phase == Phase::SynReceived && is_again;
                return;
            }
            _ => {}
        }
        match self.phase {
            Phase::SynSent => {
                let is_answer = header.acknowledged == self.sending.next().wrapping_sub(1);
                if header.kind != Kind::State || !is_answer {
                    return;
                }
                self.phase = Phase::Connected;
                self.receiving = Receiving::new(header.sequence.wrapping_sub(1));
                self.retry_at = None;
                if self.syns == 1 {
                    self.round_trip.add(now.saturating_sub(self.sent_at));
                }
                // The peer may be one that waits for a sign before it speaks.
                self.needs_ack = true;
            }
            Phase::SynReceived => {
                if header.acknowledged != self.sending.next().wrapping_sub(1) {
                    return;
                }
                self.phase = Phase::Connected;
                self.close_at = None;
            }
            _ => {
                if !self.sending.is_plausible(header.acknowledged) {
                    return;
                }
            }
        }
        self.heard_at = now;
        self.their_delay = (now as u32).wrapping_sub(header.timestamp);
        self.take_acknowledgement(now, packet);
        if matches!(header.kind, Kind::Data | Kind::Fin) {
            self.take_content(now, packet);
        }
        self.maybe_done(now);
    }

    fn take_acknowledgement(&mut self, now: u64, packet: &Packet<'_>) {
        let header = &packet.header;
        if header.timestamp_difference != 0 {
            self.congestion.measure(now, header.timestamp_difference);
        }
        let window = header.window as usize;
        let is_bare = header.kind == Kind::State && window == self.peer_window;
        self.peer_window = window;
        let round_trip = self.round_trip.smoothed();
        let outcome = self.sending.acknowledge(
            now,
            header.acknowledged,
            packet.selective,
            is_bare,
            round_trip,
        );
        if let Some(round_trip) = outcome.round_trip {
            self.round_trip.add(round_trip);
        }
        if outcome.bytes > 0 {
            self.congestion.acknowledge(outcome.bytes, self.is_limited);
        }
        if outcome.has_lost_burst {
            self.sending.time_out();
            self.congestion.time_out();
        } else if outcome.has_lost {
            self.congestion.lose(now, self.round_trip.smoothed());
        }
        if outcome.has_advanced || outcome.bytes > 0 {
            self.round_trip.advance();
            self.waiting_since = now;
            self.retry_at = self.sending.is_waiting().then(|| now + self.round_trip.timeout());
        }
    }

    fn take_content(&mut self, now: u64, packet: &Packet<'_>) {
        let is_fin = packet.header.kind == Kind::Fin;
        // A packet of data without any is none: it would cost a number.
        if !is_fin && packet.payload.is_empty() {
            return;
        }
        let payload = if is_fin { &[] } else { packet.payload };
        match self.receiving.take(packet.header.sequence, payload, is_fin) {
            Received::InOrder if !is_fin => {
                self.unacknowledged += 1;
                if self.unacknowledged >= 2 {
                    self.needs_ack = true;
                } else if self.ack_at.is_none() {
                    self.ack_at = Some(now + ACK_DELAY);
                }
            }
            _ => self.needs_ack = true,
        }
    }

    /// Where the user has gone: looks whether there is something left to wait for.
    fn maybe_done(&mut self, now: u64) {
        if self.dropped_at.is_none() || self.phase != Phase::Connected || !self.sending.is_done() {
            return;
        }
        let patience = if self.receiving.has_ended() { TIME_WAIT } else { LAST_END };
        let close_at = now + patience;
        self.close_at = Some(self.close_at.map_or(close_at, |at| at.min(close_at)));
    }

    //
    // TIME
    //

    /// When [`Session::handle_timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<u64> {
        let keep_alive = (self.phase == Phase::Connected).then_some(self.sent_at + KEEP_ALIVE);
        let linger = self
            .dropped_at
            .filter(|_| self.phase == Phase::Connected)
            .map(|at| (at + LINGER).min(self.heard_at.max(at) + LINGER_SILENCE));
        [self.ack_at, self.retry_at, self.probe_at, self.close_at, keep_alive, linger]
            .into_iter()
            .flatten()
            .min()
    }

    /// The deadline has come.
    pub(super) fn handle_timeout(&mut self, now: u64) {
        let is_due = |at: Option<u64>| at.is_some_and(|at| at <= now);
        if is_due(self.close_at) {
            return self.give_up();
        }
        if let Some(at) = self.dropped_at
            && (now >= at + LINGER || now >= self.heard_at.max(at) + LINGER_SILENCE)
        {
            return self.reset();
        }
        if is_due(self.ack_at) {
            self.ack_at = None;
            self.needs_ack = true;
        }
        if is_due(self.retry_at) {
            self.retry_at = None;
            self.retry(now);
        }
        if is_due(self.probe_at) {
            self.probe_at = None;
            self.round_trip.back_off();
            self.needs_probe = true;
        }
        if self.phase == Phase::Connected && now >= self.sent_at + KEEP_ALIVE {
            self.needs_keep_alive = true;
        }
    }

    /// Nothing came in time that could end it well.
    fn give_up(&mut self) {
        match self.phase {
            Phase::SynReceived => self.fail(ErrorKind::TimedOut),
            _ if self.receiving.has_ended() => self.close(),
            _ => self.reset(),
        }
    }

    fn retry(&mut self, now: u64) {
        if self.phase == Phase::SynSent {
            self.round_trip.back_off();
            if self.syns == MAX_SYNS {
                return self.fail(ErrorKind::TimedOut);
            }
            self.needs_syn = true;
            return;
        }
        if now >= self.heard_at.max(self.waiting_since) + SILENCE {
            return self.fail(ErrorKind::TimedOut);
        }
        self.round_trip.back_off();
        self.sending.time_out();
        // One that takes nothing says nothing of the way to it.
        if self.peer_window > 0 {
            self.congestion.time_out();
        }
    }

    //
    // OUTPUT
    //

    /// What is to be sent next; [`Session::transmitted`] follows, or it was not sent.
    pub(super) fn poll_transmit(&mut self, now: u64) -> Option<Transmit> {
        match self.phase {
            Phase::Closed => self.needs_reset.then_some(Transmit::Reset),
            Phase::SynSent => self.needs_syn.then_some(Transmit::Syn),
            Phase::SynReceived => self.needs_ack.then_some(Transmit::State),
            Phase::Connected => self.poll_connected(now),
        }
    }

    fn poll_connected(&mut self, now: u64) -> Option<Transmit> {
        self.is_limited = false;
        if let Some(at) = self.sending.candidate() {
            let length = self.sending.segment(at).1.len();
            let in_flight = self.sending.in_flight() + length;
            let is_alone = !self.sending.is_waiting();
            if self.needs_probe || (length == 0 || self.peer_window > 0) {
                let fits_peer = self.needs_probe || is_alone || in_flight <= self.peer_window;
                let is_urgent = is_alone || self.sending.is_urgent(at);
                let fits_way = is_urgent || in_flight <= self.congestion.window();
                if fits_peer && fits_way {
                    self.probe_at = None;
                    return Some(Transmit::Segment(at));
                }
                self.is_limited = !fits_way;
            } else if is_alone && self.probe_at.is_none() {
                self.probe_at = Some(now + self.round_trip.timeout());
            }
        }
        if self.needs_ack {
            return Some(Transmit::State);
        }
        self.needs_keep_alive.then_some(Transmit::KeepAlive)
    }

    /// Writes a packet to `bytes`, which is empty.
    pub(super) fn write_packet(&self, transmit: Transmit, now: u64, bytes: &mut Vec<u8>) {
        let mut header = Header {
            kind: Kind::State,
            connection_id: self.send_id,
            timestamp: now as u32,
            timestamp_difference: self.their_delay,
            window: self.receiving.window() as u32,
            sequence: self.sending.next(),
            acknowledged: self.receiving.acknowledged(),
        };
        match transmit {
            Transmit::Syn => {
                header.kind = Kind::Syn;
                header.connection_id = self.receive_id;
                header.sequence = self.sending.next().wrapping_sub(1);
                header.write(&[], bytes);
            }
            Transmit::Reset => {
                header.kind = Kind::Reset;
                header.write(&[], bytes);
            }
            Transmit::Segment(at) => {
                let (sequence, payload, is_fin) = self.sending.segment(at);
                header.kind = if is_fin { Kind::Fin } else { Kind::Data };
                header.sequence = sequence;
                header.write(&[], bytes);
                bytes.extend_from_slice(payload);
            }
            Transmit::State => {
                let mut selective = Vec::new();
                self.receiving.selective(&mut selective);
                header.write(&selective, bytes);
            }
            Transmit::KeepAlive => {
                // An old number: the peer sees that there is nothing new.
                header.acknowledged = header.acknowledged.wrapping_sub(1);
                header.write(&[], bytes);
            }
        }
    }

    /// It has left.
    pub(super) fn transmitted(&mut self, transmit: Transmit, now: u64) {
        self.sent_at = now;
        self.needs_keep_alive = false;
        match transmit {
            Transmit::Syn => {
                self.needs_syn = false;
                self.syns += 1;
                self.retry_at = Some(now + self.round_trip.timeout());
                return;
            }
            Transmit::Reset => {
                self.needs_reset = false;
                return;
            }
            Transmit::Segment(at) => {
                self.needs_probe = false;
                if self.sending.has_all_acknowledged() {
                    self.waiting_since = now;
                }
                self.sending.transmitted(at, now);
                if self.retry_at.is_none() {
                    self.retry_at = Some(now + self.round_trip.timeout());
                }
                // What came out of order is told of by itself.
                if self.receiving.has_early() {
                    return;
                }
            }
            Transmit::KeepAlive => return,
            Transmit::State => {}
        }
        self.needs_ack = false;
        self.unacknowledged = 0;
        self.ack_at = None;
        self.told_window = self.receiving.window();
    }
}
