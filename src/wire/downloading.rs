//! What we ask of the peer.

use super::message::Block;
use super::requests::Requests;

/// The asking side of a wire.
#[derive(Debug)]
pub(crate) struct Downloading {
    requests: Requests,
    /// How long a request may stay open, in milliseconds; 0 for ever.
    timeout: u64,
    /// The largest block that we ever asked for, in bytes.
    largest: u32,
}

impl Downloading {
    /// Nothing asked. `seed` makes the hash table unpredictable for the peer.
    pub(crate) fn new(seed: u64) -> Self {
        Self { requests: Requests::new(seed), timeout: 0, largest: 0 }
    }

    /// Notes that a block is asked for; gives the key of the request.
    pub(crate) fn ask(&mut self, block: Block, now: u64) -> u32 {
        self.largest = self.largest.max(block.length);
        self.requests.push(block, now)
    }

    /// Removes the oldest request for a block that the peer has answered, in one way or the other.
    pub(crate) fn settle(&mut self, block: Block, now: u64) -> Option<u32> {
        self.requests.settle(block, now)
    }

    /// Removes the oldest request for a block that we take back.
    pub(crate) fn cancel(&mut self, block: Block) -> Option<u32> {
        self.requests.take(block)
    }

    /// Removes a request; tells whether it was open.
    pub(crate) fn forget(&mut self, key: u32) -> bool {
        self.requests.remove(key).is_some()
    }

    /// Removes all requests.
    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }

    pub(crate) fn set_timeout(&mut self, milliseconds: u64) {
        self.timeout = milliseconds;
    }

    /// When the oldest request is late; those after it never are before it.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        let (_, since) = self.requests.oldest()?;
        (self.timeout > 0).then(|| since.saturating_add(self.timeout))
    }

    /// Removes the oldest request if it is late; gives its key.
    pub(crate) fn poll_timeout(&mut self, now: u64) -> Option<u32> {
        let (key, _) = self.requests.oldest()?;
        let is_late = self.next_timeout().is_some_and(|due| due <= now);
        (is_late && self.forget(key)).then_some(key)
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// The largest block that was ever asked for, in bytes.
    pub(crate) fn largest(&self) -> u32 {
        self.largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(piece: u32) -> Block {
        Block { piece, offset: 0, length: 16384 }
    }

    fn asking(count: u32, timeout: u64) -> Downloading {
        let mut downloading = Downloading::new(1);
        downloading.set_timeout(timeout);
        (0..count).for_each(|piece| _ = downloading.ask(block(piece), 0));
        downloading
    }

    #[test]
    fn a_slow_peer_that_answers_in_order_is_never_late() {
        let mut downloading = asking(8, 400);
        for piece in 0..100 {
            let now = u64::from(piece + 1) * 399;
            assert_eq!(downloading.poll_timeout(now), None);
            assert!(downloading.settle(block(piece), now).is_some());
            downloading.ask(block(piece + 8), now);
        }
    }

    #[test]
    fn a_request_that_is_passed_over_is_late() {
        let mut downloading = asking(8, 400);
        for piece in 1..8 {
            downloading.settle(block(piece), u64::from(piece) * 50);
        }
        assert_eq!(downloading.next_timeout(), Some(400));
        assert_eq!([399, 400, 400].map(|now| downloading.poll_timeout(now)), [None, Some(0), None]);
    }

    #[test]
    fn all_requests_of_a_silent_peer_are_late_together() {
        let mut downloading = asking(8, 400);
        downloading.settle(block(0), 300);
        assert_eq!(downloading.poll_timeout(699), None);
        assert_eq!(
            [700; 8].map(|now| downloading.poll_timeout(now)),
            [Some(1), Some(2), Some(3), Some(4), Some(5), Some(6), Some(7), None]
        );
    }

    #[test]
    fn only_an_answer_gives_the_next_one_time() {
        let mut downloading = asking(4, 400);
        assert_eq!(downloading.cancel(block(0)), Some(0));
        assert!(downloading.forget(1));
        assert_eq!(downloading.next_timeout(), Some(400));
        assert_eq!(downloading.poll_timeout(400), Some(2));
        assert_eq!(downloading.poll_timeout(400), Some(3));
    }

    #[test]
    fn without_a_timeout_none_is_late() {
        let mut downloading = asking(1, 0);
        assert_eq!((downloading.next_timeout(), downloading.poll_timeout(u64::MAX)), (None, None));
        downloading.set_timeout(u64::MAX);
        assert_eq!(downloading.next_timeout(), Some(u64::MAX));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Ask(u32),
        Answer(u32),
        Cancel(u32),
        Forget(usize),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..9u32).prop_map(Step::Ask),
            3 => (0..9u32).prop_map(Step::Answer),
            1 => (0..9u32).prop_map(Step::Cancel),
            1 => (0..9usize).prop_map(Step::Forget),
            3 => (0..200u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// A request is late so long after it was asked, or after the one before it was answered,
        /// whichever is later; oldest first.
        #[test]
        fn late_is_what_the_sentence_says(steps in proptest::collection::vec(step(), 0..200)) {
            const TIMEOUT: u64 = 400;
            let mut downloading = asking(0, TIMEOUT);
            // In order of asking: key, block, when asked, when the one before it was answered.
            let mut open: Vec<(u32, u32, u64, u64)> = Vec::new();
            let mut now = 0;
            for step in steps {
                match step {
                    Step::Ask(piece) => open.push((downloading.ask(block(piece), now), piece, now, 0)),
                    Step::Answer(piece) => {
                        let place = open.iter().position(|request| request.1 == piece);
                        let key = place.map(|place| {
                            if let Some(next) = open.get_mut(place + 1) {
                                next.3 = now;
                            }
                            open.remove(place).0
                        });
                        prop_assert_eq!(downloading.settle(block(piece), now), key);
                    }
                    Step::Cancel(piece) => {
                        let place = open.iter().position(|request| request.1 == piece);
                        let key = place.map(|place| open.remove(place).0);
                        prop_assert_eq!(downloading.cancel(block(piece)), key);
                    }
                    Step::Forget(place) => {
                        if place < open.len() {
                            prop_assert!(downloading.forget(open.remove(place).0));
                        }
                    }
                    Step::Wait(time) => now += time,
                }
                let due = open.first().map(|&(_, _, asked, before)| asked.max(before) + TIMEOUT);
                prop_assert_eq!(downloading.next_timeout(), due);
                while let Some(&(key, _, asked, before)) = open.first()
                    && asked.max(before) + TIMEOUT <= now
                {
                    prop_assert_eq!(downloading.poll_timeout(now), Some(key));
                    open.remove(0);
                }
                prop_assert_eq!(downloading.poll_timeout(now), None);
            }
        }
    }
}
