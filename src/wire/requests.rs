//! The requests that are open in one direction, each operation in constant time.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::{Entry as TableEntry, OccupiedEntry};
use slab::Slab;
use std::hash::BuildHasher;

use super::message::Block;

/// No entry: the end of a chain.
const NONE: u32 = u32::MAX;

/// Up to this many requests are searched in order; only for more is the table made.
const FEW: usize = 16;

/// What a request costs the caller at least until it is answered, in bytes, however small its block.
const LEAST_COST: u32 = 256;

/// Room for more requests than this is given back as soon as none is open.
const MANY: usize = 4096;

/// Open requests by key and by block, from the oldest to the newest. The same block may be
/// requested more than once.
#[derive(Debug)]
pub struct Requests {
    /// Made for the first request: most wires never have one.
    open: Option<Box<Open>>,
    hasher: FixedState,
}

#[derive(Debug)]
struct Open {
    entries: Slab<Entry>,
    /// The oldest request for each block: made when a block is first looked up among many. Who
    /// answers by key never needs it.
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
    /// The neighbours among those for the same block, in a ring: after the newest comes the
    /// oldest. Kept while there is a table.
    same_older: u32,
    same_newer: u32,
    /// The neighbours among all.
    older: u32,
    newer: u32,
    /// From when its age counts, in milliseconds.
    since: u64,
}

impl Requests {
    /// No requests. `seed` makes the hash table unpredictable for the peer.
    pub(crate) fn new(seed: u64) -> Self {
        Self { open: None, hasher: FixedState::with_seed(seed) }
    }

    /// Adds a request and gives its key, which stays until it is removed.
    #[inline]
    pub(crate) fn push(&mut self, block: Block, now: u64) -> u32 {
        let open = self.open.get_or_insert_with(|| Open::new(self.hasher.clone()));
        open.push(block, now)
    }

    /// Removes the oldest request for the block; gives its key.
    pub(crate) fn take(&mut self, block: Block) -> Option<u32> {
        let open = self.open.as_mut()?;
        let (key, _) = open.take(block)?;
        self.give_back();
        Some(key)
    }

    /// As [`Requests::take`], of a request that was answered at `now`: the age of the one that was
    /// made after it counts from then on.
    pub(crate) fn settle(&mut self, block: Block, now: u64) -> Option<u32> {
        let open = self.open.as_mut()?;
        let (key, entry) = open.take(block)?;
        if let Some(next) = open.entries.get_mut(entry.newer as usize) {
            next.since = next.since.max(now);
        }
        self.give_back();
        Some(key)
    }

    /// Removes a request by its key.
    pub(crate) fn remove(&mut self, key: u32) -> Option<Block> {
        let open = self.open.as_mut()?;
        let entry = open.remove(key)?;
        self.give_back();
        Some(entry.block)
    }

    /// Removes all requests and gives back their memory.
    pub(crate) fn clear(&mut self) {
        self.open = None;
    }

    /// What a request asks for.
    pub fn get(&self, key: u32) -> Option<Block> {
        self.open.as_ref()?.entries.get(key as usize).map(|entry| entry.block)
    }

    /// Whether a request for the block is open.
    pub fn has(&self, block: Block) -> bool {
        self.open.as_ref().is_some_and(|open| open.has(block))
    }

    /// The key of the oldest request, and from when its age counts, in milliseconds.
    pub fn oldest(&self) -> Option<(u32, u64)> {
        let open = self.open.as_ref()?;
        open.entries.get(open.oldest as usize).map(|entry| (open.oldest, entry.since))
    }

    /// How many bytes the open requests ask for; small blocks count as 256 bytes each, which is what a
    /// request costs by itself.
    pub fn bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.bytes)
    }

    /// How many requests are open.
    pub fn len(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.entries.len())
    }

    /// Whether no request is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a peer had us reserve is not kept for its sake.
    fn give_back(&mut self) {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.entries.is_empty() && open.entries.capacity() > MANY)
        {
            self.open = None;
        }
    }
}

impl Open {
    #[cold]
    fn new(hasher: FixedState) -> Box<Self> {
        Box::new(Self {
            entries: Slab::new(),
            by_block: None,
            hasher,
            bytes: 0,
            oldest: NONE,
            newest: NONE,
        })
    }

    fn push(&mut self, block: Block, now: u64) -> u32 {
        let key = self.entries.insert(Entry {
            block,
            same_older: NONE,
            same_newer: NONE,
            older: self.newest,
            newer: NONE,
            since: now,
        }) as u32;
        match self.newest {
            NONE => self.oldest = key,
            newest => self.entries[newest as usize].newer = key,
        }
        self.newest = key;
        self.bytes += u64::from(block.length.max(LEAST_COST));
        if let Some(table) = &mut self.by_block {
            enter(table, &mut self.entries, &self.hasher, key);
        }
        key
    }

    fn has(&self, block: Block) -> bool {
        let entries = &self.entries;
        match &self.by_block {
            Some(table) => table
                .find(self.hasher.hash_one(block), |&key| entries[key as usize].block == block)
                .is_some(),
            None => newer(entries, self.oldest).any(|key| entries[key as usize].block == block),
        }
    }

    fn take(&mut self, block: Block) -> Option<(u32, Entry)> {
        let key = if self.by_block.is_some() || self.entries.len() > FEW {
            self.take_out_of_table(block)?
        } else {
            let entries = &self.entries;
            newer(entries, self.oldest).find(|&key| entries[key as usize].block == block)?
        };
        self.unlink(key).map(|entry| (key, entry))
    }

    fn remove(&mut self, key: u32) -> Option<Entry> {
        if let Some(table) = &mut self.by_block
            && let Some(&Entry { block, same_newer, .. }) = self.entries.get(key as usize)
        {
            // Only the oldest of those for a block is there.
            if let Ok(found) = table.find_entry(self.hasher.hash_one(block), |&other| other == key)
            {
                leave(found, same_newer);
            }
        }
        self.unlink(key)
    }

    fn take_out_of_table(&mut self, block: Block) -> Option<u32> {
        let hash = self.hasher.hash_one(block);
        let entries = &mut self.entries;
        let table = self.by_block.get_or_insert_with(|| {
            let mut table = HashTable::with_capacity(entries.len());
            let mut key = self.oldest;
            while key != NONE {
                enter(&mut table, entries, &self.hasher, key);
                key = entries[key as usize].newer;
            }
            table
        });
        let found = table.find_entry(hash, |&key| entries[key as usize].block == block).ok()?;
        let key = *found.get();
        leave(found, entries[key as usize].same_newer);
        Some(key)
    }

    /// Removes a request that is not in the table.
    fn unlink(&mut self, key: u32) -> Option<Entry> {
        let entry = self.entries.try_remove(key as usize)?;
        self.bytes -= u64::from(entry.block.length.max(LEAST_COST));
        match entry.older {
            NONE => self.oldest = entry.newer,
            older => self.entries[older as usize].newer = entry.newer,
        }
        match entry.newer {
            NONE => self.newest = entry.older,
            newer => self.entries[newer as usize].older = entry.older,
        }
        if self.by_block.is_some() && entry.same_newer != key {
            self.entries[entry.same_older as usize].same_newer = entry.same_newer;
            self.entries[entry.same_newer as usize].same_older = entry.same_older;
        }
        Some(entry)
    }
}

/// Puts a request into the table, or at the end of those for the same block.
fn enter(table: &mut HashTable<u32>, entries: &mut Slab<Entry>, hasher: &FixedState, key: u32) {
    let block = entries[key as usize].block;
    let found = table.entry(
        hasher.hash_one(block),
        |&other| entries[other as usize].block == block,
        |&other| hasher.hash_one(entries[other as usize].block),
    );
    let oldest = match found {
        TableEntry::Occupied(oldest) => *oldest.get(),
        TableEntry::Vacant(vacant) => *vacant.insert(key).get(),
    };
    // Alone, it is its own neighbour.
    let newest = if oldest == key { key } else { entries[oldest as usize].same_older };
    entries[key as usize].same_older = newest;
    entries[key as usize].same_newer = oldest;
    entries[newest as usize].same_newer = key;
    entries[oldest as usize].same_older = key;
}

/// Has the next one stand in the table for the oldest of those for a block.
fn leave(mut oldest: OccupiedEntry<'_, u32>, next: u32) {
    if *oldest.get() == next {
        oldest.remove();
    } else {
        *oldest.get_mut() = next;
    }
}

/// The keys from `oldest` on.
fn newer(entries: &Slab<Entry>, oldest: u32) -> impl Iterator<Item = u32> {
    let some = |key| (key != NONE).then_some(key);
    std::iter::successors(some(oldest), move |&key| some(entries[key as usize].newer))
}

#[cfg(test)]
mod tests;
