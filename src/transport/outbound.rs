//! What is to be written and has not left.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

use super::pool::Slab;
use super::rate::Turn;
use super::stream::Stream;
use crate::wire::mse::Rc4;

/// How much waits until the caller is asked to stop, in bytes, where no limit says less.
const HIGH_WATER: u32 = 256 * 1024;

/// Up to so many bytes are written by the caller's own thread where nothing waits before them: to
/// wake another thread takes longer.
const MAX_DIRECT: usize = 32 * 1024;
/// The same where they have to be encrypted.
const MAX_DIRECT_ENCRYPTED: usize = 4 * 1024;

/// How many pieces of memory one call to the system takes.
const MAX_SLICES: usize = 16;

/// Bytes, and whether they have still to be encrypted.
pub(super) struct Chunk {
    pub(super) slab: Slab,
    pub(super) is_plain: bool,
}

/// Writes what the stream takes at once of `chunks`, at most `room` bytes; what has left is dropped.
pub(super) fn write_some(
    stream: &Stream,
    chunks: &mut VecDeque<Chunk>,
    mut room: usize,
) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    let mut count = 0;
    for (slice, chunk) in slices.iter_mut().zip(&*chunks) {
        if room == 0 {
            break;
        }
        let bytes = chunk.slab.bytes();
        let length = bytes.len().min(room);
        *slice = IoSlice::new(&bytes[..length]);
        room -= length;
        count += 1;
    }
    let written = stream.try_write(&slices[..count])?;
    let mut left = written;
    while left > 0
        && let Some(first) = chunks.front_mut()
    {
        let length = first.slab.len().min(left);
        first.slab.advance(length);
        left -= length;
        if first.slab.len() == 0 {
            chunks.pop_front();
        }
    }
    Ok(written)
}

/// What goes to the peer, in order.
#[derive(Default)]
pub(super) struct Outbound {
    chunks: VecDeque<Chunk>,
    /// What did not leave: here, or in the writer's hands.
    queued: usize,
    /// All that has left.
    written: u64,
    /// The writer's while it encrypts.
    pub(super) cipher: Option<Box<Rc4>>,
    /// What is added has to be encrypted.
    is_encrypting: bool,
    /// Nothing is added any more, and the stream ends behind what is here.
    pub(super) is_ending: bool,
    /// The writer has nothing, and waits to be told that there is more.
    pub(super) is_parked: bool,
    /// The caller has stopped, and waits to be told that it may go on.
    wants_drain: bool,
    /// How much waits until the caller is to stop, where a limit says it.
    high_water: Option<u32>,
    /// Where it goes, once that is open.
    pub(super) stream: Option<Arc<Stream>>,
}

impl Outbound {
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Copies bytes.
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        if self.is_ending {
            return;
        }
        self.queued += bytes.len();
        let is_plain = self.is_encrypting;
        while !bytes.is_empty() {
            let has_room = |chunk: &&mut Chunk| chunk.is_plain == is_plain && chunk.slab.room() > 0;
            let taken = match self.chunks.back_mut().filter(has_room) {
                Some(last) => last.slab.append(bytes),
                None => {
                    let mut slab = Slab::take();
                    let taken = slab.append(bytes);
                    self.chunks.push_back(Chunk { slab, is_plain });
                    taken
                }
            };
            bytes = &bytes[taken..];
        }
    }

    pub(super) fn high_water(&self) -> Option<u32> {
        self.high_water
    }

    /// Has less wait where a limit keeps it.
    pub(super) fn limit_waiting(&mut self, high_water: Option<u32>) {
        self.high_water = high_water.filter(|&bytes| bytes < HIGH_WATER);
    }

    /// How much waits until the caller is to stop; three eighths of it are left when it may go on.
    fn most_waiting(&self) -> usize {
        self.high_water.unwrap_or(HIGH_WATER) as usize
    }

    /// Writes what waits at once if it is little, nothing is before it, and its turn has come.
    /// Tells whether some of it is left for the writer.
    pub(super) fn write_little(&mut self, turn: Option<Turn>) -> bool {
        let Some(stream) = &self.stream else { return false };
        if self.chunks.is_empty() {
            return false;
        }
        let most = if self.is_encrypting { MAX_DIRECT_ENCRYPTED } else { MAX_DIRECT };
        if !self.is_parked || self.queued > most {
            return true;
        }
        let Some(turn) = turn else { return true };
        for chunk in &mut self.chunks {
            if chunk.is_plain
                && let Some(cipher) = &mut self.cipher
            {
                cipher.apply_in_place(chunk.slab.bytes_mut());
                chunk.is_plain = false;
            }
        }
        // The writer meets an error as well, and tells of it.
        let written = write_some(stream, &mut self.chunks, usize::MAX).unwrap_or(0);
        turn.passed(written);
        self.count(written);
        !self.chunks.is_empty()
    }

    /// Whether the caller is to stop; it is told then when it may go on.
    pub(super) fn is_full(&mut self) -> bool {
        self.wants_drain |= self.queued > self.most_waiting();
        self.wants_drain
    }

    /// What the writer is to write next: all of one kind, or one slab that it has to encrypt.
    pub(super) fn next_batch(&mut self) -> VecDeque<Chunk> {
        let count = match self.chunks.front() {
            None => {
                self.chunks = VecDeque::new();
                0
            }
            Some(first) if first.is_plain => 1,
            Some(_) => self.chunks.iter().take(MAX_SLICES).take_while(|c| !c.is_plain).count(),
        };
        if count == self.chunks.len() {
            return std::mem::take(&mut self.chunks);
        }
        self.chunks.drain(..count).collect()
    }

    /// `written` bytes have left; tells whether the caller is to be told.
    pub(super) fn count(&mut self, written: usize) -> bool {
        self.queued = self.queued.saturating_sub(written);
        self.written += written as u64;
        let is_drained = self.wants_drain && self.queued <= self.most_waiting() / 8 * 3;
        if is_drained {
            self.wants_drain = false;
        }
        is_drained
    }

    /// What is added from now on is encrypted.
    pub(super) fn encrypt(&mut self, cipher: Box<Rc4>) {
        self.cipher = Some(cipher);
        self.is_encrypting = true;
    }
}
