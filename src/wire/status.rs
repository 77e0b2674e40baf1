//! What a driver asks of a wire between two calls.

use super::Wire;
use super::encryption::Encryption;

impl Wire {
    /// Whether the wire was ended, by [`Wire::close`] or by a violation.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether what arrives has to pass [`Wire::decrypt`].
    pub fn is_encrypted(&self) -> bool {
        matches!(self.encryption, Encryption::On(_))
    }

    /// Overrides whether the peer is interested in us.
    pub fn set_peer_interested(&mut self, is_interested: bool) {
        self.choking.set_peer_interested(is_interested);
    }
}
