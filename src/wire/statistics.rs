//! Counters of what passed in both directions, and speeds over the last five seconds.

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

const TICK: u64 = 100;
const TICKS: usize = 50;
/// A speed is an average over at least this many ticks, so that a first block is no record.
const MIN_TICKS: u64 = 10;

/// Bytes a second, over five seconds in ticks of 100 ms.
#[derive(Debug, Default)]
pub struct Speed {
    /// Made with the first byte: most wires are idle.
    window: Option<Box<Window>>,
}

#[derive(Debug)]
struct Window {
    ticks: [u64; TICKS],
    total: u64,
    first: u64,
    last: u64,
}

impl Speed {
    /// Counts bytes that passed at `now`, in milliseconds.
    pub(crate) fn add(&mut self, bytes: u64, now: u64) {
        let tick = now / TICK;
        let window = self.window.get_or_insert_with(|| {
            Box::new(Window { ticks: [0; TICKS], total: 0, first: tick, last: tick })
        });
        window.advance(tick);
        window.ticks[(window.last % TICKS as u64) as usize] += bytes;
        window.total += bytes;
    }

    /// Bytes a second at `now`, in milliseconds.
    pub fn rate(&mut self, now: u64) -> f64 {
        let Some(window) = &mut self.window else { return 0.0 };
        window.advance(now / TICK);
        let seen = (window.last - window.first + 1).clamp(MIN_TICKS, TICKS as u64);
        window.total as f64 * (1000 / TICK) as f64 / seen as f64
    }
}

impl Window {
    /// Forgets the ticks that have left the window. A clock that goes back stands still here.
    fn advance(&mut self, tick: u64) {
        let passed = tick.saturating_sub(self.last);
        for ahead in 1..=passed.min(TICKS as u64) {
            let slot = ((self.last + ahead) % TICKS as u64) as usize;
            self.total -= std::mem::take(&mut self.ticks[slot]);
        }
        if passed > TICKS as u64 {
            self.first = tick;
        }
        self.last += passed;
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
