//! A field of the handshake, collected from however many pieces it comes in.

/// The first `filled` of `N` bytes.
#[derive(Clone)]
pub(super) struct Field<const N: usize> {
    bytes: [u8; N],
    filled: usize,
}

impl<const N: usize> Field<N> {
    pub(super) fn new() -> Self {
        Self { bytes: [0; N], filled: 0 }
    }

    /// Takes from the front of `input` what the field lacks; gives the field once it is whole.
    pub(super) fn fill(&mut self, input: &mut &[u8]) -> Option<&mut [u8; N]> {
        self.fill_to(N, input)?;
        Some(&mut self.bytes)
    }

    /// The same for only the first `n` bytes of it: gives those, and what may already follow them.
    pub(super) fn fill_to(&mut self, n: usize, input: &mut &[u8]) -> Option<&[u8]> {
        let missing = n.min(N).saturating_sub(self.filled);
        let (taken, rest) = input.split_at(missing.min(input.len()));
        self.bytes[self.filled..][..taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
        *input = rest;
        (taken.len() == missing).then(|| &self.bytes[..self.filled])
    }
}

/// Takes at most `left` bytes from the front of `input`, and subtracts them from it.
pub(super) fn take_up_to<'a>(left: &mut u16, input: &mut &'a [u8]) -> &'a [u8] {
    let (taken, rest) = input.split_at(input.len().min(usize::from(*left)));
    // No more than `left` were taken, so that they fit.
    *left -= taken.len() as u16;
    *input = rest;
    taken
}
