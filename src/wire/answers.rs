//! What a peer has us answer with more than it sent: messages of extensions, and hashes. Such
//! answers are not bounded by its requests, so reading stops while too much of them is unsent.

use super::ledger::Ledger;
use super::outbox::Progress;

/// The answers of one wire.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    unsent: Ledger,
    /// What was read last is of the sort that is answered so.
    are_due: bool,
}

impl Answers {
    /// Notes that what was read is answered at once, or soon.
    pub(crate) fn expect(&mut self) {
        self.are_due = true;
    }

    /// Notes that something else is read next.
    pub(crate) fn go_on(&mut self) {
        self.are_due = false;
    }

    /// Notes that the next `length` bytes of the output are an answer.
    pub(crate) fn add(&mut self, progress: Progress, length: usize) {
        self.unsent.add(progress, length as u64);
    }

    /// Notes that other bytes came in before what was to stand from `at` on.
    pub(crate) fn make_way(&mut self, at: u64, length: usize) {
        self.unsent.make_way(at, length as u64);
    }

    /// Notes how far the output has come.
    pub(crate) fn observe(&mut self, progress: Progress) {
        self.unsent.settle(progress.delivered);
    }

    /// How many bytes of answers have not left.
    pub(crate) fn unsent(&self, progress: Progress) -> u64 {
        self.unsent.unsent(progress.delivered)
    }

    /// Whether what was read last is answered at once, or soon.
    pub(crate) fn are_due(&self) -> bool {
        self.are_due
    }
}
