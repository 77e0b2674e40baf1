//! The requests that are open in one direction, each operation in constant time.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::{Entry as TableEntry, OccupiedEntry};
use slab::Slab;
use std::hash::BuildHasher;

use super::message::Block;

/// The end of a chain of entries.
const NONE: u32 = u32::MAX;

/// Up to this many requests are searched in order; only for more is the table made.
const FEW: usize = 16;

/// Open requests. They stand in an order that callers mirror: a new one goes to the end, and where
/// one leaves, the last one takes its place. The same block may be requested more than once.
#[derive(Debug)]
pub struct Requests {
    /// Made for the first request, and kept until all are cleared: most wires never have one.
    open: Option<Box<Open>>,
    hasher: FixedState,
}

#[derive(Debug)]
struct Open {
    entries: Slab<Entry>,
    /// The keys of `entries` in the order that callers see.
    order: Vec<u32>,
    /// A key of `entries` for each block, the first of a chain of those for the same block: made
    /// when a block is first looked up among many. Who answers by key never needs it.
    by_block: Option<HashTable<u32>>,
    hasher: FixedState,
    /// The lengths of all blocks together.
    bytes: u64,
    /// The ends of the chain from the oldest entry to the newest.
    oldest: u32,
    newest: u32,
}

#[derive(Debug)]
struct Entry {
    block: Block,
    position: u32,
    /// Of the block, once it is in the table.
    hash: u64,
    /// The next of the chain of those for the same block.
    same: u32,
    /// When the request was made, in milliseconds.
    since: u64,
    older: u32,
    newer: u32,
}

/// A request that has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// The key that `Requests::push` gave.
    pub key: u32,
    /// Where it stood; the last one stands there now.
    pub position: u32,
    /// What it asked for.
    pub block: Block,
}

impl Requests {
    /// No requests. `seed` makes the hash table unpredictable for the peer.
    pub(crate) fn new(seed: u64) -> Self {
        Self { open: None, hasher: FixedState::with_seed(seed) }
    }

    /// Adds a request at the end and gives its key, which stays until it is removed.
    #[inline]
    pub(crate) fn push(&mut self, block: Block, now: u64) -> u32 {
        let open = self.open.get_or_insert_with(|| Open::new(self.hasher.clone()));
        open.push(block, now)
    }

    /// Removes the first request, in order, of the block.
    pub(crate) fn take(&mut self, block: Block) -> Option<Removed> {
        self.open.as_mut()?.take(block)
    }

    /// Removes a request by its key.
    pub(crate) fn remove(&mut self, key: u32) -> Option<Removed> {
        self.open.as_mut()?.remove(key)
    }

    /// Removes the last request in order.
    pub(crate) fn pop(&mut self) -> Option<Removed> {
        let open = self.open.as_mut()?;
        let key = *open.order.last()?;
        open.remove(key)
    }

    /// Removes the oldest request if it was made at `made_by` or before.
    pub(crate) fn take_older(&mut self, made_by: u64) -> Option<Removed> {
        let open = self.open.as_mut()?;
        let entry = open.entries.get(open.oldest as usize)?;
        if entry.since > made_by {
            return None;
        }
        open.remove(open.oldest)
    }

    /// Removes all requests and gives back their memory.
    pub(crate) fn clear(&mut self) {
        self.open = None;
    }

    /// Makes the order what the caller's list has become; requests that stay keep their age.
    pub(crate) fn sync(&mut self, blocks: &[Block], now: u64) {
        let mut known: hashbrown::HashMap<Block, Vec<u64>, FixedState> =
            hashbrown::HashMap::with_hasher(self.hasher.clone());
        if let Some(open) = self.open.take() {
            for &key in open.order.iter().rev() {
                let entry = &open.entries[key as usize];
                known.entry(entry.block).or_default().push(entry.since);
            }
        }
        let mut dated: Vec<(usize, u64)> = blocks
            .iter()
            .map(|block| known.get_mut(block).and_then(Vec::pop).unwrap_or(now))
            .enumerate()
            .collect();
        // The chain of ages follows the order of pushing, so push by age and then lay the order.
        dated.sort_by_key(|&(_, since)| since);
        let mut order = vec![NONE; blocks.len()];
        for (position, since) in dated {
            order[position] = self.push(blocks[position], since);
        }
        if let Some(open) = &mut self.open {
            for (position, &key) in order.iter().enumerate() {
                open.entries[key as usize].position = position as u32;
            }
            open.order = order;
        }
    }

    /// The blocks in order.
    pub fn iter(&self) -> impl Iterator<Item = Block> + '_ {
        self.open.iter().flat_map(|open| open.order.iter().map(|&key| open.block(key)))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = u32> + '_ {
        self.open.iter().flat_map(|open| open.order.iter().copied())
    }

    /// The key and block at a position of the order.
    pub(crate) fn at(&self, position: usize) -> Option<(u32, Block)> {
        let open = self.open.as_ref()?;
        let &key = open.order.get(position)?;
        Some((key, open.block(key)))
    }

    /// When the oldest request was made, in milliseconds.
    pub fn oldest_since(&self) -> Option<u64> {
        let open = self.open.as_ref()?;
        open.entries.get(open.oldest as usize).map(|entry| entry.since)
    }

    /// How many bytes the open requests ask for.
    pub fn bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.bytes)
    }

    /// How many requests are open.
    pub fn len(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.order.len())
    }

    /// Whether no request is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Open {
    #[cold]
    fn new(hasher: FixedState) -> Box<Self> {
        Box::new(Self {
            entries: Slab::new(),
            order: Vec::new(),
            by_block: None,
            hasher,
            bytes: 0,
            oldest: NONE,
            newest: NONE,
        })
    }

    fn block(&self, key: u32) -> Block {
        self.entries[key as usize].block
    }

    fn push(&mut self, block: Block, now: u64) -> u32 {
        let key = self.entries.insert(Entry {
            block,
            hash: 0,
            same: NONE,
            position: self.order.len() as u32,
            since: now,
            older: self.newest,
            newer: NONE,
        }) as u32;
        match self.newest {
            NONE => self.oldest = key,
            newest => self.entries[newest as usize].newer = key,
        }
        self.newest = key;
        self.order.push(key);
        self.bytes += u64::from(block.length);
        if let Some(table) = &mut self.by_block {
            insert(table, &mut self.entries, &self.hasher, key);
        }
        key
    }

    fn take(&mut self, block: Block) -> Option<Removed> {
        if self.by_block.is_some() || self.order.len() > FEW {
            return self.take_hashed(block);
        }
        let entries = &self.entries;
        let key = self.order.iter().copied().find(|&key| entries[key as usize].block == block)?;
        self.unlink(key)
    }

    fn take_hashed(&mut self, block: Block) -> Option<Removed> {
        let hash = self.hasher.hash_one(block);
        let entries = &mut self.entries;
        let table = self.by_block.get_or_insert_with(|| {
            let mut table = HashTable::with_capacity(self.order.len());
            for &key in &self.order {
                insert(&mut table, entries, &self.hasher, key);
            }
            table
        });
        let found = table.find_entry(hash, |&key| entries[key as usize].block == block).ok()?;
        let first =
            chain(entries, *found.get()).min_by_key(|&key| entries[key as usize].position)?;
        leave(found, entries, first);
        self.unlink(first)
    }

    fn remove(&mut self, key: u32) -> Option<Removed> {
        if let Some(table) = &mut self.by_block
            && let Some(&Entry { hash, block, .. }) = self.entries.get(key as usize)
            && let Ok(found) =
                table.find_entry(hash, |&other| self.entries[other as usize].block == block)
        {
            leave(found, &mut self.entries, key);
        }
        self.unlink(key)
    }

    /// Removes a request that is not in the table.
    fn unlink(&mut self, key: u32) -> Option<Removed> {
        let entry = self.entries.try_remove(key as usize)?;
        self.bytes -= u64::from(entry.block.length);
        match entry.older {
            NONE => self.oldest = entry.newer,
            older => self.entries[older as usize].newer = entry.newer,
        }
        match entry.newer {
            NONE => self.newest = entry.older,
            newer => self.entries[newer as usize].older = entry.older,
        }
        self.order.swap_remove(entry.position as usize);
        if let Some(&moved) = self.order.get(entry.position as usize) {
            self.entries[moved as usize].position = entry.position;
        }
        Some(Removed { key, position: entry.position, block: entry.block })
    }
}

/// Puts a request into the table, before those for the same block.
fn insert(table: &mut HashTable<u32>, entries: &mut Slab<Entry>, hasher: &FixedState, key: u32) {
    let block = entries[key as usize].block;
    let hash = hasher.hash_one(block);
    let same = match table.entry(
        hash,
        |&other| entries[other as usize].block == block,
        |&other| entries[other as usize].hash,
    ) {
        TableEntry::Occupied(mut first) => std::mem::replace(first.get_mut(), key),
        TableEntry::Vacant(vacant) => {
            vacant.insert(key);
            NONE
        }
    };
    let entry = &mut entries[key as usize];
    entry.hash = hash;
    entry.same = same;
}

/// Takes a request out of the chain that `first` begins.
fn leave(mut first: OccupiedEntry<'_, u32>, entries: &mut Slab<Entry>, key: u32) {
    let rest = entries[key as usize].same;
    if *first.get() != key {
        let before =
            chain(entries, *first.get()).find(|&other| entries[other as usize].same == key);
        if let Some(before) = before {
            entries[before as usize].same = rest;
        }
    } else if rest == NONE {
        first.remove();
    } else {
        *first.get_mut() = rest;
    }
}

/// The requests for one block, from the `first` on.
fn chain(entries: &Slab<Entry>, first: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(first), |&key| {
        Some(entries[key as usize].same).filter(|&key| key != NONE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(piece: u32) -> Block {
        Block { piece, offset: 0, length: 16384 }
    }

    #[test]
    fn a_hole_is_filled_by_the_last() {
        let mut requests = Requests::new(1);
        for piece in 0..4 {
            requests.push(block(piece), 0);
        }
        assert_eq!(requests.take(block(1)).map(|removed| removed.position), Some(1));
        assert_eq!(requests.iter().map(|b| b.piece).collect::<Vec<_>>(), [0, 3, 2]);
        assert_eq!(requests.take(block(7)), None);
    }

    #[test]
    fn the_oldest_goes_first_wherever_it_stands() {
        let mut requests = Requests::new(1);
        for piece in 0..3 {
            requests.push(block(piece), u64::from(piece) * 10);
        }
        requests.take(block(0));
        assert_eq!(requests.oldest_since(), Some(10));
        assert_eq!(requests.take_older(9), None);
        assert_eq!(requests.take_older(10).map(|removed| removed.block.piece), Some(1));
        assert_eq!(requests.take_older(25).map(|removed| removed.block.piece), Some(2));
        assert_eq!(requests.take_older(25), None);
    }

    /// What `Requests` promises, in the plainest form.
    #[derive(Default)]
    struct Model(Vec<(Block, u64)>);

    impl Model {
        fn take(&mut self, block: Block) -> Option<u32> {
            let position = self.0.iter().position(|&(other, _)| other == block)?;
            self.0.swap_remove(position);
            Some(position as u32)
        }

        fn oldest(&self) -> Option<u64> {
            self.0.iter().map(|&(_, since)| since).min()
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(u32),
        Take(u32),
        Pop,
        Expire,
        Sync,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            9 => (0..30u32).prop_map(Step::Push),
            3 => (0..30u32).prop_map(Step::Take),
            1 => Just(Step::Pop),
            1 => Just(Step::Expire),
            1 => Just(Step::Sync),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_list(steps in proptest::collection::vec(step(), 0..200)) {
            let mut requests = Requests::new(7);
            let mut model = Model::default();
            for (now, step) in steps.into_iter().enumerate() {
                let now = now as u64;
                match step {
                    Step::Push(piece) => {
                        requests.push(block(piece), now);
                        model.0.push((block(piece), now));
                    }
                    Step::Take(piece) => prop_assert_eq!(
                        requests.take(block(piece)).map(|removed| removed.position),
                        model.take(block(piece))
                    ),
                    Step::Pop => prop_assert_eq!(
                        requests.pop().map(|removed| removed.block),
                        model.0.pop().map(|(block, _)| block)
                    ),
                    Step::Expire => {
                        let oldest = model.oldest();
                        let removed = requests.take_older(now);
                        prop_assert_eq!(removed.is_some(), oldest.is_some());
                        if let Some(removed) = removed {
                            model.0.swap_remove(removed.position as usize);
                        }
                    }
                    Step::Sync => {
                        model.0.reverse();
                        let blocks: Vec<Block> = model.0.iter().map(|&(block, _)| block).collect();
                        // Equal blocks cannot be told apart: their ages may change places.
                        requests.sync(&blocks, now);
                        let ages: Vec<u64> = requests
                            .open
                            .iter()
                            .flat_map(|open| {
                                open.order.iter().map(|&key| open.entries[key as usize].since)
                            })
                            .collect();
                        model.0.iter_mut().zip(ages).for_each(|((_, since), age)| *since = age);
                    }
                }
                prop_assert_eq!(requests.iter().collect::<Vec<_>>(),
                    model.0.iter().map(|&(block, _)| block).collect::<Vec<_>>());
                prop_assert_eq!(requests.oldest_since(), model.oldest());
                if let Some(table) = requests.open.iter().find_map(|open| open.by_block.as_ref()) {
                    let blocks: std::collections::HashSet<Block> = requests.iter().collect();
                    prop_assert_eq!(table.len(), blocks.len());
                }
                let lengths = model.0.iter().map(|(block, _)| u64::from(block.length));
                prop_assert_eq!(requests.bytes(), lengths.sum());
            }
        }
    }
}
