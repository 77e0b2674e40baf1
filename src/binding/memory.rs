//! Memory that JavaScript and Rust share.
//!
//! JavaScript allocates it, and this package never hands it to anyone, so that it is neither
//! detached nor resized. Both sides run on one thread, so that no access races.

use std::cell::Cell;

use napi::bindgen_prelude::Uint32Array;
use napi::{Error, Result, Status};

use crate::boundary::Page;
use crate::boundary::slots::PAGE_LENGTH;

/// An array of numbers that JavaScript allocated.
pub(super) struct Numbers {
    numbers: *const Cell<u32>,
    length: usize,
    /// Keeps the memory.
    _array: Uint32Array,
}

impl Numbers {
    pub(super) fn new(mut array: Uint32Array) -> Self {
        // SAFETY: `array` holds a reference to the memory, which this package neither detaches nor
        // resizes; JavaScript, its only other user, does not run while Rust does.
        let numbers = unsafe { array.as_mut() };
        let length = numbers.len();
        // A cell is laid out as what it holds.
        Self { numbers: numbers.as_mut_ptr().cast(), length, _array: array }
    }

    pub(super) fn numbers(&self) -> &[Cell<u32>] {
        // SAFETY: the memory lives as long as `self`, and only cells look at it, on one thread.
        unsafe { std::slice::from_raw_parts(self.numbers, self.length) }
    }
}

/// The page and the states.
pub(super) struct Memory {
    slots: Numbers,
    states: Numbers,
}

impl Memory {
    /// `slots` has `PAGE_LENGTH` numbers, and `states` `STATE_LENGTH` for each wire.
    pub(super) fn new(slots: Uint32Array, states: Uint32Array) -> Result<Self> {
        if slots.len() != PAGE_LENGTH as usize {
            return Err(Error::new(Status::InvalidArg, "a page of another length"));
        }
        Ok(Self { slots: Numbers::new(slots), states: Numbers::new(states) })
    }

    /// Has the states go on in a longer array.
    pub(super) fn grow(&mut self, states: Uint32Array) -> Result<()> {
        let grown = Numbers::new(states);
        let states = self.states.numbers();
        if grown.length < states.len() {
            return Err(Error::new(Status::InvalidArg, "states that are no longer"));
        }
        for (to, from) in grown.numbers().iter().zip(states) {
            to.set(from.get());
        }
        self.states = grown;
        Ok(())
    }

    /// The page, for a call.
    pub(super) fn page(&self) -> Page<'_> {
        let slots = self.slots.numbers().first_chunk();
        Page::new(slots.expect("`new` checked the length"), self.states.numbers())
    }
}
