//! The stream cipher RC4, whose state a connection keeps twice: once for each direction.

/// How many bytes the unrolled loop makes at a time.
const WORD: usize = size_of::<u64>();

/// RC4 with its state between two bytes of the stream.
///
/// Encryption and decryption are the same operation. It is obfuscation by now, not security.
#[derive(Clone)]
pub struct Rc4 {
    /// The permutation S. Every entry is below 256: as `u32` it is loaded and stored whole, which
    /// is faster than bytes are.
    s: [u32; 256],
    /// The index `i` of the byte that comes next (already incremented).
    i: u8,
    /// The index `j` after the byte that came last.
    j: u8,
}

impl Rc4 {
    /// Schedules `key`, of 1 to 256 bytes (what comes after them is ignored).
    pub fn new(key: &[u8]) -> Self {
        let mut s = [0; 256];
        for (value, entry) in (0..).zip(&mut s) {
            *entry = value;
        }
        let mut j = 0u8;
        for (i, &byte) in (0..=255u8).zip(key.iter().cycle()) {
            j = j.wrapping_add(s[usize::from(i)] as u8).wrapping_add(byte);
            s.swap(usize::from(i), usize::from(j));
        }
        Self { s, i: 1, j: 0 }
    }

    /// Drops the next `n` bytes of the keystream.
    pub fn discard(&mut self, n: usize) {
        let mut dropped = [0; 256];
        for start in (0..n).step_by(dropped.len()) {
            let length = dropped.len().min(n - start);
            self.apply_in_place(&mut dropped[..length]);
        }
    }

    /// Writes `src`, encrypted or decrypted, to `dst`.
    ///
    /// # Panics
    ///
    /// If the two differ in length, as `copy_from_slice` does.
    pub fn apply(&mut self, src: &[u8], dst: &mut [u8]) {
        assert_eq!(src.len(), dst.len(), "source and destination differ in length");
        let start = self.until_word().min(src.len());
        let (src_start, src) = src.split_at(start);
        let (dst_start, dst) = dst.split_at_mut(start);
        for (src, dst) in src_start.iter().zip(dst_start) {
            *dst = src ^ self.next_byte();
        }
        let (src_words, src_rest) = src.as_chunks::<WORD>();
        let (dst_words, dst_rest) = dst.as_chunks_mut::<WORD>();
        let mut words = Words::new(self);
        for (src, dst) in src_words.iter().zip(dst_words) {
            *dst = words.apply(*src);
        }
        words.finish();
        for (src, dst) in src_rest.iter().zip(dst_rest) {
            *dst = src ^ self.next_byte();
        }
    }

    /// Encrypts or decrypts `bytes` where they are.
    pub fn apply_in_place(&mut self, bytes: &mut [u8]) {
        let (start, bytes) = bytes.split_at_mut(self.until_word().min(bytes.len()));
        for byte in start {
            *byte ^= self.next_byte();
        }
        let (words_in_place, rest) = bytes.as_chunks_mut::<WORD>();
        let mut words = Words::new(self);
        for word in words_in_place {
            *word = words.apply(*word);
        }
        words.finish();
        for byte in rest {
            *byte ^= self.next_byte();
        }
    }

    /// How many bytes are left until `i` is a multiple of [`WORD`].
    fn until_word(&self) -> usize {
        usize::from(self.i.wrapping_neg()) % WORD
    }

    fn next_byte(&mut self) -> u8 {
        let x = self.s[usize::from(self.i)];
        self.j = self.j.wrapping_add(x as u8);
        let y = self.s[usize::from(self.j)];
        self.s[usize::from(self.j)] = x;
        self.s[usize::from(self.i)] = y;
        self.i = self.i.wrapping_add(1);
        self.s[usize::from(x.wrapping_add(y) as u8)] as u8
    }
}

/// The inner loop: a word of the keystream at a time, from an `i` that is a multiple of [`WORD`], so
/// that the places of a word's entries are known before it begins. Its state is in registers;
/// [`Words::finish`] puts it back.
struct Words<'a> {
    rc4: &'a mut Rc4,
    i: u8,
    /// `j` in its last byte.
    j: u32,
    /// `S[i]` and `S[i + 1]`.
    x: u32,
    next: u32,
}

impl<'a> Words<'a> {
    fn new(rc4: &'a mut Rc4) -> Self {
        let (i, j) = (rc4.i, u32::from(rc4.j));
        let x = rc4.s[usize::from(i)];
        let next = rc4.s[usize::from(i.wrapping_add(1))];
        Self { rc4, i, j, x, next }
    }

    /// Encrypts or decrypts a word.
    #[inline(always)]
    fn apply(&mut self, word: [u8; WORD]) -> [u8; WORD] {
        let word = u64::from_le_bytes(word);
        let (mut low, mut high) = (word as u32, (word >> 32) as u32);
        // The compiler sees of both that nothing at or behind them is out of bounds.
        let here = usize::from(self.i & 0xf8);
        self.i = self.i.wrapping_add(WORD as u8);
        let behind = usize::from(self.i & 0xf8);
        self.apply_byte(here, here + 2, &mut low);
        self.apply_byte(here + 1, here + 3, &mut low);
        self.apply_byte(here + 2, here + 4, &mut low);
        self.apply_byte(here + 3, here + 5, &mut low);
        self.apply_byte(here + 4, here + 6, &mut high);
        self.apply_byte(here + 5, here + 7, &mut high);
        self.apply_byte(here + 6, behind, &mut high);
        self.apply_byte(here + 7, behind + 1, &mut high);
        (u64::from(high) << 32 | u64::from(low)).to_le_bytes()
    }

    /// Encrypts or decrypts the last byte of `half`, and has the next one take its place. `i` is its
    /// index, `ahead` the second one behind it.
    #[inline(always)]
    fn apply_byte(&mut self, i: usize, ahead: usize, half: &mut u32) {
        let s = &mut self.rc4.s;
        let x = self.x;
        // Two bytes ahead of its use, so that it does not wait for the stores in between: the
        // processor cannot know that they go elsewhere. If one does not, what it writes is x. No two
        // entries are the same.
        let mut after = s[ahead];
        self.j = self.j.wrapping_add(x);
        let j = (self.j & 0xff) as usize;
        let y = s[j];
        s[j] = x;
        s[i] = y;
        if y == self.next {
            hit();
            self.next = x;
        }
        if y == after {
            hit();
            after = x;
        }
        *half = (*half ^ s[(x.wrapping_add(y) & 0xff) as usize]).rotate_right(8);
        self.x = self.next;
        self.next = after;
    }

    fn finish(self) {
        self.rc4.i = self.i;
        self.rc4.j = self.j as u8;
    }
}

/// A swap met an entry that was loaded before, which happens to 2 of 256 bytes: a branch costs less
/// than to choose each time.
#[cold]
#[inline(never)]
fn hit() {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rc4::{KeyInit, StreamCipher};

    use super::Rc4;

    /// RFC 6229: key, and 16 bytes of the keystream at each of some offsets.
    const VECTORS: [(&str, [(usize, &str); 8]); 4] = [
        (
            "0102030405",
            [
                (0, "b2396305f03dc027ccc3524a0a1118a8"),
                (16, "6982944f18fc82d589c403a47a0d0919"),
                (240, "28cb1132c96ce286421dcaadb8b69eae"),
                (256, "1cfcf62b03eddb641d77dfcf7f8d8c93"),
                (1520, "3294f744d8f9790507e70f62e5bbceea"),
                (1536, "d8729db41882259bee4f825325f5a130"),
                (4080, "068326a2118416d21f9d04b2cd1ca050"),
                (4096, "ff25b58995996707e51fbdf08b34d875"),
            ],
        ),
        (
            "833222772a",
            [
                (0, "80ad97bdc973df8a2e879e92a497efda"),
                (16, "20f060c2f2e5126501d3d4fea10d5fc0"),
                (240, "faa148e99046181fec6b2085f3b20ed9"),
                (256, "f0daf5bab3d596839857846f73fbfe5a"),
                (1520, "adb89cea9a15fbe617295bd04b8ca05c"),
                (1536, "6251d87fd4aaae9a7e4ad5c217d3f300"),
                (4080, "6349d126a37afcba89794f9804914fdc"),
                (4096, "bf42c3018c2f7c66bfde524975768115"),
            ],
        ),
        (
            "0102030405060708090a0b0c0d0e0f10",
            [
                (0, "9ac7cc9a609d1ef7b2932899cde41b97"),
                (16, "5248c4959014126a6e8a84f11d1a9e1c"),
                (240, "065902e4b620f6cc36c8589f66432f2b"),
                (256, "d39d566bc6bce3010768151549f3873f"),
                (1520, "b40110c4190b5622a96116b0017ed297"),
                (1536, "ffa0b514647ec04f6306b892ae661181"),
                (4080, "ff38265c1642c1abe8d3c2fe5e572bf8"),
                (4096, "a36a4c301ae8ac13610ccbc12256cacc"),
            ],
        ),
        (
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            [
                (0, "eaa6bd25880bf93d3f5d1e4ca2611d91"),
                (16, "cfa45c9f7e714b54bdfa80027cb14380"),
                (240, "114ae344ded71b35f2e60febad727fd8"),
                (256, "02e1e7056b0f623900496422943e97b6"),
                (1520, "40f250b26d1f096a4afd4c340a588815"),
                (1536, "3e34135c79db010200767651cf263073"),
                (4080, "a13a7c79c7e119b5ab0296ab28c300b9"),
                (4096, "f3e4c0a2e02d1d01f7f0a74618af2b48"),
            ],
        ),
    ];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    #[test]
    fn keystream_is_that_of_rfc_6229() {
        for (key, expected) in VECTORS {
            for (offset, expected) in expected {
                let mut cipher = Rc4::new(&unhex(key));
                cipher.discard(offset);
                let mut keystream = [0; 16];
                cipher.apply_in_place(&mut keystream);
                assert_eq!(hex(&keystream), expected, "key {key}, offset {offset}");
            }
        }
    }

    /// Long enough that the swap has hit the entry loaded ahead of it, at each place in a word.
    #[test]
    fn long_stream_is_that_of_the_crate() {
        let key = [0x6b; 20];
        let mut expected = vec![0; 1 << 20];
        rc4::Rc4::new_from_slice(&key).unwrap().apply_keystream(&mut expected);
        let mut actual = vec![0; expected.len()];
        Rc4::new(&key).apply(&vec![0; expected.len()], &mut actual);
        assert!(actual == expected);
    }

    #[test]
    fn every_split_in_three_gives_the_same_stream() {
        let whole: [u8; 40] = std::array::from_fn(|i| i as u8);
        let mut expected = whole;
        rc4::Rc4::new_from_slice(b"split").unwrap().apply_keystream(&mut expected);
        for first in 0..=whole.len() {
            for second in first..=whole.len() {
                let mut cipher = Rc4::new(b"split");
                let mut actual = whole;
                cipher.apply(&whole[..first], &mut actual[..first]);
                cipher.apply_in_place(&mut actual[first..second]);
                cipher.apply(&whole[second..], &mut actual[second..]);
                assert_eq!(actual, expected);
            }
        }
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn lengths_that_differ_are_the_callers_fault() {
        Rc4::new(b"key").apply(&[0; 2], &mut [0; 3]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_crate(
            key in prop::collection::vec(any::<u8>(), 1..=256),
            discarded in 0..1100usize,
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..100), any::<bool>()), 0..8),
        ) {
            let mut theirs = rc4::Rc4::new_from_slice(&key).unwrap();
            theirs.apply_keystream(&mut vec![0; discarded]);
            let mut ours = Rc4::new(&key);
            ours.discard(discarded);
            for (piece, in_place) in pieces {
                let mut expected = piece.clone();
                theirs.apply_keystream(&mut expected);
                let mut actual = piece.clone();
                if in_place {
                    ours.apply_in_place(&mut actual);
                } else {
                    ours.apply(&piece, &mut actual);
                }
                prop_assert_eq!(actual, expected);
            }
        }
    }
}
