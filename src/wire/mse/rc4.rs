//! The stream cipher RC4, whose state a connection keeps twice: once for each direction.

/// How many bytes the unrolled loop makes at a time: a `u64` of keystream.
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
        let mut generator = Generator::new(self);
        for _ in 0..n {
            generator.next_byte();
        }
        generator.finish();
    }

    /// Writes `src`, encrypted or decrypted, to `dst`.
    ///
    /// # Panics
    ///
    /// If the two differ in length, as `copy_from_slice` does.
    pub fn apply(&mut self, src: &[u8], dst: &mut [u8]) {
        assert_eq!(src.len(), dst.len(), "source and destination differ in length");
        let mut generator = Generator::new(self);
        let (src_words, src_rest) = src.as_chunks::<WORD>();
        let (dst_words, dst_rest) = dst.as_chunks_mut::<WORD>();
        for (src, dst) in src_words.iter().zip(dst_words) {
            *dst = (u64::from_le_bytes(*src) ^ generator.next_word()).to_le_bytes();
        }
        for (src, dst) in src_rest.iter().zip(dst_rest) {
            *dst = src ^ generator.next_byte();
        }
        generator.finish();
    }

    /// Encrypts or decrypts `bytes` where they are.
    pub fn apply_in_place(&mut self, bytes: &mut [u8]) {
        let mut generator = Generator::new(self);
        let (words, rest) = bytes.as_chunks_mut::<WORD>();
        for word in words {
            *word = (u64::from_le_bytes(*word) ^ generator.next_word()).to_le_bytes();
        }
        for byte in rest {
            *byte ^= generator.next_byte();
        }
        generator.finish();
    }
}

/// The inner loop, with its state in registers; [`Generator::finish`] puts it back.
struct Generator<'a> {
    rc4: &'a mut Rc4,
    i: u8,
    j: u8,
    /// `S[i]`.
    x: u32,
}

impl<'a> Generator<'a> {
    #[inline(always)]
    fn new(rc4: &'a mut Rc4) -> Self {
        let (i, j) = (rc4.i, rc4.j);
        let x = rc4.s[usize::from(i)];
        Self { rc4, i, j, x }
    }

    #[inline(always)]
    fn next_byte(&mut self) -> u8 {
        let Self { rc4: Rc4 { s, .. }, i, j, x } = self;
        *j = j.wrapping_add(*x as u8);
        let y = s[usize::from(*j)];
        let next_i = i.wrapping_add(1);
        // Loaded ahead of the swap, so that it does not wait for the two stores; if the swap writes
        // this very entry, what it writes is x.
        let next_x = s[usize::from(next_i)];
        s[usize::from(*j)] = *x;
        s[usize::from(*i)] = y;
        let byte = s[usize::from((*x as u8).wrapping_add(y as u8))];
        *x = if *j == next_i { *x } else { next_x };
        *i = next_i;
        byte as u8
    }

    #[inline(always)]
    fn next_word(&mut self) -> u64 {
        let mut word = 0;
        for shift in 0..WORD {
            word |= u64::from(self.next_byte()) << (8 * shift);
        }
        word
    }

    #[inline(always)]
    fn finish(self) {
        self.rc4.i = self.i;
        self.rc4.j = self.j;
    }
}

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
