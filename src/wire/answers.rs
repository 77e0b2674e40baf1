//! What a peer has us answer with more than it sent: messages of extensions, and hashes. Such
//! answers are not bounded by its requests, so reading stops while too much of them is unsent.

use super::ledger::Ledger;
use super::limits::Limits;
use super::outbox::Progress;

/// The answers of one wire.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    unsent: Ledger,
    /// What was read last is of the sort that is answered so.
    are_due: bool,
    /// What of them was unsent when the caller was last relieved, and how often it was.
    tolerated: u64,
    reliefs: u32,
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

    /// Whether nothing more is to be read before some of them have left. What the caller sent by
    /// itself counts like what it answered; [`Answers::relieve`] makes up for that.
    pub(crate) fn are_too_many(&mut self, progress: Progress, mark: u64) -> bool {
        let unsent = self.unsent(progress);
        if unsent <= mark {
            self.tolerated = 0;
            self.reliefs = 0;
        }
        let margin = if self.reliefs > 0 { self.tolerated + mark } else { mark };
        self.are_due && unsent > margin
    }

    /// Nothing has left for a while: perhaps the peer waits for the same reason. What is unsent is
    /// tolerated and may grow by another mark, a limited number of times.
    pub(crate) fn relieve(&mut self, progress: Progress, mark: u64) {
        if u64::from(self.reliefs) * mark < Limits::MAX_WINDOW {
            self.reliefs += 1;
            self.tolerated = self.unsent(progress);
        }
    }

    /// Whether what was read last is answered at once, or soon.
    pub(crate) fn are_due(&self) -> bool {
        self.are_due
    }
}
