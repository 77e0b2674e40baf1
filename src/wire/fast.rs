//! The allowed-fast sets of BEP 6: pieces that may be requested while choked.

/// A set of piece indices, kept in order.
#[derive(Debug, Default)]
pub struct AllowedFast {
    pieces: Vec<u32>,
}

impl AllowedFast {
    /// Whether the piece may be requested while choked.
    pub fn contains(&self, index: u32) -> bool {
        self.pieces.binary_search(&index).is_ok()
    }

    /// How many pieces are in the set.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether no piece is in the set.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds a piece; tells whether it was new.
    pub(crate) fn insert(&mut self, index: u32) -> bool {
        match self.pieces.binary_search(&index) {
            Ok(_) => false,
            Err(place) => {
                self.pieces.insert(place, index);
                true
            }
        }
    }

    pub(crate) fn replace(&mut self, indices: &[u32]) {
        self.pieces = indices.to_vec();
        self.pieces.sort_unstable();
        self.pieces.dedup();
    }
}
