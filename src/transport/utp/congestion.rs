//! How much may be under way: LEDBAT (RFC 6817), which yields to others as soon as its own packets
//! wait in a queue on their way.

use std::collections::VecDeque;

/// How long packets may wait in queues, in microseconds.
const TARGET: i32 = 100_000;
/// A queue that is longer shrinks the window no faster.
const MAX_QUEUED: i32 = 5 * TARGET;
/// How much the window grows within a round trip that meets no queue, in bytes.
const GAIN: f64 = 3000.0;
/// The window's bounds, in packets and bytes.
const MIN_PACKETS: usize = 2;
const MAX_WINDOW: usize = 1 << 20;
/// A window to begin with, in packets (RFC 6928).
const FIRST_PACKETS: usize = 10;
/// Losses within one such time are one, where the round trip is shorter; in microseconds.
const MIN_DECAY: u64 = 20_000;
/// The least delay is that of so many minutes: clocks drift, and routes change.
const BASE_MINUTES: usize = 10;
const MINUTE: u64 = 60_000_000;
/// The delay of now is the least of so many packets.
const CURRENT: usize = 4;

/// The congestion window.
#[derive(Debug)]
pub(super) struct Congestion {
    window: usize,
    packet: usize,
    /// Slow start ends there.
    threshold: usize,
    is_slow_start: bool,
    delays: Delays,
    decayed_at: Option<u64>,
}

impl Congestion {
    /// `packet` is what one packet carries, in bytes.
    pub(super) fn new(packet: usize) -> Self {
        Self {
            window: FIRST_PACKETS * packet,
            packet,
            threshold: MAX_WINDOW,
            is_slow_start: true,
            delays: Delays::default(),
            decayed_at: None,
        }
    }

    /// How many bytes may be under way.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// What the peer measured of one of our packets: by two clocks, so that only changes count.
    pub(super) fn measure(&mut self, now: u64, delay: u32) {
        self.delays.add(now, delay);
    }

    /// `bytes` have arrived. `is_limited`: more would have been sent if the window had let it.
    pub(super) fn acknowledge(&mut self, bytes: usize, is_limited: bool) {
        let queued = self.delays.queued();
        if self.is_slow_start && (queued > TARGET * 3 / 4 || self.window >= self.threshold) {
            self.is_slow_start = false;
        }
        let off_target = f64::from(TARGET - queued.min(MAX_QUEUED)) / f64::from(TARGET);
        if off_target > 0.0 && !is_limited {
            return;
        }
        let change = if self.is_slow_start {
            bytes as f64
        } else {
            GAIN * off_target * bytes as f64 / self.window as f64
        };
        self.set((self.window as f64 + change) as usize);
    }

    /// Packets were lost; `round_trip` is how long it took to know.
    pub(super) fn lose(&mut self, now: u64, round_trip: u64) {
        let since = self.decayed_at.map_or(u64::MAX, |at| now.saturating_sub(at));
        if since < round_trip.max(MIN_DECAY) {
            return;
        }
        self.decayed_at = Some(now);
        self.is_slow_start = false;
        self.set(self.window / 2);
        self.threshold = self.window;
    }

    /// Nothing was heard for a whole timeout.
    pub(super) fn time_out(&mut self) {
        self.threshold = (self.window / 2).max(MIN_PACKETS * self.packet);
        self.window = self.packet;
        self.is_slow_start = true;
    }

    fn set(&mut self, window: usize) {
        self.window = window.clamp(MIN_PACKETS * self.packet, MAX_WINDOW);
    }
}

/// One-way delays, of clocks that nobody has set: they wrap, and mean something only beside others.
#[derive(Debug, Default)]
struct Delays {
    /// The least of each minute, the newest last.
    base: VecDeque<u32>,
    minute: u64,
    current: VecDeque<u32>,
}

impl Delays {
    fn add(&mut self, now: u64, delay: u32) {
        let minute = now / MINUTE;
        match self.base.back_mut() {
            Some(least) if minute == self.minute => *least = lesser(*least, delay),
            _ => {
                self.minute = minute;
                if self.base.len() == BASE_MINUTES {
                    self.base.pop_front();
                }
                self.base.push_back(delay);
            }
        }
        if self.current.len() == CURRENT {
            self.current.pop_front();
        }
        self.current.push_back(delay);
    }

    /// How long packets wait of late, in microseconds.
    fn queued(&self) -> i32 {
        let base = self.base.iter().copied().reduce(lesser);
        let current = self.current.iter().copied().reduce(lesser);
        match (base, current) {
            (Some(base), Some(current)) => (current.wrapping_sub(base) as i32).max(0),
            _ => 0,
        }
    }
}

fn lesser(a: u32, b: u32) -> u32 {
    if (a.wrapping_sub(b) as i32) < 0 { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: usize = 1000;

    fn run(congestion: &mut Congestion, delay: u32, times: usize) {
        for time in 0..times as u64 {
            congestion.measure(time * 1000, delay);
            congestion.acknowledge(PACKET, true);
        }
    }

    #[test]
    fn grows_without_a_queue_and_shrinks_with_one_whatever_the_clocks_say() {
        for clock in [0u32, 5, u32::MAX - 10_000, 1 << 31] {
            let mut congestion = Congestion::new(PACKET);
            congestion.lose(0, 0);
            run(&mut congestion, clock.wrapping_add(1000), 100);
            let grown = congestion.window();
            assert!(grown > 20 * PACKET, "{grown}");
            run(&mut congestion, clock.wrapping_add(301_000), 100);
            let shrunk = congestion.window();
            assert!(shrunk < grown / 2, "{shrunk} of {grown}");
            run(&mut congestion, clock.wrapping_add(301_000), 100_000);
            assert_eq!(congestion.window(), MIN_PACKETS * PACKET);
        }
    }

    #[test]
    fn slow_start_ends_where_a_queue_begins() {
        let mut congestion = Congestion::new(PACKET);
        run(&mut congestion, 0, 50);
        assert_eq!(congestion.window(), 60 * PACKET);
        run(&mut congestion, 99_000, 50);
        assert!(congestion.window() < 66 * PACKET);
    }

    #[test]
    fn a_window_that_nobody_uses_does_not_grow() {
        let mut congestion = Congestion::new(PACKET);
        for _ in 0..100 {
            congestion.acknowledge(PACKET, false);
        }
        assert_eq!(congestion.window(), FIRST_PACKETS * PACKET);
    }

    #[test]
    fn losses_of_one_round_trip_are_one() {
        let mut congestion = Congestion::new(PACKET);
        run(&mut congestion, 0, 90);
        for now in 0..10 {
            congestion.lose(now, 50_000);
        }
        assert_eq!(congestion.window(), 50 * PACKET);
        congestion.lose(50_000, 50_000);
        assert_eq!(congestion.window(), 25 * PACKET);
        congestion.time_out();
        assert_eq!(congestion.window(), PACKET);
    }
}
