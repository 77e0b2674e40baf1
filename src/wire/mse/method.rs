//! Which crypto methods an end offers, and which it takes.

use super::Error;

/// How much encryption an end wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `peEnabled` 1: the handshake is obfuscated; of what follows, plaintext is offered beside RC4,
    /// and preferred by the responder.
    PlaintextAllowed,
    /// `peEnabled` 2: RC4 or nothing.
    Rc4Only,
}

/// What the stream after the handshake is sent in. Its value is its bit in crypto_provide and
/// crypto_select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Method {
    /// As it is.
    Plaintext = 0x01,
    /// Encrypted.
    Rc4 = 0x02,
}

impl Level {
    /// The initiator's crypto_provide.
    pub(super) fn crypto_provide(self) -> u32 {
        match self {
            Self::PlaintextAllowed => Method::Plaintext as u32 | Method::Rc4 as u32,
            Self::Rc4Only => Method::Rc4 as u32,
        }
    }

    /// The responder's choice. Bits of `crypto_provide` that have no meaning yet are no offence.
    pub(super) fn select(self, crypto_provide: u32) -> Result<Method, Error> {
        let both = crypto_provide & self.crypto_provide();
        if both & Method::Plaintext as u32 != 0 {
            Ok(Method::Plaintext)
        } else if both & Method::Rc4 as u32 != 0 {
            Ok(Method::Rc4)
        } else {
            Err(Error::CryptoProvide(crypto_provide))
        }
    }

    /// The initiator's reading of the responder's choice.
    pub(super) fn selected(self, crypto_select: u32) -> Result<Method, Error> {
        match (self, crypto_select) {
            (Self::PlaintextAllowed, 0x01) => Ok(Method::Plaintext),
            (_, 0x02) => Ok(Method::Rc4),
            _ => Err(Error::CryptoSelect(crypto_select)),
        }
    }
}
