//! Counters of what passed in both directions, and speeds over the last five seconds.

use super::kind::Kind;
use super::ticks::{TICK, Ticks};

/// What passed in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// All bytes.
    pub bytes: u64,
    /// The bytes of blocks alone.
    pub payload: u64,
    /// Messages, the handshake and keep-alives included.
    pub messages: u64,
    /// The same by their kinds.
    pub by_message: Counts,
}

impl Traffic {
    /// Counts a message, whose bytes are counted elsewhere.
    #[inline]
    pub(crate) fn count(&mut self, kind: Kind) {
        self.messages += 1;
        self.by_message.count(kind);
    }
}

/// How many messages there were of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Modulo 256: for most wires that is all there is, and fits into them.
    low: [u8; Kind::COUNT],
    /// Made when the first of `low` is full.
    high: Option<Box<[u64; Kind::COUNT]>>,
}

impl Counts {
    /// How many messages of this kind there were.
    pub fn get(&self, kind: Kind) -> u64 {
        let high = self.high.as_ref().map_or(0, |high| high[kind as usize]);
        high + u64::from(self.low[kind as usize])
    }

    #[inline]
    fn count(&mut self, kind: Kind) {
        let low = &mut self.low[kind as usize];
        *low = low.wrapping_add(1);
        if *low == 0 {
            self.high.get_or_insert_default()[kind as usize] += 256;
        }
    }
}

/// What a wire has seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics {
    /// From the peer.
    pub received: Traffic,
    /// To the peer.
    pub sent: Traffic,
    /// Pieces that nobody had asked for.
    pub unsolicited_pieces: u64,
    /// The bytes of their blocks.
    pub unsolicited_bytes: u64,
    /// Requests of the peer that were answered with a reject, or dropped, without a word of the
    /// caller.
    pub refused_requests: u64,
}

/// A speed is an average over at least this many ticks, so that a first block is no record.
const MIN_TICKS: u64 = 10;

/// Bytes a second, over five seconds.
#[derive(Debug, Default)]
pub struct Speed {
    /// Made with the first byte: most wires are idle.
    ticks: Option<Box<Ticks<50>>>,
}

impl Speed {
    /// Counts bytes that passed at `now`, in milliseconds.
    pub(crate) fn add(&mut self, bytes: u64, now: u64) {
        self.ticks.get_or_insert_with(|| Box::new(Ticks::new(now))).add(bytes, now);
    }

    /// Bytes a second at `now`, in milliseconds.
    pub fn rate(&mut self, now: u64) -> f64 {
        let Some(ticks) = &mut self.ticks else { return 0.0 };
        let total = ticks.total(now);
        total as f64 * (1000 / TICK) as f64 / ticks.spanned().max(MIN_TICKS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_messages_are_counted_by_their_kinds() {
        let mut traffic = Traffic::default();
        traffic.count(Kind::Handshake);
        (0..1000).for_each(|_| traffic.count(Kind::Have));
        (0..256).for_each(|_| traffic.count(Kind::Unknown));
        let counts = [Kind::Handshake, Kind::Have, Kind::Unknown, Kind::Piece];
        assert_eq!(counts.map(|kind| traffic.by_message.get(kind)), [1, 1000, 256, 0]);
        assert_eq!(traffic.messages, 1257);
    }

    #[test]
    fn a_steady_flow_has_its_speed() {
        let mut speed = Speed::default();
        assert_eq!(speed.rate(0), 0.0);
        for now in (0..20_000).step_by(10) {
            speed.add(1000, now);
        }
        assert_eq!(speed.rate(19_999), 100_000.0);
    }

    #[test]
    fn silence_brings_it_to_zero() {
        let mut speed = Speed::default();
        speed.add(16_384, 1_000);
        assert_eq!(speed.rate(1_000), 16_384.0);
        assert!(speed.rate(4_000) < 16_384.0);
        assert_eq!(speed.rate(6_000), 0.0);
        assert_eq!(speed.rate(1 << 50), 0.0);
        speed.add(1, 0);
        assert_eq!(speed.rate(0), 1.0);
    }
}
