//! Which pieces the peer has (BEP 3 bitfield and have, BEP 6 have-all and have-none).

use bitvec::prelude::{BitVec, Msb0};

/// The pieces of a peer. The newest word of the peer on all of them replaces what was known.
#[derive(Debug, Default)]
pub struct Pieces {
    /// A bit a piece, the first piece in the highest bit, as on the wire.
    bits: BitVec<u8, Msb0>,
    /// The peer said that it has everything; `bits` is empty then.
    all: bool,
}

impl Pieces {
    /// Whether the peer has the piece.
    pub fn has(&self, index: u32) -> bool {
        self.all || self.bits.get(index as usize).is_some_and(|bit| *bit)
    }

    /// Whether the peer announced all pieces in one message.
    pub fn has_all(&self) -> bool {
        self.all
    }

    /// Notes whether the peer has the piece; tells whether that is news. The caller bounds `index`.
    pub(crate) fn set(&mut self, index: u32, has: bool) -> bool {
        if self.has(index) == has {
            return false;
        }
        // Of a peer that has everything, no single piece can be taken away: how many there are
        // is not known here.
        if self.all {
            return false;
        }
        let index = index as usize;
        if index >= self.bits.len() {
            self.grow(index / 8 + 1);
        }
        self.bits.set(index, has);
        true
    }

    /// Makes room for at least `bytes` bytes of bits, and half as many again as there were, so that
    /// a rising flood of haves is linear.
    fn grow(&mut self, bytes: usize) {
        let mut bits = std::mem::take(&mut self.bits).into_vec();
        bits.resize(bytes.max(bits.len() / 2 * 3), 0);
        self.bits = BitVec::from_vec(bits);
    }

    pub(crate) fn set_all(&mut self) {
        self.bits = BitVec::new();
        self.all = true;
    }

    pub(crate) fn set_none(&mut self) {
        self.bits = BitVec::new();
        self.all = false;
    }

    /// Takes a bitfield as it stands on the wire.
    pub(crate) fn replace(&mut self, bitfield: &[u8]) {
        self.all = false;
        self.bits = BitVec::from_slice(bitfield);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_news_counts() {
        let mut pieces = Pieces::default();
        assert!(pieces.set(9, true));
        assert!(!pieces.set(9, true));
        assert!(pieces.has(9) && !pieces.has(8) && !pieces.has(10_000));
        assert!(pieces.set(9, false));
        assert!(!pieces.set(123_456, false));
    }

    #[test]
    fn the_newest_word_replaces_what_was_known() {
        let mut pieces = Pieces::default();
        pieces.replace(&[0b1010_0000]);
        assert!(pieces.has(0) && !pieces.has(1) && pieces.has(2));
        pieces.set_all();
        assert!(pieces.has(u32::MAX) && !pieces.set(5, true));
        pieces.replace(&[0b0100_0000]);
        assert!(!pieces.has(0) && pieces.has(1));
        pieces.set_none();
        assert!(!pieces.has(1));
        assert!(pieces.set(70, true) && pieces.has(70));
    }
}
