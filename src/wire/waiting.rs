//! The peer's requests that wait for their turn: twelve bytes each, each step in constant time.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::VecDeque;

use super::message::Block;

/// Up to this many are searched in order; only for more is the index made.
const FEW: usize = 32;

/// Blocks, first in, first out, any of which may be cancelled.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Made for the first that waits, and gone with the last: most wires never have one.
    queue: Option<Box<Queue>>,
    hasher: FixedState,
}

#[derive(Debug, Default)]
struct Queue {
    blocks: VecDeque<Block>,
    index: Option<Index>,
}

/// Made when one of many is first cancelled. What is cancelled then stays among the blocks, and is
/// passed over.
#[derive(Debug)]
struct Index {
    counts: HashMap<Block, Count, FixedState>,
    /// How many in all are cancelled.
    cancelled: usize,
}

/// How often a block is in the queue.
#[derive(Debug, Default)]
struct Count {
    queued: u32,
    /// So many of these, from the first on, are cancelled.
    cancelled: u32,
}

impl Waiting {
    /// Nothing waits. `seed` makes the index unpredictable for the peer.
    pub(crate) fn new(seed: u64) -> Self {
        Self { queue: None, hasher: FixedState::with_seed(seed) }
    }

    pub(crate) fn push(&mut self, block: Block) {
        let queue = self.queue.get_or_insert_default();
        queue.blocks.push_back(block);
        if let Some(index) = &mut queue.index {
            index.enter(block);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Block> {
        let queue = self.queue.as_mut()?;
        let block = queue.pop();
        if queue.len() == 0 {
            self.queue = None;
        }
        block
    }

    /// Takes out the first for this block; tells whether there was one.
    pub(crate) fn cancel(&mut self, block: Block) -> bool {
        let Some(queue) = &mut self.queue else { return false };
        let was_there = queue.cancel(block, &self.hasher);
        if queue.len() == 0 {
            self.queue = None;
        }
        was_there
    }

    pub(crate) fn clear(&mut self) {
        self.queue = None;
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_none()
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.blocks.len() - self.index.as_ref().map_or(0, |index| index.cancelled)
    }

    fn pop(&mut self) -> Option<Block> {
        loop {
            let block = self.blocks.pop_front()?;
            let was_cancelled = self.index.as_mut().is_some_and(|index| index.leave(block));
            if !was_cancelled {
                return Some(block);
            }
        }
    }

    fn cancel(&mut self, block: Block, hasher: &FixedState) -> bool {
        if self.index.is_none() && self.blocks.len() <= FEW {
            let Some(place) = self.blocks.iter().position(|&other| other == block) else {
                return false;
            };
            self.blocks.remove(place);
            return true;
        }
        let index = self.index.get_or_insert_with(|| Index::of(&self.blocks, hasher));
        if !index.cancel(block) {
            return false;
        }
        // So what is cancelled never takes more room than what waits, and the way through all of
        // it is paid for by the cancels before.
        if index.cancelled > FEW.max(self.blocks.len() / 2) {
            self.blocks.retain(|&block| !index.leave_cancelled(block));
        }
        true
    }
}

impl Index {
    #[cold]
    fn of(blocks: &VecDeque<Block>, hasher: &FixedState) -> Self {
        let counts = HashMap::with_capacity_and_hasher(blocks.len(), hasher.clone());
        let mut index = Self { counts, cancelled: 0 };
        blocks.iter().for_each(|&block| index.enter(block));
        index
    }

    fn enter(&mut self, block: Block) {
        self.counts.entry(block).or_default().queued += 1;
    }

    /// Notes that one more is cancelled, if there is one.
    fn cancel(&mut self, block: Block) -> bool {
        match self.counts.get_mut(&block) {
            Some(count) if count.cancelled < count.queued => {
                count.cancelled += 1;
                self.cancelled += 1;
                true
            }
            _ => false,
        }
    }

    /// Notes that the first for this block has left the queue; tells whether it was cancelled.
    fn leave(&mut self, block: Block) -> bool {
        let Some(count) = self.counts.get_mut(&block) else { return false };
        let was_cancelled = count.cancelled > 0;
        count.queued -= 1;
        if was_cancelled {
            count.cancelled -= 1;
            self.cancelled -= 1;
        }
        if count.queued == 0 {
            self.counts.remove(&block);
        }
        was_cancelled
    }

    /// As [`Index::leave`], of a block that stays unless it was cancelled.
    fn leave_cancelled(&mut self, block: Block) -> bool {
        let is_cancelled = self.counts.get(&block).is_some_and(|count| count.cancelled > 0);
        is_cancelled && self.leave(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(piece: u32) -> Block {
        Block { piece, offset: 0, length: 16384 }
    }

    /// How many entries a cancel goes through.
    fn cancel_and_count(waiting: &mut Waiting, block: Block) -> usize {
        let look = |waiting: &Waiting| {
            let queue = waiting.queue.as_ref();
            queue.map_or((0, false), |queue| (queue.blocks.len(), queue.index.is_some()))
        };
        let (before, was_indexed) = look(waiting);
        assert!(waiting.cancel(block));
        let (after, is_indexed) = look(waiting);
        // Without an index, or to make it, or to clear what was cancelled: all of them.
        if was_indexed && is_indexed && before == after { 1 } else { before }
    }

    #[test]
    fn a_hundred_thousand_cancels_behind_as_many_requests_are_linear() {
        let count = 100_000;
        type Which = fn(u32) -> u32;
        let orders: [Which; 3] = [|n| n, |n| 99_999 - n, |n| n * 7919 % 100_000];
        for order in orders {
            let mut waiting = Waiting::new(1);
            (0..count).for_each(|piece| waiting.push(block(piece)));
            let steps: usize =
                (0..count).map(|n| cancel_and_count(&mut waiting, block(order(n)))).sum();
            assert!(steps < 5 * count as usize, "{steps} steps");
            assert!(waiting.queue.is_none());
        }
    }

    #[test]
    fn what_is_cancelled_takes_no_room_for_long() {
        let mut waiting = Waiting::new(1);
        (0..100).for_each(|piece| waiting.push(block(piece)));
        for piece in 100..10_000 {
            waiting.push(block(piece));
            assert!(waiting.cancel(block(piece)));
            let queue = waiting.queue.as_ref().expect("a hundred wait");
            assert_eq!(waiting.len(), 100);
            assert!(queue.blocks.len() <= 202);
        }
    }

    #[test]
    fn of_equal_ones_the_first_goes() {
        let mut waiting = Waiting::new(1);
        (0..40).for_each(|piece| waiting.push(block(piece % 20)));
        assert!(waiting.cancel(block(0)) && waiting.cancel(block(0)) && !waiting.cancel(block(0)));
        waiting.push(block(0));
        let left: Vec<u32> =
            std::iter::from_fn(|| waiting.pop()).map(|block| block.piece).collect();
        assert_eq!(left, (1..20).chain(1..20).chain([0]).collect::<Vec<_>>());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(u32),
        Pop,
        Cancel(u32),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            120 => (0..60u32).prop_map(Step::Push),
            30 => Just(Step::Pop),
            60 => (0..60u32).prop_map(Step::Cancel),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_queue(steps in proptest::collection::vec(step(), 0..600)) {
            let mut waiting = Waiting::new(7);
            let mut model: Vec<Block> = Vec::new();
            for step in steps {
                match step {
                    Step::Push(piece) => {
                        waiting.push(block(piece));
                        model.push(block(piece));
                    }
                    Step::Pop => {
                        let first = (!model.is_empty()).then(|| model.remove(0));
                        prop_assert_eq!(waiting.pop(), first);
                    }
                    Step::Cancel(piece) => {
                        let place = model.iter().position(|&other| other == block(piece));
                        prop_assert_eq!(waiting.cancel(block(piece)), place.is_some());
                        place.map(|place| model.remove(place));
                    }
                    Step::Clear => {
                        waiting.clear();
                        model.clear();
                    }
                }
                prop_assert_eq!(waiting.len(), model.len());
                prop_assert_eq!(waiting.is_empty(), model.is_empty());
            }
        }
    }
}
