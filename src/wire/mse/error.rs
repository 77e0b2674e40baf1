//! What a peer can do wrong before the encrypted stream begins.

/// A violation of Message Stream Encryption by the peer: the connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Ya or Yb lies outside [2, p − 2]: it would make S a number that anybody knows.
    #[error("the peer's Diffie-Hellman public key lies outside [2, p - 2]")]
    PublicKey,
    /// Neither HASH('req1', S) (for the responder) nor ENCRYPT(VC) (for the initiator) came within
    /// the longest padding allowed.
    #[error("no synchronization within 512 bytes of padding")]
    Synchronization,
    /// The initiator's VC is not eight zeros: it uses another SKEY than we do.
    #[error("the peer's verification constant does not decrypt to zeros")]
    VerificationConstant,
    /// len(PadC) or len(PadD) is above 512.
    #[error("the peer announces {0} bytes of padding, more than 512")]
    Padding(u16),
    /// crypto_provide holds no method that our level allows.
    #[error("the peer provides no crypto method that is allowed here (crypto_provide {0:#010x})")]
    CryptoProvide(u32),
    /// crypto_select is not exactly one of the methods that we offered.
    #[error("the peer selects a crypto method that was not offered (crypto_select {0:#010x})")]
    CryptoSelect(u32),
    /// The peer sent a plaintext handshake where encryption is required.
    #[error("the peer sent a plaintext handshake, and encryption is required")]
    PlaintextRefused,
}

impl Error {
    /// A name for this kind of violation that stays the same from version to version.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PublicKey => "ERR_MSE_PUBLIC_KEY",
            Self::Synchronization => "ERR_MSE_SYNC",
            Self::VerificationConstant => "ERR_MSE_VC",
            Self::Padding(_) => "ERR_MSE_PADDING",
            Self::CryptoProvide(_) => "ERR_MSE_CRYPTO_PROVIDE",
            Self::CryptoSelect(_) => "ERR_MSE_CRYPTO_SELECT",
            Self::PlaintextRefused => "ERR_MSE_PLAINTEXT_REFUSED",
        }
    }
}
