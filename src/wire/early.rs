//! What is said before a handshake that comes first.

use super::Wire;

/// Messages that wait for our handshake, as they will be sent.
#[derive(Debug, Default)]
pub(crate) struct Early {
    bytes: Vec<u8>,
}

impl Early {
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Wire {
    /// Has our handshake come first, as BEP 3 has it: whatever is said before it waits for it.
    pub fn hold_until_handshake(&mut self) {
        if self.local.is_none() && !self.is_closed {
            self.early.get_or_insert_default();
        }
    }

    /// Sends our handshake, and then what has waited for it.
    pub(super) fn put_first(&mut self, handshake: &[u8]) {
        let early = self.early.take();
        let position = self.progress().position();
        self.put_handshake(handshake);
        if let Some(early) = early {
            self.answers.make_way(position, handshake.len());
            self.put(&early.bytes, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Limits, Reserved};

    fn output(wire: &mut Wire) -> Vec<u8> {
        let count = wire.output().count();
        let length = wire.output().map(|segment| segment.bytes as usize).sum();
        let mut bytes = vec![0; length];
        assert!(wire.take_output(count, &mut bytes));
        bytes
    }

    #[test]
    fn what_is_said_before_the_handshake_follows_it() {
        let mut wire = Wire::new(Limits::default(), 1);
        wire.hold_until_handshake();
        wire.have(7);
        assert!(wire.takes_blocks());
        wire.piece_bytes(1, 0, b"abc", 0);
        assert_eq!(wire.output().count(), 0);
        assert_eq!(wire.progress().unsent, 9 + 16);

        wire.handshake(Reserved::default(), [1; 20], [2; 20]);
        wire.have(8);
        assert!(!wire.takes_blocks());
        let bytes = output(&mut wire);
        assert_eq!(bytes.len(), 68 + 9 + 16 + 9);
        assert_eq!(bytes[0], 19);
        assert_eq!(bytes[68..77], [0, 0, 0, 5, 4, 0, 0, 0, 7]);
        assert!(bytes[77..].starts_with(&[0, 0, 0, 12, 7]));
        assert!(bytes.ends_with(&[0, 0, 0, 5, 4, 0, 0, 0, 8]));

        // There is nothing to wait for any more.
        wire.hold_until_handshake();
        wire.have(9);
        assert_eq!(output(&mut wire).len(), 9);
    }

    #[test]
    fn of_a_wire_that_is_closed_before_nothing_leaves() {
        let mut wire = Wire::new(Limits::default(), 1);
        wire.hold_until_handshake();
        wire.have(7);
        wire.close();
        wire.handshake(Reserved::default(), [1; 20], [2; 20]);
        assert_eq!(wire.output().count(), 0);
    }
}
