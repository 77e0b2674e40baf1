//! How much may be under way to a peer: what is unsent, and what the caller still has to answer.
//!
//! Of a caller that answers late (a disk, a network store), what is unsent holds nothing back: it
//! is empty until all the answers come at once. So what the caller was asked for counts too. A peer
//! that takes much gets a wider window, so that such a caller can serve it at its speed; one that
//! takes nothing costs two high-water marks.

use super::limits::Limits;
use super::outbox::Progress;
use super::ticks::Ticks;

/// The window of one peer.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Made with the peer's first request: most wires never serve.
    taken: Option<Box<Taken>>,
}

#[derive(Debug)]
struct Taken {
    /// What left the output in the last second, in bytes.
    recent: Ticks<10>,
    /// What had left when that was last looked at.
    delivered: u64,
}

impl Window {
    /// Notes what has left at `now`, in milliseconds.
    pub(crate) fn observe(&mut self, delivered: u64, now: u64) {
        let Some(taken) = &mut self.taken else { return };
        if delivered > taken.delivered {
            taken.recent.add(delivered - taken.delivered, now);
            taken.delivered = delivered;
        }
    }

    /// Whether a further request has to wait, where the caller has been asked for `asked` bytes.
    pub(crate) fn is_full(
        &mut self,
        asked: u64,
        progress: Progress,
        limits: &Limits,
        now: u64,
    ) -> bool {
        let mark = u64::from(limits.high_water_mark);
        if progress.unsent > mark {
            return true;
        }
        self.observe(progress.delivered, now);
        let taken = self.taken.get_or_insert_with(|| {
            Box::new(Taken { recent: Ticks::new(now), delivered: progress.delivered })
        });
        let grown = 2 * mark + taken.recent.total(now);
        progress.unsent + asked >= grown.min(Limits::MAX_WINDOW.max(2 * mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: u64 = 384 << 10;

    /// How much may be asked of the caller.
    fn room(window: &mut Window, progress: Progress, now: u64) -> u64 {
        let limits = Limits::default();
        assert_eq!(u64::from(limits.high_water_mark), MARK);
        let mut asked = 0;
        while !window.is_full(asked, progress, &limits, now) {
            asked += 1 << 10;
        }
        asked
    }

    #[test]
    fn it_grows_with_what_was_taken_and_shrinks_again() {
        let mut window = Window::default();
        let at = |delivered, unsent| Progress { unsent, delivered };
        assert_eq!(room(&mut window, at(5 << 20, 0), 0), 2 * MARK, "what left before counts not");
        assert_eq!(room(&mut window, at(6 << 20, 0), 500), 2 * MARK + (1 << 20));
        assert_eq!(room(&mut window, at(6 << 20, MARK), 600), MARK + (1 << 20));
        assert_eq!(room(&mut window, at(6 << 20, MARK + 1), 600), 0);
        assert_eq!(room(&mut window, at(99 << 20, 0), 900), Limits::MAX_WINDOW);
        assert_eq!(room(&mut window, at(99 << 20, 0), 1500), Limits::MAX_WINDOW);
        assert_eq!(room(&mut window, at(99 << 20, 0), 1900), 2 * MARK);
    }

    #[test]
    fn what_comes_back_is_not_taken_twice() {
        let mut window = Window::default();
        let limits = Limits::default();
        let at = |delivered| Progress { unsent: 0, delivered };
        assert!(!window.is_full(0, at(0), &limits, 0));
        for now in 0..50 {
            window.observe(if now % 2 == 0 { 4096 } else { 0 }, now);
        }
        assert_eq!(room(&mut window, at(4096), 50), 2 * MARK + 4096);
    }
}
