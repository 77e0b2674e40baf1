//! A token bucket, and the queue before it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::transport::sync::{AtomicBool, AtomicUsize, Mutex, Notify, lock};

/// A turn is for what passes in so long a time.
const QUANTUM: Duration = Duration::from_millis(8);

/// Of many who wait, each has its turn in about so long a time.
const ROUND: Duration = Duration::from_millis(64);

/// What was not used is kept for so long: a connection that was not ready at once loses nothing,
/// and no second has two hundredths too much.
const KEPT: Duration = Duration::from_millis(16);

/// The same while a turn waits: for its thread, or for its turn at a limit above.
const KEPT_IN_TURN: Duration = Duration::from_millis(96);

/// For so many bytes a turn does not wait longer: nobody moves more of them at once.
const MAX_QUANTUM: f64 = 256.0 * 1024.0;

/// Fewer bytes than these are not worth a turn, however many wait.
const MIN_QUANTUM: f64 = 256.0;

/// How long to wait at most until the clock is looked at again.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// One direction of a limit. It is one turn's at a time.
#[derive(Debug)]
pub(super) struct Bucket {
    is_limited: AtomicBool,
    ledger: Mutex<Ledger>,
    /// Whose turn it is has the one permit; it hands them out in order.
    queue: Semaphore,
    /// How many wait for their turn, or have it.
    places: AtomicUsize,
    /// Whose turn it is has to look again when it may go on.
    changed: Notify,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            is_limited: AtomicBool::new(false),
            ledger: Mutex::new(Ledger { rate: f64::INFINITY, balance: 0.0, at: Instant::now() }),
            queue: Semaphore::new(1),
            places: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }
}

impl Bucket {
    pub(super) fn is_limited(&self) -> bool {
        self.is_limited.load(Ordering::Relaxed)
    }

    /// Bytes a second.
    pub(super) fn rate(&self) -> f64 {
        lock(&self.ledger).rate
    }

    pub(super) fn set(&self, rate: f64) {
        lock(&self.ledger).set_rate(rate, Instant::now());
        self.is_limited.store(rate.is_finite(), Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// How many wait for their turn, or have it.
    fn places(&self) -> usize {
        self.places.load(Ordering::Relaxed)
    }
}

/// A place in the queue before a bucket. It is given up when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    bucket: Arc<Bucket>,
    has_turn: bool,
}

impl Place {
    /// The last one of the queue.
    pub(super) fn at(bucket: &Arc<Bucket>) -> Self {
        bucket.places.fetch_add(1, Ordering::Relaxed);
        Self { bucket: bucket.clone(), has_turn: false }
    }

    /// Begins its turn if nobody has one, nor waits for it.
    pub(super) fn try_begin(&mut self) -> bool {
        let Ok(permit) = self.bucket.queue.try_acquire() else { return false };
        permit.forget();
        self.has_turn = true;
        lock(&self.bucket.ledger).settle(Instant::now(), KEPT);
        true
    }

    /// Waits for its turn.
    pub(super) async fn begin(&mut self) {
        if self.try_begin() {
            return;
        }
        // It is never closed.
        if let Ok(permit) = self.bucket.queue.acquire().await {
            permit.forget();
            self.has_turn = true;
        }
    }

    /// Waits, in its turn, until a quantum may pass.
    pub(super) async fn ready(&self) {
        let bucket = &*self.bucket;
        loop {
            // Before the ledger is looked at, or a change between the two would be missed.
            let changed = bucket.changed.notified();
            let wait = lock(&bucket.ledger).wait(Instant::now(), bucket.places());
            let Some(wait) = wait else { return };
            tokio::select! {
                biased;
                () = changed => {}
                () = sleep(wait) => {}
            }
        }
    }

    /// How many bytes may pass in its turn.
    pub(super) fn available(&self) -> usize {
        lock(&self.bucket.ledger).available(Instant::now())
    }

    /// How many bytes a turn is for: no end of them where nobody else waits.
    pub(super) fn share(&self) -> f64 {
        match self.bucket.places() {
            0 | 1 => f64::INFINITY,
            places => lock(&self.bucket.ledger).quantum(places),
        }
    }

    /// So many have passed.
    pub(super) fn spend(&self, length: usize) {
        lock(&self.bucket.ledger).spend(length);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let others = self.bucket.places.fetch_sub(1, Ordering::Relaxed) - 1;
        if self.has_turn {
            // Somebody has waited all the time: what was earned meanwhile is theirs.
            let kept = if others > 0 { KEPT_IN_TURN } else { KEPT };
            lock(&self.bucket.ledger).end_turn(Instant::now(), kept);
            self.bucket.queue.add_permits(1);
        }
    }
}

/// What may pass at a time.
#[derive(Debug)]
struct Ledger {
    /// Bytes a second.
    rate: f64,
    /// Bytes that may pass now; below zero if more have than may.
    balance: f64,
    /// When that was so.
    at: Instant,
}

impl Ledger {
    fn set_rate(&mut self, rate: f64, now: Instant) {
        self.settle(now, KEPT_IN_TURN);
        let was_limited = self.rate.is_finite();
        self.rate = rate;
        let most = if was_limited && rate > 0.0 { self.most(KEPT) } else { 0.0 };
        self.balance = self.balance.min(most);
    }

    /// How many bytes may pass.
    fn available(&mut self, now: Instant) -> usize {
        self.settle(now, KEPT_IN_TURN);
        if self.rate == f64::INFINITY {
            return usize::MAX;
        }
        self.balance.max(0.0) as usize
    }

    /// How long it takes until a quantum may pass; `None` if it may now.
    fn wait(&mut self, now: Instant, places: usize) -> Option<Duration> {
        self.settle(now, KEPT_IN_TURN);
        let missing = self.quantum(places).min(MAX_QUANTUM) - self.balance;
        if missing <= 0.0 || self.rate == f64::INFINITY {
            return None;
        }
        let wait = Duration::try_from_secs_f64(missing / self.rate).unwrap_or(MAX_WAIT);
        // What is less than a clock can tell would be waited for over and over.
        Some(wait.clamp(Duration::from_micros(1), MAX_WAIT))
    }

    fn spend(&mut self, length: usize) {
        if self.rate != f64::INFINITY {
            self.balance -= length as f64;
        }
    }

    fn end_turn(&mut self, now: Instant, kept: Duration) {
        self.settle(now, kept);
        self.balance = self.balance.min(self.most(kept));
    }

    /// The bytes of one turn, of so many.
    fn quantum(&self, places: usize) -> f64 {
        let alone = self.rate * QUANTUM.as_secs_f64();
        let among_many = self.rate * ROUND.as_secs_f64() / places.max(1) as f64;
        alone.min(among_many.max(MIN_QUANTUM)).max(1.0)
    }

    /// What is kept of what may pass in a while.
    fn most(&self, kept: Duration) -> f64 {
        // Two bytes for a limit at which one of them takes longer.
        (self.rate * kept.as_secs_f64()).max(2.0)
    }

    fn settle(&mut self, now: Instant, kept: Duration) {
        let earned = self.rate * now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        if earned.is_finite() && earned > 0.0 {
            self.balance = (self.balance + earned).min(self.most(kept).max(self.balance));
        }
    }
}
