//! Which hashes of a file's Merkle tree a message is about (BEP 52).

use super::error::Violation;

/// A range of one layer of a file's Merkle tree, and the layers above it that prove it: what a hash
/// request, its hashes and a hash reject name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HashRange {
    /// The root of the tree, as the file's metadata gives it.
    pub pieces_root: [u8; 32],
    /// The layer of the hashes; 0 is that of the blocks.
    pub base_layer: u32,
    /// The first hash of the range.
    pub index: u32,
    /// How many hashes of the layer, a power of two.
    pub length: u32,
    /// Over how many layers above it uncle hashes are to prove them.
    pub proof_layers: u32,
}

impl HashRange {
    /// The length of one hash, in bytes.
    pub const HASH: usize = 32;
    /// The most hashes of a layer in one message, as libtorrent has it: those of a piece of
    /// 128 MiB.
    pub const MAX_LENGTH: u32 = 8192;
    /// More layers than any tree has.
    pub const MAX_LAYERS: u32 = 64;

    /// How long it is on the wire, in bytes.
    pub(crate) const SIZE: usize = 48;

    pub(crate) fn decode(bytes: &[u8; Self::SIZE]) -> Self {
        let mut pieces_root = [0; 32];
        pieces_root.copy_from_slice(&bytes[..32]);
        let number = |place: usize| {
            let mut number = [0; 4];
            number.copy_from_slice(&bytes[32 + 4 * place..][..4]);
            u32::from_be_bytes(number)
        };
        let [base_layer, index, length, proof_layers] = [0, 1, 2, 3].map(number);
        Self { pieces_root, base_layer, index, length, proof_layers }
    }

    pub(crate) fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..32].copy_from_slice(&self.pieces_root);
        let numbers = [self.base_layer, self.index, self.length, self.proof_layers];
        for (place, number) in bytes[32..].chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// Whether a message may name this range. BEP 52 has no ranges of one hash, but libtorrent
    /// asks for one where a file's last 512 pieces are one.
    pub fn is_sound(&self) -> bool {
        self.length.is_power_of_two()
            && self.length <= Self::MAX_LENGTH
            && self.base_layer <= Self::MAX_LAYERS
            && self.proof_layers <= Self::MAX_LAYERS
    }

    /// Whether this many bytes can be the hashes of this range: those of the layer, then uncle
    /// hashes, at most one a layer.
    pub fn takes(&self, bytes: usize) -> bool {
        let hashes = bytes / Self::HASH;
        let most = u64::from(self.length) + u64::from(self.proof_layers);
        bytes.is_multiple_of(Self::HASH)
            && hashes as u64 >= u64::from(self.length)
            && hashes as u64 <= most
    }

    /// Holds what a peer sent in message `id` against what it may name, with so many bytes of
    /// hashes if it has any.
    pub(crate) fn check(&self, id: u8, hashes: Option<u32>) -> Result<(), Violation> {
        if self.is_sound() && hashes.is_none_or(|bytes| self.takes(bytes as usize)) {
            return Ok(());
        }
        let Self { base_layer, length, proof_layers, .. } = *self;
        Err(Violation::BadHashRange { id, base_layer, length, proof_layers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: HashRange =
        HashRange { pieces_root: [7; 32], base_layer: 1, index: 512, length: 4, proof_layers: 3 };

    #[test]
    fn survives_a_round_trip() {
        let bytes = RANGE.encode();
        assert_eq!(bytes[31..], [7, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 4, 0, 0, 0, 3]);
        assert_eq!(HashRange::decode(&bytes), RANGE);
    }

    #[test]
    fn its_numbers_are_bounded() {
        let sound = |base_layer, length, proof_layers| {
            HashRange { base_layer, length, proof_layers, ..RANGE }.is_sound()
        };
        assert!([1, 2, 512, 8192].into_iter().all(|length| sound(0, length, 0)));
        assert!(![0, 3, 511, 16384, u32::MAX].into_iter().any(|length| sound(0, length, 0)));
        assert!(sound(64, 2, 64) && !sound(65, 2, 0) && !sound(0, 2, 65) && !sound(0, 2, u32::MAX));
        let takes = |bytes| RANGE.takes(bytes);
        assert!([4, 5, 7].into_iter().all(|hashes| takes(32 * hashes)));
        assert!(![0, 32, 96, 127, 129, 256, usize::MAX].into_iter().any(takes));
    }
}
