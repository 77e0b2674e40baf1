//! What may be new of a connection or a listener.

use std::ops::BitOr;

/// A set of news. Where several come together, the caller is to see them in the order of the
/// constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Events(u32);

impl Events {
    /// The connection is there.
    pub const OPENED: Self = Self(1);
    /// There are bytes to be taken, or to be taken soon.
    pub const BYTES: Self = Self(2);
    /// Much of what waited to be written has left.
    pub const DRAINED: Self = Self(4);
    /// The peer sends nothing more: comes when all bytes were taken.
    pub const ENDED: Self = Self(8);
    /// A fault ended it: see `take_fault`.
    pub const FAILED: Self = Self(16);
    /// It is over, and its socket is closed.
    pub const CLOSED: Self = Self(32);
    /// A listener has connections to be accepted.
    pub const ACCEPTED: Self = Self(64);

    /// Those of some bits.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// As bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `events` are among them.
    pub fn has(self, events: Self) -> bool {
        self.0 & events.0 == events.0
    }
}

impl BitOr for Events {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
