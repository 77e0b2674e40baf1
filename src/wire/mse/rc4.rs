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
