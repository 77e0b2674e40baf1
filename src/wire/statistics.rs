//! Counters of what passed in both directions, and speeds over the last five seconds.

use super::ticks::{TICK, Ticks};

/// What passed in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// All bytes.
    pub bytes: u64,
    /// The bytes of blocks alone.
    pub payload: u64,
    /// Messages, the handshake and keep-alives included.
    pub messages: u64,
}

/// What a wire has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
