//! What was counted of late, in ticks of 100 ms.

/// How long a tick is, in milliseconds.
pub(crate) const TICK: u64 = 100;

/// The sums of the last `TICKS` ticks, the one that goes on included.
#[derive(Debug)]
pub(crate) struct Ticks<const TICKS: usize> {
    sums: [u64; TICKS],
    total: u64,
    first: u64,
    last: u64,
}

impl<const TICKS: usize> Ticks<TICKS> {
    /// Nothing yet at `now`, in milliseconds.
    pub(crate) fn new(now: u64) -> Self {
        Self { sums: [0; TICKS], total: 0, first: now / TICK, last: now / TICK }
    }

    /// Counts `amount` at `now`.
    pub(crate) fn add(&mut self, amount: u64, now: u64) {
        self.advance(now);
        self.sums[(self.last % TICKS as u64) as usize] += amount;
        self.total += amount;
    }

    /// The sum of all that has not passed by at `now`.
    pub(crate) fn total(&mut self, now: u64) -> u64 {
        self.advance(now);
        self.total
    }

    /// Over how many ticks the total goes; fewer at the start, and after silence.
    pub(crate) fn spanned(&self) -> u64 {
        (self.last - self.first + 1).min(TICKS as u64)
    }

    /// Forgets the ticks that have passed by. A clock that goes back stands still here.
    #[inline]
    fn advance(&mut self, now: u64) {
        let passed = (now / TICK).saturating_sub(self.last);
        if passed > 0 {
            self.forget(passed);
        }
    }

    fn forget(&mut self, passed: u64) {
        for ahead in 1..=passed.min(TICKS as u64) {
            let place = ((self.last + ahead) % TICKS as u64) as usize;
            self.total -= std::mem::take(&mut self.sums[place]);
        }
        self.last += passed;
        if passed > TICKS as u64 {
            self.first = self.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_is_forgotten_tick_by_tick() {
        let mut ticks: Ticks<3> = Ticks::new(1000);
        ticks.add(1, 1000);
        ticks.add(2, 1150);
        ticks.add(4, 1299);
        assert_eq!((ticks.total(1299), ticks.spanned()), (7, 3));
        assert_eq!(ticks.total(1300), 6);
        assert_eq!(ticks.total(0), 6, "a clock that goes back");
        assert_eq!(ticks.total(1400), 4);
        assert_eq!((ticks.total(1 << 50), ticks.spanned()), (0, 1));
    }
}
