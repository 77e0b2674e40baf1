//! What goes to the peer, until it is acknowledged.

use std::collections::VecDeque;

/// How much may wait that was never sent, in bytes.
const MAX_UNSENT: usize = 64 * 1024;

/// How many packets may be unacknowledged: others keep no more that come out of order.
const MAX_SENT: usize = 1000;

/// A packet is lost when so many after it have arrived.
const REORDERING: usize = 3;

/// What was sent again is missing after twice so long at least, in microseconds.
const MIN_PATIENCE: u64 = 10_000;

/// Acknowledgements may come out of order: one that is further behind is a stranger's.
const MAX_BEHIND: u16 = 1024;

/// What one packet carries.
struct Segment {
    payload: Vec<u8>,
    is_fin: bool,
    sent_at: u64,
    transmissions: u32,
    has_arrived: bool,
    is_lost: bool,
}

/// What an acknowledgement brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// How many bytes are known to have arrived that were not before.
    pub(super) bytes: usize,
    /// The first unacknowledged packet is another one now.
    pub(super) has_advanced: bool,
    /// How long an answer took, in microseconds.
    pub(super) round_trip: Option<u64>,
    /// Packets were found lost that had been sent but once.
    pub(super) has_lost: bool,
    /// So many in a row were lost that nobody knows what else was.
    pub(super) has_lost_burst: bool,
}

/// The sending side.
pub(super) struct Sending {
    /// The sequence number of the first segment.
    first: u16,
    segments: VecDeque<Segment>,
    /// How many of them were sent at least once.
    sent: usize,
    /// Bytes under way: sent, and neither arrived nor lost.
    in_flight: usize,
    /// Packets under way.
    flying: usize,
    unsent: usize,
    lost: usize,
    duplicates: usize,
    /// When the newest packet that has arrived was sent.
    newest_arrival: u64,
    packet: usize,
    has_fin: bool,
}

impl Sending {
    /// `first` is the number of the first packet, `packet` what one carries.
    pub(super) fn new(first: u16, packet: usize) -> Self {
        Self {
            first,
            segments: VecDeque::new(),
            sent: 0,
            in_flight: 0,
            flying: 0,
            unsent: 0,
            lost: 0,
            duplicates: 0,
            newest_arrival: 0,
            packet,
            has_fin: false,
        }
    }

    /// The number of the next new packet.
    pub(super) fn next(&self) -> u16 {
        self.first.wrapping_add(self.sent as u16)
    }

    /// How many bytes may be added.
    pub(super) fn room(&self) -> usize {
        MAX_UNSENT.saturating_sub(self.unsent)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Something was sent and neither acknowledged nor given up.
    pub(super) fn is_waiting(&self) -> bool {
        self.flying > 0
    }

    /// Nothing that was sent is unacknowledged.
    pub(super) fn has_all_acknowledged(&self) -> bool {
        self.sent == 0
    }

    /// All was sent and acknowledged, our end included.
    pub(super) fn is_done(&self) -> bool {
        self.has_fin && self.segments.is_empty()
    }

    /// Adds bytes; the caller has asked for the room.
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        if self.has_fin {
            return;
        }
        self.unsent += bytes.len();
        let packet = self.packet;
        while !bytes.is_empty() {
            let is_open = self.segments.len() > self.sent;
            let last =
                self.segments.back_mut().filter(|last| is_open && last.payload.len() < packet);
            let taken = match last {
                Some(last) => {
                    let taken = bytes.len().min(packet - last.payload.len());
                    last.payload.extend_from_slice(&bytes[..taken]);
                    taken
                }
                None => {
                    let taken = bytes.len().min(packet);
                    self.push(bytes[..taken].to_vec(), false);
                    taken
                }
            };
            bytes = &bytes[taken..];
        }
    }

    /// Ends the stream behind what was added.
    pub(super) fn end(&mut self) {
        if !self.has_fin {
            self.has_fin = true;
            self.push(Vec::new(), true);
        }
    }

    fn push(&mut self, payload: Vec<u8>, is_fin: bool) {
        let segment = Segment {
            payload,
            is_fin,
            sent_at: 0,
            transmissions: 0,
            has_arrived: false,
            is_lost: false,
        };
        self.segments.push_back(segment);
    }

    /// Which segment is to be sent next, window or not: a lost one, or the first that never was.
    pub(super) fn candidate(&self) -> Option<usize> {
        if self.lost > 0
            && let Some(at) =
                self.segments.iter().take(self.sent).position(|segment| segment.is_lost)
        {
            return Some(at);
        }
        (self.sent < self.segments.len() && self.sent < MAX_SENT).then_some(self.sent)
    }

    /// Whether the peer can take nothing more before it has this one, which was lost (RFC 5681, fast
    /// retransmit): what is taken to be under way may be lost as well.
    pub(super) fn is_urgent(&self, at: usize) -> bool {
        at == 0 && self.segments[at].is_lost
    }

    /// The number of a segment, its payload, and whether it is our end.
    pub(super) fn segment(&self, at: usize) -> (u16, &[u8], bool) {
        let segment = &self.segments[at];
        (self.first.wrapping_add(at as u16), &segment.payload, segment.is_fin)
    }

    /// It was sent.
    pub(super) fn transmitted(&mut self, at: usize, now: u64) {
        let segment = &mut self.segments[at];
        segment.sent_at = now;
        segment.transmissions += 1;
        self.in_flight += segment.payload.len();
        self.flying += 1;
        if segment.is_lost {
            segment.is_lost = false;
            self.lost -= 1;
        } else {
            self.unsent -= segment.payload.len();
            self.sent += 1;
        }
    }

    /// Whether an acknowledgement can be the peer's: for something that was sent, not long ago.
    pub(super) fn is_plausible(&self, acknowledged: u16) -> bool {
        // 0 is the newest packet that was sent.
        let behind = self.next().wrapping_sub(1).wrapping_sub(acknowledged);
        usize::from(behind) <= self.sent + usize::from(MAX_BEHIND)
    }

    /// The peer has everything up to `acknowledged`, and what `selective` says. `is_bare`: it came
    /// without anything else.
    pub(super) fn acknowledge(
        &mut self,
        now: u64,
        acknowledged: u16,
        selective: &[u8],
        is_bare: bool,
        round_trip: u64,
    ) -> Acknowledged {
        let mut outcome = Acknowledged::default();
        let count = usize::from(acknowledged.wrapping_sub(self.first).wrapping_add(1));
        if count > self.sent {
            // An older one, overtaken by another.
            return outcome;
        }
        let mut newest = None;
        for _ in 0..count {
            self.arrive(0, now, &mut newest, &mut outcome);
            self.segments.pop_front();
        }
        self.first = self.first.wrapping_add(count as u16);
        self.sent -= count;
        outcome.has_advanced = count > 0;
        if self.segments.is_empty() {
            self.segments = VecDeque::new();
        }
        let mut last = None;
        for (at, byte) in selective.iter().enumerate() {
            for bit in (0..8).filter(|bit| byte & 1 << bit != 0) {
                let at = at * 8 + bit + 1;
                if at < self.sent {
                    self.arrive(at, now, &mut newest, &mut outcome);
                    last = Some(at);
                }
            }
        }
        self.newest_arrival = self.newest_arrival.max(newest.unwrap_or(0));
        if outcome.has_advanced || self.sent == 0 {
            self.duplicates = 0;
        } else if is_bare {
            self.duplicates += 1;
        }
        if let Some(last) = last {
            self.find_lost(last, round_trip, &mut outcome);
        }
        if self.duplicates == REORDERING && self.segments[0].transmissions == 1 {
            self.lose(0, &mut outcome);
        }
        outcome.has_lost_burst = self.has_lost_burst(now, selective, round_trip);
        outcome
    }

    /// A selective acknowledgement is sent when something has come out of order. One that names
    /// nothing means something beyond all that it could name: libutp names 32 packets.
    fn has_lost_burst(&self, now: u64, selective: &[u8], round_trip: u64) -> bool {
        let names_nothing = !selective.is_empty() && selective.iter().all(|&bits| bits == 0);
        if !names_nothing || self.sent <= selective.len() * 8 {
            return false;
        }
        let first = &self.segments[0];
        let patience = 2 * round_trip.max(MIN_PATIENCE);
        !first.is_lost && (first.transmissions == 1 || now > first.sent_at + patience)
    }

    /// What is under way is taken for lost.
    pub(super) fn time_out(&mut self) {
        for segment in self.segments.iter_mut().take(self.sent) {
            if !segment.has_arrived && !segment.is_lost {
                segment.is_lost = true;
                self.lost += 1;
            }
        }
        self.in_flight = 0;
        self.flying = 0;
        self.duplicates = 0;
    }

    fn arrive(
        &mut self,
        at: usize,
        now: u64,
        newest: &mut Option<u64>,
        outcome: &mut Acknowledged,
    ) {
        let segment = &mut self.segments[at];
        if segment.has_arrived {
            return;
        }
        segment.has_arrived = true;
        outcome.bytes += segment.payload.len();
        if segment.is_lost {
            segment.is_lost = false;
            self.lost -= 1;
        } else {
            self.in_flight -= segment.payload.len();
            self.flying -= 1;
        }
        // Of what was sent twice nobody knows which one arrived.
        if segment.transmissions == 1 && newest.is_none_or(|newest| newest <= segment.sent_at) {
            *newest = Some(segment.sent_at);
            outcome.round_trip = Some(now.saturating_sub(segment.sent_at));
        }
        segment.payload = Vec::new();
    }

    /// Finds what was lost among those before `last`, the highest one that has arrived.
    fn find_lost(&mut self, last: usize, round_trip: u64, outcome: &mut Acknowledged) {
        let mut after = 0;
        for at in (0..=last).rev() {
            let segment = &self.segments[at];
            if segment.has_arrived {
                after += 1;
                continue;
            }
            let is_overtaken = if segment.transmissions == 1 {
                after >= REORDERING
            } else {
                // It was sent again before something that has arrived meanwhile.
                segment.sent_at + (round_trip / 4).max(1000) < self.newest_arrival
            };
            if is_overtaken && !segment.is_lost {
                self.lose(at, outcome);
            }
        }
    }

    fn lose(&mut self, at: usize, outcome: &mut Acknowledged) {
        let segment = &mut self.segments[at];
        if segment.is_lost || segment.has_arrived {
            return;
        }
        outcome.has_lost = true;
        segment.is_lost = true;
        self.lost += 1;
        self.in_flight -= segment.payload.len();
        self.flying -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(count: usize) -> Sending {
        let mut sending = Sending::new(0xfffe, 10);
        sending.add(&vec![1; count * 10]);
        while let Some(at) = sending.candidate() {
            sending.transmitted(at, at as u64);
        }
        sending
    }

    #[test]
    fn a_burst_is_lost_where_a_selective_acknowledgement_names_nothing() {
        let mut sending = sent(40);
        let acknowledge = |sending: &mut Sending, now, selective: &[u8]| {
            sending.acknowledge(now, 0xfffe, selective, true, 1000).has_lost_burst
        };
        assert!(!acknowledge(&mut sending, 100, &[]));
        assert!(!acknowledge(&mut sending, 100, &[0, 0, 0, 1]));
        assert!(acknowledge(&mut sending, 100, &[0; 4]));
        assert!(!sending.is_urgent(0));
        sending.time_out();
        assert!(sending.is_urgent(0) && !sending.is_urgent(1));
        assert!(!acknowledge(&mut sending, 100, &[0; 4]), "it is known to be lost");
        sending.transmitted(0, 200);
        assert!(!acknowledge(&mut sending, 300, &[0; 4]), "it was sent again a moment ago");
        assert!(acknowledge(&mut sending, 200 + 2 * MIN_PATIENCE + 1, &[0; 4]));
    }

    #[test]
    fn small_writes_share_a_packet_until_that_is_sent() {
        let mut sending = Sending::new(1, 10);
        sending.add(b"abc");
        sending.add(b"defghijkl");
        assert_eq!(sending.segment(0), (1, &b"abcdefghij"[..], false));
        assert_eq!(sending.segment(1), (2, &b"kl"[..], false));
        sending.transmitted(0, 0);
        sending.transmitted(1, 0);
        sending.add(b"m");
        sending.end();
        sending.add(b"n");
        assert_eq!(sending.segment(2), (3, &b"m"[..], false));
        assert_eq!(sending.segment(3), (4, &b""[..], true));
    }

    #[test]
    fn three_later_arrivals_make_a_loss() {
        let mut sending = sent(10);
        // 0xfffe arrived, then those 2, 3 and 5 after the next one.
        let outcome = sending.acknowledge(100, 0xfffe, &[0b10110, 0, 0, 0], true, 0);
        assert_eq!(outcome.bytes, 40);
        assert_eq!(outcome.round_trip, Some(100 - 6));
        assert!(outcome.has_advanced && outcome.has_lost);
        assert_eq!(sending.candidate(), Some(0));
        assert_eq!(sending.segment(0).0, 0xffff);
        sending.transmitted(0, 100);
        assert_eq!(sending.candidate(), Some(1));
        sending.transmitted(1, 100);
        assert_eq!(sending.candidate(), None, "3 of 4 and 5 may still come");
        let outcome = sending.acknowledge(200, 7, &[], true, 0);
        assert_eq!((outcome.bytes, sending.in_flight(), sending.flying), (60, 0, 0));
    }

    #[test]
    fn acknowledgements_of_strangers_are_told_apart() {
        let sending = sent(10);
        assert!(sending.is_plausible(7) && sending.is_plausible(0xfffd));
        assert!(!sending.is_plausible(8) && !sending.is_plausible(0x8000));
    }

    #[test]
    fn what_timed_out_is_sent_again_in_order_and_counted_once() {
        let mut sending = sent(3);
        sending.time_out();
        assert!(!sending.is_waiting());
        sending.transmitted(0, 50);
        let outcome = sending.acknowledge(60, 0, &[], true, 0);
        assert_eq!((outcome.bytes, outcome.round_trip), (30, Some(58)));
        assert_eq!(sending.candidate(), None);
    }
}
