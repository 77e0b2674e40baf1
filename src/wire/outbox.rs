//! Bytes that wait to be sent, cut where the caller's blocks go in between.

use bytes::{Buf, BufMut, BytesMut};
use std::collections::VecDeque;

use super::mse::Rc4;

/// Most that is reserved before it comes, in bytes and segments.
const MAX_AHEAD: usize = 4096;

/// The next part of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segment {
    /// How many bytes the outbox holds for it.
    pub bytes: u32,
    /// The length of the block of the caller's that follows them; 0 if none does.
    pub block: u32,
}

impl Segment {
    /// How many bytes leave with it, in all.
    pub fn length(self) -> usize {
        self.bytes as usize + self.block as usize
    }
}

/// How far the output has come, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What has not left.
    pub(crate) unsent: u64,
    /// What has left, of all that ever was to.
    pub(crate) delivered: u64,
}

impl Progress {
    /// Where in the output the next byte will stand.
    pub(crate) fn position(self) -> u64 {
        self.delivered + self.unsent
    }
}

/// Output in order. Everything that leaves the wire passes [`Outbox::append`] or
/// [`Outbox::append_block`]. What is to be encrypted is so when it is taken: until then it waits as
/// it is, and blocks stay with the caller.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// All that was ever added, blocks of the caller's included.
    appended: u64,
    /// What was taken and did not leave yet.
    undelivered: u64,
    /// What waits. Most wires are idle most of the time: what they do not need they do not keep.
    waiting: Option<Box<Waiting>>,
    /// How much was last taken at once, in bytes and segments: what comes next probably is as much.
    last_taken: (u16, u16),
}

#[derive(Debug)]
struct Waiting {
    bytes: BytesMut,
    segments: VecDeque<Segment>,
    /// The last segment takes no further bytes.
    is_sealed: bool,
    /// How many segments at the front leave as they are: see [`Outbox::encrypt_from_here`].
    unencrypted: usize,
    /// The bytes of all blocks of the caller's that have not left.
    blocks: usize,
}

impl Outbox {
    /// Adds bytes.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.waiting(bytes.len()).append(bytes);
            self.appended += bytes.len() as u64;
        }
    }

    /// Adds bytes that leave as one chunk of their own.
    pub(crate) fn append_alone(&mut self, bytes: &[u8]) {
        let waiting = self.waiting(bytes.len());
        waiting.is_sealed = true;
        waiting.append(bytes);
        waiting.is_sealed = true;
        self.appended += bytes.len() as u64;
    }

    /// Adds bytes and then a block that stays with the caller.
    pub(crate) fn append_block(&mut self, header: &[u8], length: u32) {
        let waiting = self.waiting(header.len());
        waiting.append(header);
        if length > 0 {
            waiting.last_open().block = length;
            waiting.blocks += length as usize;
            waiting.is_sealed = true;
        }
        self.appended += header.len() as u64 + u64::from(length);
    }

    /// What is added from now on is encrypted by [`Outbox::take_encrypted`], and what waits is not.
    pub(crate) fn encrypt_from_here(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.is_sealed = true;
            waiting.unencrypted = waiting.segments.len();
        }
    }

    /// What waits, in order.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.waiting.iter().flat_map(|waiting| waiting.segments.iter().copied())
    }

    /// Moves the bytes of the next `count` segments to `out`, which is exactly as long as they are,
    /// and counts their blocks as gone. Tells whether it did.
    pub(crate) fn take(&mut self, count: usize, out: &mut [u8]) -> bool {
        let Some(waiting) = &mut self.waiting else { return count == 0 && out.is_empty() };
        let taken = waiting.segments.iter().take(count);
        let (bytes, blocks) = taken.fold((0, 0), |(bytes, blocks), segment| {
            (bytes + segment.bytes as usize, blocks + segment.block as usize)
        });
        if count > waiting.segments.len() || bytes != out.len() {
            return false;
        }
        waiting.bytes.copy_to_slice(out);
        self.drop_segments(count, out.len(), blocks);
        true
    }

    /// Writes the next segment and its block to `out`, which is exactly as long as both, by way of
    /// the cipher. Tells whether it did.
    pub(crate) fn take_encrypted(
        &mut self,
        cipher: &mut Rc4,
        out: &mut [u8],
        block: &[u8],
    ) -> bool {
        let Some(waiting) = &mut self.waiting else { return false };
        let Some(&segment) = waiting.segments.front() else { return false };
        let length = segment.bytes as usize;
        if block.len() != segment.block as usize || out.len() != length + block.len() {
            return false;
        }
        let (out_bytes, out_block) = out.split_at_mut(length);
        if waiting.unencrypted > 0 {
            out_bytes.copy_from_slice(&waiting.bytes[..length]);
            out_block.copy_from_slice(block);
        } else {
            cipher.apply(&waiting.bytes[..length], out_bytes);
            cipher.apply(block, out_block);
        }
        waiting.bytes.advance(length);
        self.drop_segments(1, length, block.len());
        true
    }

    /// Counts the next `count` segments as taken, whose bytes are no longer there.
    fn drop_segments(&mut self, count: usize, bytes: usize, blocks: usize) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.segments.drain(..count);
        waiting.unencrypted = waiting.unencrypted.saturating_sub(count);
        waiting.blocks -= blocks;
        if waiting.segments.is_empty() {
            self.waiting = None;
            self.last_taken = (bytes.min(MAX_AHEAD) as u16, count.min(MAX_AHEAD) as u16);
        }
    }

    /// Notes how much of what was taken did not leave yet.
    pub(crate) fn set_undelivered(&mut self, bytes: u64) {
        self.undelivered = bytes.min(self.appended - self.len() as u64);
    }

    /// How far all that was added has come.
    #[inline]
    pub(crate) fn progress(&self) -> Progress {
        let unsent = self.len() as u64 + self.undelivered;
        Progress { unsent, delivered: self.appended.saturating_sub(unsent) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_none()
    }

    /// How many bytes wait, blocks of the caller's included.
    fn len(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.bytes.len() + waiting.blocks)
    }

    /// What waits, with room for `length` bytes if nothing does.
    fn waiting(&mut self, length: usize) -> &mut Waiting {
        self.waiting.get_or_insert_with(|| Waiting::new(length, self.last_taken))
    }
}

impl Waiting {
    #[cold]
    fn new(length: usize, (bytes, segments): (u16, u16)) -> Box<Self> {
        Box::new(Self {
            bytes: BytesMut::with_capacity(usize::from(bytes).max(length)),
            segments: VecDeque::with_capacity(usize::from(segments)),
            is_sealed: false,
            unencrypted: 0,
            blocks: 0,
        })
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes.put_slice(bytes);
        self.last_open().bytes += bytes.len() as u32;
    }

    fn last_open(&mut self) -> &mut Segment {
        if self.is_sealed || self.segments.is_empty() {
            self.segments.push_back(Segment::default());
            self.is_sealed = false;
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(outbox: &mut Outbox) -> Vec<(Vec<u8>, u32)> {
        let mut taken = Vec::new();
        loop {
            let Some(segment) = outbox.segments().next() else { return taken };
            let mut bytes = vec![0; segment.bytes as usize];
            assert!(outbox.take(1, &mut bytes));
            taken.push((bytes, segment.block));
        }
    }

    #[test]
    fn bytes_join_until_a_block_comes_between() {
        let mut outbox = Outbox::default();
        outbox.append(b"ab");
        outbox.append(b"c");
        outbox.append_block(b"d", 7);
        outbox.append(b"e");
        assert_eq!(outbox.len(), 12);
        assert_eq!(take_all(&mut outbox), [(b"abcd".to_vec(), 7), (b"e".to_vec(), 0)]);
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn a_handshake_leaves_alone() {
        let mut outbox = Outbox::default();
        outbox.append(b"before");
        outbox.append_alone(b"handshake");
        outbox.append(b"after");
        let chunks: Vec<_> = take_all(&mut outbox).into_iter().map(|(bytes, _)| bytes).collect();
        assert_eq!(chunks, [b"before".to_vec(), b"handshake".to_vec(), b"after".to_vec()]);
    }

    #[test]
    fn an_empty_block_is_no_cut() {
        let mut outbox = Outbox::default();
        outbox.append_block(b"a", 0);
        outbox.append(b"b");
        assert_eq!(take_all(&mut outbox), [(b"ab".to_vec(), 0)]);
    }

    #[test]
    fn a_buffer_of_another_length_takes_nothing() {
        let mut outbox = Outbox::default();
        outbox.append(b"abc");
        assert!(!outbox.take(1, &mut [0; 2]));
        assert!(!outbox.take(2, &mut [0; 3]));
        assert_eq!(outbox.len(), 3);
    }

    #[test]
    fn what_was_taken_may_not_have_left() {
        let mut outbox = Outbox::default();
        outbox.append_block(b"ab", 5);
        outbox.append(b"c");
        assert!(outbox.take(1, &mut [0; 2]));
        assert_eq!(outbox.progress(), Progress { unsent: 1, delivered: 7 });
        outbox.set_undelivered(3);
        assert_eq!(outbox.progress(), Progress { unsent: 4, delivered: 4 });
        outbox.set_undelivered(1000);
        assert_eq!(outbox.progress(), Progress { unsent: 8, delivered: 0 });
    }

    #[test]
    fn what_was_there_before_is_not_encrypted() {
        let mut outbox = Outbox::default();
        outbox.append(b"before");
        outbox.encrypt_from_here();
        outbox.append_block(b"head", 5);
        outbox.append(b"after");
        assert_eq!(outbox.len(), 6 + 9 + 5);

        let mut cipher = Rc4::new(b"key");
        let mut taken = Vec::new();
        for (length, block) in [(6, &b""[..]), (9, b"block"), (5, b"")] {
            let mut out = vec![0; length];
            assert!(outbox.take_encrypted(&mut cipher, &mut out, block));
            taken.extend(out);
        }
        assert!(outbox.is_empty());
        Rc4::new(b"key").apply_in_place(&mut taken[6..]);
        assert_eq!(taken, b"beforeheadblockafter");

        // Of another time there is nothing left.
        outbox.append(b"later");
        let mut out = [0; 5];
        assert!(outbox.take_encrypted(&mut cipher.clone(), &mut out, b""));
        cipher.apply_in_place(&mut out);
        assert_eq!(&out, b"later");
    }

    #[test]
    fn a_block_of_another_length_moves_no_cipher() {
        let mut outbox = Outbox::default();
        let mut cipher = Rc4::new(b"key");
        assert!(!outbox.take_encrypted(&mut cipher, &mut [], b""));
        outbox.append_block(b"head", 5);
        for (length, block) in [(9, &b""[..]), (8, b"bloc"), (8, b"block"), (10, b"block")] {
            assert!(!outbox.take_encrypted(&mut cipher, &mut vec![0; length], block));
        }
        let mut out = [0; 9];
        assert!(outbox.take_encrypted(&mut cipher, &mut out, b"block"));
        Rc4::new(b"key").apply_in_place(&mut out);
        assert_eq!(&out, b"headblock");
    }

    #[test]
    fn several_segments_leave_together() {
        let mut outbox = Outbox::default();
        outbox.append_block(b"ab", 5);
        outbox.append_block(b"c", 7);
        outbox.append(b"d");
        let mut bytes = [0; 3];
        assert!(outbox.take(2, &mut bytes));
        assert_eq!(&bytes, b"abc");
        assert_eq!(outbox.len(), 1);
    }
}
