//! What the peer asks of us: requests that the caller has, those that wait, and refusals.

use super::error::Violation;
use super::ledger::Ledger;
use super::limits::Limits;
use super::message::{Block, REQUEST_SIZE};
use super::outbox::Progress;
use super::requests::Requests;
use super::waiting::Waiting;
use super::window::Window;

/// The serving side of a wire.
#[derive(Debug)]
pub(crate) struct Serving {
    /// What the caller was asked for and has not answered.
    open: Requests,
    /// What waits until output has drained and earlier requests are answered.
    waiting: Waiting,
    window: Window,
    /// Rejects that the peer provoked, without a word of the caller.
    rejects: Ledger,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is the caller's, under this key.
    Open(u32),
    /// Its turn will come.
    Waits,
    /// It is one too many.
    Full,
}

/// What a cancel of the peer found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// A request that the caller had, under this key.
    Open(u32),
    /// One that waited.
    Waiting,
    /// Nothing.
    Unknown,
}

impl Serving {
    /// Nothing asked. `seed` makes hash tables unpredictable for the peer.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            open: Requests::new(seed),
            waiting: Waiting::new(seed),
            window: Window::default(),
            rejects: Ledger::default(),
        }
    }

    /// Takes a request up, of a peer to which the output has come so far.
    pub(crate) fn admit(
        &mut self,
        block: Block,
        progress: Progress,
        limits: &Limits,
        now: u64,
    ) -> Admission {
        if self.open.len() + self.waiting.len() >= limits.max_peer_requests as usize {
            return Admission::Full;
        }
        if !self.waiting.is_empty() || self.is_busy(progress, limits, now) {
            self.waiting.push(block);
            return Admission::Waits;
        }
        Admission::Open(self.open.push(block, now))
    }

    /// The next request whose turn has come; it is the caller's now.
    pub(crate) fn poll(
        &mut self,
        progress: Progress,
        limits: &Limits,
        now: u64,
    ) -> Option<(u32, Block)> {
        if self.is_busy(progress, limits, now) {
            return None;
        }
        let block = self.waiting.pop()?;
        Some((self.open.push(block, now), block))
    }

    /// Removes the request that the peer takes back: what the caller has, else what waits.
    pub(crate) fn cancel(&mut self, block: Block) -> Cancelled {
        match self.open.take(block) {
            Some(key) => Cancelled::Open(key),
            None if self.waiting.cancel(block) => Cancelled::Waiting,
            None => Cancelled::Unknown,
        }
    }

    /// Removes the oldest of the caller's requests for a block; gives its key.
    pub(crate) fn settle(&mut self, block: Block) -> Option<u32> {
        self.open.take(block)
    }

    /// Removes one of the caller's requests.
    pub(crate) fn remove(&mut self, key: u32) -> Option<Block> {
        self.open.remove(key)
    }

    /// Removes what waits, but for what `keeps` tells to keep, and gives it.
    pub(crate) fn drop_waiting(&mut self, keeps: impl Fn(Block) -> bool) -> Vec<Block> {
        let mut dropped = Vec::new();
        for _ in 0..self.waiting.len() {
            match self.waiting.pop() {
                Some(block) if keeps(block) => self.waiting.push(block),
                Some(block) => dropped.push(block),
                None => break,
            }
        }
        dropped
    }

    /// Notes that a reject is sent next. Of a peer that goes on provoking them and reads none,
    /// there is an end.
    pub(crate) fn count_reject(
        &mut self,
        progress: Progress,
        limits: &Limits,
    ) -> Result<(), Violation> {
        let size = REQUEST_SIZE as u64;
        let unread = self.rejects.unsent(progress.delivered).div_ceil(size);
        if unread >= limits.max_unread_rejects().into() {
            return Err(Violation::TooManyRequests { count: unread as u32 });
        }
        self.rejects.add(progress, size);
        Ok(())
    }

    /// Notes how far the output has come.
    pub(crate) fn observe(&mut self, progress: Progress, now: u64) {
        self.window.observe(progress.delivered, now);
        self.rejects.settle(progress.delivered);
    }

    /// Drops all requests.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.waiting.clear();
    }

    pub(crate) fn open(&self) -> &Requests {
        &self.open
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn is_busy(&mut self, progress: Progress, limits: &Limits, now: u64) -> bool {
        self.window.is_full(self.open.bytes(), progress, limits, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(piece: u32) -> Block {
        Block { piece, offset: 0, length: 16384 }
    }

    #[test]
    fn rejects_count_while_they_have_not_left() {
        let limits = Limits { high_water_mark: 170, max_peer_requests: 5, ..Limits::default() };
        let mut serving = Serving::new(1);
        let mut position = 0;
        let mut reject = |delivered: u64, serving: &mut Serving| {
            let result =
                serving.count_reject(Progress { unsent: position - delivered, delivered }, &limits);
            position += 17;
            result
        };
        let most = limits.max_unread_rejects();
        for _ in 0..most {
            assert_eq!(reject(0, &mut serving), Ok(()));
        }
        // Half of the first has left: it is not read yet.
        let too_many = Err(Violation::TooManyRequests { count: most });
        assert_eq!(reject(9, &mut serving), too_many);
        assert_eq!(reject(17, &mut serving), Ok(()));
        assert_eq!(reject(17, &mut serving), too_many);
    }

    #[test]
    fn what_waits_comes_in_turn_and_goes_with_a_choke() {
        let limits = Limits { high_water_mark: 8192, max_peer_requests: 4, ..Limits::default() };
        let idle = Progress { unsent: 0, delivered: 0 };
        let mut serving = Serving::new(1);
        let mut admit = |piece| serving.admit(block(piece), idle, &limits, 0);
        assert_eq!(admit(0), Admission::Open(0));
        assert_eq!([admit(1), admit(2), admit(3)], [(); 3].map(|()| Admission::Waits));
        assert_eq!(admit(4), Admission::Full);
        assert_eq!(serving.poll(idle, &limits, 0), None);
        assert_eq!(serving.cancel(block(0)), Cancelled::Open(0));
        assert_eq!(serving.cancel(block(1)), Cancelled::Waiting);
        assert_eq!(serving.cancel(block(1)), Cancelled::Unknown);
        assert_eq!(serving.drop_waiting(|block| block.piece == 3), [block(2)]);
        assert_eq!(serving.poll(idle, &limits, 0), Some((0, block(3))));
        assert_eq!((serving.waiting(), serving.open().len()), (0, 1));
    }
}
