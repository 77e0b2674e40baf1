//! Memory for bytes on their way, shared by all connections of the process.

use std::sync::Mutex;

use super::lock;

/// How much a slab holds, in bytes: what one read takes at most.
pub(super) const SLAB_LENGTH: usize = 64 * 1024;

/// How many slabs are kept for later while others are in use.
const MAX_FREE: usize = 128;
/// How many are kept when none is.
const MAX_IDLE: usize = 8;

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), used: 0 });

struct Pool {
    free: Vec<Box<[u8]>>,
    /// How many are in use.
    used: usize,
}

/// A piece of memory and the bytes in it. It goes back to the pool when it is dropped.
pub(super) struct Slab {
    memory: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Slab {
    /// An empty one.
    pub(super) fn take() -> Self {
        let free = {
            let mut pool = lock(&POOL);
            pool.used += 1;
            pool.free.pop()
        };
        let memory = free.unwrap_or_else(|| vec![0; SLAB_LENGTH].into_boxed_slice());
        Self { memory, start: 0, end: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.end]
    }

    /// How many bytes may still be added.
    pub(super) fn room(&self) -> usize {
        self.memory.len() - self.end
    }

    /// Where further bytes go.
    pub(super) fn free(&mut self) -> &mut [u8] {
        &mut self.memory[self.end..]
    }

    /// The first `length` free bytes were filled.
    pub(super) fn filled(&mut self, length: usize) {
        self.end = (self.end + length).min(self.memory.len());
    }

    /// Adds what fits of `bytes`; gives how much that is.
    pub(super) fn append(&mut self, bytes: &[u8]) -> usize {
        let length = bytes.len().min(self.room());
        self.free()[..length].copy_from_slice(&bytes[..length]);
        self.filled(length);
        length
    }

    /// Drops the first `length` bytes.
    pub(super) fn advance(&mut self, length: usize) {
        self.start = (self.start + length).min(self.end);
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        let mut pool = lock(&POOL);
        pool.used -= 1;
        if pool.free.len() < MAX_FREE {
            pool.free.push(memory);
        }
        if pool.used == 0 && pool.free.len() > MAX_IDLE {
            pool.free.truncate(MAX_IDLE);
            pool.free.shrink_to_fit();
        }
    }
}
