//! The bounds that keep a hostile peer from hurting the host.

/// Every bound that a caller may move. [`Limits::default`] is safe for any swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message that a peer may send, in bytes after the length prefix. A block that
    /// we asked for is always let in, whatever its length.
    pub max_message_length: u32,
    /// One more than the highest piece index that counts. libtorrent's bound by default: 256 KiB
    /// of bits.
    pub max_pieces: u32,
    /// How many requests of the peer are open, or wait, at a time; further ones are refused.
    pub max_peer_requests: u32,
    /// Bytes of unsent output above which the peer's requests wait. They wait too while unsent
    /// output and what the caller still has to answer come to twice as many and what the peer took
    /// in the last second, up to [`Limits::MAX_WINDOW`]. Reading stops while more than this is
    /// unsent of what was given to [`Wire::extended`](super::Wire::extended) and
    /// [`Wire::hashes`](super::Wire::hashes).
    pub high_water_mark: u32,
}

impl Limits {
    /// How many requests may cross our choke on their way.
    const CROSSING_REQUESTS: u32 = 2000;
    /// The most that is under way to a peer that takes much, in bytes: what is unsent, and what
    /// the caller still has to answer.
    pub const MAX_WINDOW: u64 = 8 << 20;
    /// How many extension names (BEP 10) of a peer are kept.
    pub const EXTENDED_NAMES: usize = 256;
    /// How long an extension name (BEP 10) may be, in bytes; longer ones do not count. Names are
    /// kept: without this, 256 of them could hold 256 of the largest messages.
    pub const EXTENDED_NAME_LENGTH: usize = 255;

    /// How many rejects a peer may provoke without reading any of them: what fits under the
    /// high-water mark, and as many again as any client has requests under way.
    pub(crate) fn max_unread_rejects(&self) -> u32 {
        let fitting = self.high_water_mark / super::message::REQUEST_SIZE as u32;
        fitting.saturating_add(Self::CROSSING_REQUESTS)
    }

    /// The largest bitfield message: its id and a bit a piece.
    pub(crate) fn max_bitfield_length(&self) -> u32 {
        1 + self.max_pieces.div_ceil(8)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_length: 1 << 20,
            max_pieces: 2_097_152,
            max_peer_requests: 32_768,
            high_water_mark: 384 << 10,
        }
    }
}
