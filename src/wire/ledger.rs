//! Which bytes of the output are messages of one sort: so many of them have not left.

use std::collections::VecDeque;

use super::outbox::Progress;

/// More runs than these are not told apart.
const MAX_RUNS: usize = 1 << 16;

/// Where messages of one sort stand in the output, as long as they have not left.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// In order. Gone with the last one: most wires never need it.
    #[expect(clippy::box_collection, reason = "the room of an empty one is what counts")]
    runs: Option<Box<VecDeque<Run>>>,
    /// The lengths of all runs together.
    bytes: u64,
}

/// Messages without another between them.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Counted in bytes of the output, from the first that was ever sent.
    start: u64,
    end: u64,
}

impl Ledger {
    /// Notes that the next `length` bytes of the output are such a message.
    pub(crate) fn add(&mut self, progress: Progress, length: u64) {
        self.settle(progress.delivered);
        let start = progress.position();
        let runs = self.runs.get_or_insert_default();
        let count = runs.len();
        match runs.back_mut() {
            // Past the bound a message stands for as far ahead as there was something between: it
            // counts as gone a little before it is.
            Some(last) if last.end == start || count >= MAX_RUNS => last.end += length,
            _ => runs.push_back(Run { start, end: start + length }),
        }
        self.bytes += length;
    }

    /// Forgets what has left: `delivered` bytes of the output in all.
    pub(crate) fn settle(&mut self, delivered: u64) {
        let Some(runs) = &mut self.runs else { return };
        while let Some(run) = runs.front_mut()
            && run.start < delivered
        {
            let gone = run.end.min(delivered) - run.start;
            self.bytes -= gone;
            run.start += gone;
            if run.start < run.end {
                return;
            }
            runs.pop_front();
        }
        if runs.is_empty() {
            self.runs = None;
        }
    }

    /// How many bytes of these messages have not left, of an output that has delivered so many.
    pub(crate) fn unsent(&self, delivered: u64) -> u64 {
        let runs = self.runs.iter().flat_map(|runs| runs.iter());
        let gone: u64 = runs
            .take_while(|run| run.start < delivered)
            .map(|run| run.end.min(delivered) - run.start)
            .sum();
        self.bytes - gone
    }

    /// Notes that `length` other bytes came in before what was to stand from `at` on.
    pub(crate) fn make_way(&mut self, at: u64, length: u64) {
        let Some(runs) = &mut self.runs else { return };
        let first = runs.partition_point(|run| run.end <= at);
        let mut behind = None;
        for run in runs.range_mut(first..) {
            if run.start < at {
                behind = Some(Run { start: at + length, end: run.end + length });
                run.end = at;
            } else {
                run.start += length;
                run.end += length;
            }
        }
        if let Some(behind) = behind {
            runs.insert(first + 1, behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(delivered: u64, position: u64) -> Progress {
        Progress { unsent: position - delivered, delivered }
    }

    #[test]
    fn a_run_that_is_partly_out_counts_for_the_rest() {
        let mut ledger = Ledger::default();
        for n in 0..10 {
            ledger.add(at(0, 100 + 17 * n), 17);
        }
        ledger.add(at(0, 1000), 17);
        assert_eq!(ledger.runs.as_ref().map(|runs| runs.len()), Some(2));
        assert_eq!(ledger.unsent(100), 187);
        assert_eq!(ledger.unsent(101), 186);
        ledger.settle(101);
        assert_eq!((ledger.unsent(0), ledger.unsent(999), ledger.unsent(1016)), (186, 17, 1));
        ledger.settle(1017);
        assert!(ledger.runs.is_none() && ledger.bytes == 0);
    }

    #[test]
    fn its_room_is_bounded() {
        let mut ledger = Ledger::default();
        for n in 0..2 * MAX_RUNS as u64 {
            ledger.add(at(0, 100 * n), 17);
        }
        assert_eq!(ledger.runs.as_ref().map(|runs| runs.len()), Some(MAX_RUNS));
        assert_eq!(ledger.unsent(0), 2 * 17 * MAX_RUNS as u64);
        ledger.settle(200 * MAX_RUNS as u64);
        assert_eq!(ledger.bytes, 0);
    }

    #[test]
    fn what_comes_in_before_moves_what_is_behind() {
        let mut ledger = Ledger::default();
        ledger.add(at(0, 0), 10);
        ledger.add(at(0, 20), 10);
        ledger.make_way(5, 100);
        // 0..5, 105..110, 120..130
        assert_eq!([5, 105, 107, 120, 129].map(|to| ledger.unsent(to)), [15, 15, 13, 10, 1]);
        ledger.make_way(200, 1);
        assert_eq!(ledger.unsent(129), 1);
    }

    proptest! {
        /// Against an output whose every byte says what it is.
        #[test]
        fn agrees_with_marked_bytes(
            steps in proptest::collection::vec((0..3u8, 0..40usize, any::<bool>()), 0..200),
        ) {
            let mut ledger = Ledger::default();
            let mut output: Vec<bool> = Vec::new();
            let mut delivered = 0;
            for (kind, length, settle) in steps {
                match kind {
                    0 => output.resize(output.len() + length, false),
                    1 => {
                        ledger.add(at(delivered as u64, output.len() as u64), length as u64);
                        output.resize(output.len() + length, true);
                    }
                    _ => delivered = (delivered + length).min(output.len()),
                }
                if settle {
                    ledger.settle(delivered as u64);
                }
                let unsent = output[delivered..].iter().filter(|&&is_such| is_such).count();
                prop_assert_eq!(ledger.unsent(delivered as u64), unsent as u64);
            }
        }
    }
}
