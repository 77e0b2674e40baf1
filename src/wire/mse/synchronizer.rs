//! Finding the end of PadA or PadB, whose lengths nobody announces.

use super::{Error, MAX_PADDING};

/// Looks for `pattern`, with at most 512 bytes before it.
pub(super) struct Synchronizer<const N: usize> {
    pattern: [u8; N],
    /// What has come so far: at most the longest padding and the pattern.
    seen: Vec<u8>,
}

impl<const N: usize> Synchronizer<N> {
    /// Bytes within which the pattern must have ended.
    const LIMIT: usize = MAX_PADDING as usize + N;

    pub(super) fn new(pattern: [u8; N]) -> Self {
        Self { pattern, seen: Vec::new() }
    }

    /// Takes from the front of `input` until the pattern has been taken: then it says so.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        while let Some((&byte, rest)) = input.split_first() {
            self.seen.push(byte);
            *input = rest;
            if self.seen.ends_with(&self.pattern) {
                return Ok(true);
            }
            if self.seen.len() == Self::LIMIT {
                return Err(Error::Synchronization);
            }
        }
        Ok(false)
    }
}
