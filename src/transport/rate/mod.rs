//! How many bytes a second may pass: token buckets, each shared by any number of connections, and
//! by way of their parents in a tree.
//!
//! A connection that would read or write takes its [`Turn`]: at its own limit first, and then at
//! each one above it. A limit is one turn's at a time, and those who wait come in the order in which
//! they did, so that all of them get the same; who waits at a limit holds those below it, and no
//! other. What passed is counted afterwards: nobody has to know before how much there is.

mod bucket;
#[cfg(all(test, not(transport_loom)))]
mod tests;

use std::sync::Arc;

use bucket::{Bucket, Place};

/// What may always wait to be written through a limit, in bytes: a block.
const LEAST_WAITING: f64 = 16.0 * 1024.0;
/// The same as a share of a second.
const WAITING: f64 = 0.25;

/// One of the two ways of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the peer.
    Download,
    /// To the peer.
    Upload,
}

/// How many bytes a second may pass both ways. Two connections with one limit share it.
#[derive(Debug)]
pub struct RateLimit {
    parent: Option<Arc<RateLimit>>,
    download: Arc<Bucket>,
    upload: Arc<Bucket>,
}

impl RateLimit {
    /// Lets all pass. What passes here passes at `parent` too.
    pub fn new(parent: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { parent, download: Arc::default(), upload: Arc::default() })
    }

    /// Lets so many bytes a second pass from now on: 0 for none, infinitely many for no limit.
    pub fn set(&self, direction: Direction, rate: f64) {
        self.bucket(direction).set(rate);
    }

    /// How many bytes are to wait to be written at most: few through a slow limit, so that what is
    /// sent now leaves soon. `None` if there is no limit.
    pub(super) fn high_water(&self) -> Option<u32> {
        let rate = self.chain(Direction::Upload).map(|bucket| bucket.rate()).reduce(f64::min)?;
        Some((rate * WAITING).max(LEAST_WAITING) as u32)
    }

    /// Whether it stops all that would pass.
    pub(super) fn lets_nothing_pass(&self, direction: Direction) -> bool {
        self.chain(direction).any(|bucket| bucket.rate() == 0.0)
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self, direction: Direction) -> Turn {
        loop {
            let mut turn = Turn::free();
            for bucket in self.chain(direction) {
                let mut place = Place::at(bucket);
                place.begin().await;
                place.ready().await;
                turn.places.push(place);
            }
            turn.measure();
            // It may be slower meanwhile.
            if turn.length > 0 {
                return turn;
            }
        }
    }

    /// A turn for `length` bytes, if nobody waits and that may pass at once.
    pub(super) fn try_turn(&self, direction: Direction, length: usize) -> Option<Turn> {
        let mut turn = Turn::free();
        for bucket in self.chain(direction) {
            let mut place = Place::at(bucket);
            if !place.try_begin() {
                return None;
            }
            turn.places.push(place);
        }
        turn.measure();
        (turn.length >= length).then_some(turn)
    }

    /// Those limits that are there, from this one upwards.
    fn chain(&self, direction: Direction) -> impl Iterator<Item = &Arc<Bucket>> {
        std::iter::successors(Some(self), |limit| limit.parent.as_deref())
            .map(move |limit| limit.bucket(direction))
            .filter(|bucket| bucket.is_limited())
    }

    fn bucket(&self, direction: Direction) -> &Arc<Bucket> {
        match direction {
            Direction::Download => &self.download,
            Direction::Upload => &self.upload,
        }
    }
}

/// The right to pass some bytes at once. Others have theirs when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    length: usize,
    places: Vec<Place>,
}

impl Turn {
    /// One without a limit.
    pub(super) fn free() -> Self {
        Self { length: usize::MAX, places: Vec::new() }
    }

    /// How many bytes may pass.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// So many have, which ends it.
    pub(super) fn passed(self, length: usize) {
        for place in &self.places {
            place.spend(length);
        }
    }

    fn measure(&mut self) {
        for place in &self.places {
            self.length = self.length.min(place.available());
        }
        // What a late thread has left over is not one connection's, if others wait: but a slow
        // limit may make up for the time in which it waited for a fast one.
        let share = self.places.iter().map(Place::share).reduce(f64::max);
        self.length = self.length.min(share.map_or(usize::MAX, |share| share as usize));
    }
}
