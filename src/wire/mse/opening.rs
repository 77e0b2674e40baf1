//! What a peer says first: its public key, or a plaintext handshake.

use super::Error;
use super::field::Field;
use super::key_agreement::{KEY_LENGTH, PublicKey};

/// How a plaintext BitTorrent handshake begins (BEP 3).
pub(super) const PLAINTEXT_PREFIX: [u8; 20] = *b"\x13BitTorrent protocol";

/// The first bytes of the peer, until it is clear what they are.
pub(super) struct Opening {
    first: Field<KEY_LENGTH>,
    /// Whether a plaintext handshake is a violation.
    require_encryption: bool,
}

/// What they were.
pub(super) enum Opened {
    /// A plaintext handshake, of which [`PLAINTEXT_PREFIX`] has been taken.
    Plaintext,
    /// Ya or Yb.
    Key(PublicKey),
}

impl Opening {
    pub(super) fn new(require_encryption: bool) -> Self {
        Self { first: Field::new(), require_encryption }
    }

    /// Takes from the front of `input` what it needs to tell.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Opened>, Error> {
        let Some(start) = self.first.fill_to(PLAINTEXT_PREFIX.len(), input) else {
            return Ok(None);
        };
        if start.starts_with(&PLAINTEXT_PREFIX) {
            return if self.require_encryption {
                Err(Error::PlaintextRefused)
            } else {
                Ok(Some(Opened::Plaintext))
            };
        }
        match self.first.fill(input) {
            Some(y) => Ok(Some(Opened::Key(PublicKey::from_bytes(y)?))),
            None => Ok(None),
        }
    }
}
