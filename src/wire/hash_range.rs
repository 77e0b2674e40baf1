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
    /// The first hash of the range, a multiple of `length`.
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
    /// How many layers a tree has at most above its blocks: more than files have.
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

    /// Whether a message may name this range: "Index MUST be a multiple of length", "Length MUST
    /// be equal-to-or-greater-than two and a power of two". libtorrent asks for one hash where a
    /// file's last 512 pieces are one, so that one is let in. The BEP has ranges cut short by the
    /// end of a layer as well; libtorrent names those whole.
    pub fn is_sound(&self) -> bool {
        self.length.is_power_of_two()
            && self.length <= Self::MAX_LENGTH
            && self.index.is_multiple_of(self.length)
            && self.base_layer <= Self::MAX_LAYERS
            && self.proof_layers <= Self::MAX_LAYERS - self.base_layer
            && self.is_in_layer()
    }

    /// Whether the highest tree has the range: of two layers the upper has half as many hashes.
    fn is_in_layer(&self) -> bool {
        let end = u64::from(self.index) + u64::from(self.length);
        1_u64.checked_shl(Self::MAX_LAYERS - self.base_layer).is_none_or(|hashes| end <= hashes)
    }

    /// Whether this many bytes can be the hashes of this range: those of the layer, then uncle
    /// hashes, at most one a proof layer. One hash alone has its sibling besides.
    pub fn takes(&self, bytes: usize) -> bool {
        let hashes = bytes / Self::HASH;
        let siblings = u64::from(self.length == 1);
        let most = u64::from(self.length) + u64::from(self.proof_layers) + siblings;
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
        let Self { base_layer, index, length, proof_layers, .. } = *self;
        Err(Violation::BadHashRange { id, base_layer, index, length, proof_layers })
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
        assert!([1, 2, 512].into_iter().all(|length| sound(0, length, 0)));
        assert!(![0, 3, 511, 16384, u32::MAX].into_iter().any(|length| sound(0, length, 0)));
        assert!(sound(0, 2, 64) && !sound(0, 2, 65) && !sound(0, 2, u32::MAX));
        assert!(sound(40, 2, 24) && !sound(40, 2, 25) && !sound(u32::MAX, 2, 0));
        let takes = |bytes| RANGE.takes(bytes);
        assert!([4, 5, 7].into_iter().all(|hashes| takes(32 * hashes)));
        assert!(![0, 32, 96, 127, 129, 256, usize::MAX].into_iter().any(takes));
        // One hash: its sibling, then the uncles.
        let one = HashRange { length: 1, ..RANGE };
        assert!(one.takes(32 * 5) && !one.takes(32 * 6));
    }

    #[test]
    fn its_place_is_one_that_a_layer_has() {
        let sound = |base_layer, index, length| {
            let range = HashRange { base_layer, index, length, proof_layers: 0, ..RANGE };
            range.is_sound()
        };
        assert!(sound(0, 8192, 8192) && sound(0, 1 << 31, 8192) && sound(0, u32::MAX, 1));
        assert!(!sound(0, 1, 2) && !sound(0, 512, 1024) && !sound(0, u32::MAX, 2));
        // Above layer 32 there are fewer hashes than an index can name.
        assert!(sound(33, (1 << 31) - 2, 2) && !sound(33, 1 << 31, 2));
        assert!(sound(63, 0, 2) && !sound(63, 2, 2) && sound(64, 0, 1) && !sound(64, 1, 1));
    }
}
