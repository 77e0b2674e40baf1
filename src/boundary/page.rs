//! The numbers that the two sides of the boundary share.

use std::cell::Cell;

use super::slots::*;

/// The page and the states, as long as a call lasts.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    slots: &'a [Cell<u32>; PAGE_LENGTH as usize],
    states: &'a [Cell<u32>],
}

impl<'a> Page<'a> {
    /// A page over memory of the caller's. `states` has `STATE_LENGTH` numbers for each wire.
    pub fn new(slots: &'a [Cell<u32>; PAGE_LENGTH as usize], states: &'a [Cell<u32>]) -> Self {
        Self { slots, states }
    }

    /// A number.
    pub fn get(&self, slot: u32) -> u32 {
        self.slots[slot as usize].get()
    }

    /// Writes a number.
    pub fn set(&self, slot: u32, value: u32) {
        self.slots[slot as usize].set(value);
    }

    pub(super) fn argument(&self, which: u32) -> u32 {
        self.get(SLOT_ARGUMENTS + which)
    }

    pub(super) fn set_number(&self, which: u32, value: u32) {
        self.set(SLOT_NUMBERS + which, value);
    }

    pub(super) fn set_float(&self, which: u32, value: f64) {
        let slot = 2 * (FLOAT_NUMBERS + which);
        let bits = value.to_bits();
        self.set(slot, bits as u32);
        self.set(slot + 1, (bits >> 32) as u32);
    }

    /// The time that the caller wrote, in whole milliseconds.
    pub(super) fn now(&self) -> u64 {
        let slot = 2 * FLOAT_NOW;
        let bits = u64::from(self.get(slot)) | u64::from(self.get(slot + 1)) << 32;
        f64::from_bits(bits) as u64
    }

    /// Whether the states have room for a wire.
    pub(super) fn has_room(&self, index: u32) -> bool {
        (index as usize + 1) * STATE_LENGTH as usize <= self.states.len()
    }

    pub(super) fn set_state(&self, index: u32, generation: u32, bits: u32) {
        let at = index as usize * STATE_LENGTH as usize;
        if let Some([first, second]) = self.states.get(at..at + STATE_LENGTH as usize) {
            first.set(generation);
            second.set(bits);
        }
    }
}
