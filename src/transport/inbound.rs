//! What was read and not yet taken.

use std::collections::VecDeque;

use super::pool::{SLAB_LENGTH, Slab};
use crate::wire::mse::Rc4;

/// What came from the peer, in order.
pub(super) struct Inbound {
    slabs: VecDeque<Slab>,
    length: usize,
    /// How much may be read and not taken.
    window: usize,
    /// The reader's, except while it decrypts.
    pub(super) cipher: Option<Box<Rc4>>,
    pub(super) is_paused: bool,
    /// Nobody wants what comes.
    is_discarding: bool,
    /// The reader waits to be told that it may go on.
    pub(super) is_waiting: bool,
}

impl Inbound {
    pub(super) fn new(window: usize) -> Self {
        Self {
            slabs: VecDeque::new(),
            length: 0,
            window: window.max(SLAB_LENGTH),
            cipher: None,
            is_paused: false,
            is_discarding: false,
            is_waiting: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Whether nobody wants what comes.
    pub(super) fn is_discarding(&self) -> bool {
        self.is_discarding
    }

    /// Whether there is credit for another read.
    pub(super) fn may_read(&self) -> bool {
        self.is_discarding || (!self.is_paused && self.length + SLAB_LENGTH <= self.window)
    }

    pub(super) fn set_window(&mut self, window: usize) {
        self.window = window.max(SLAB_LENGTH);
    }

    /// Adds what one read gave. Small reads share a slab, so that the memory is at most twice what
    /// is in it.
    pub(super) fn append(&mut self, slab: Slab) {
        if self.is_discarding {
            return;
        }
        self.length += slab.len();
        match self.slabs.back_mut() {
            Some(last) if last.room() >= slab.len() => {
                last.append(slab.bytes());
            }
            _ => self.slabs.push_back(slab),
        }
    }

    /// Takes the first bytes out, to be copied without the lock; at most `most` of them, unless
    /// what is left of them is given back.
    pub(super) fn pop(&mut self) -> Option<Slab> {
        let slab = self.slabs.pop_front();
        match &slab {
            Some(slab) => self.length -= slab.len(),
            None => self.slabs = VecDeque::new(),
        }
        slab
    }

    /// Gives back what was not copied of the first bytes.
    pub(super) fn unpop(&mut self, slab: Slab) {
        if slab.len() > 0 && !self.is_discarding {
            self.length += slab.len();
            self.slabs.push_front(slab);
        }
    }

    /// From now on what comes is decrypted; what is here already is, now.
    pub(super) fn decrypt(&mut self, mut cipher: Box<Rc4>) {
        for slab in &mut self.slabs {
            cipher.apply_in_place(slab.bytes_mut());
        }
        self.cipher = Some(cipher);
    }

    /// Drops what is here and what comes.
    pub(super) fn discard(&mut self) {
        self.is_discarding = true;
        self.slabs = VecDeque::new();
        self.length = 0;
    }
}
