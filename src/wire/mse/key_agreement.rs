//! Diffie-Hellman over the specification's modulus, packaged as work for another thread.

use crypto_bigint::modular::ConstMontyForm;
use crypto_bigint::{U192, U768, const_monty_params};

use super::opening::PLAINTEXT_PREFIX;
use super::{Error, MAX_PADDING};

const_monty_params!(
    P,
    U768,
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74\
     020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437\
     4fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563",
    "The modulus P."
);

/// A number modulo P, in Montgomery form.
type Element = ConstMontyForm<P, { U768::LIMBS }>;

/// S, big-endian, and never shorter for its leading zeros.
pub(super) type Secret = [u8; KEY_LENGTH];

/// How many bytes Ya, Yb and S have on the wire and in hashes.
pub(super) const KEY_LENGTH: usize = 96;

/// The generator G.
const G: Element = Element::new(&U768::from_u8(2));

/// The arithmetic of a key exchange, some 50 µs a power: to be run on whatever thread has the time.
///
/// [`Negotiation::poll_job`](super::Negotiation::poll_job) gives it,
/// [`Negotiation::handle_key_agreement`](super::Negotiation::handle_key_agreement) takes its
/// result. A job or a result that is no longer of use is simply dropped.
#[derive(Clone)]
pub struct KeyJob(Task);

/// What a [`KeyJob`] found, for the negotiation that gave it.
#[derive(Clone)]
pub struct KeyAgreement(pub(super) Agreed);

/// The work to do.
#[derive(Clone)]
enum Task {
    /// For the initiator, at its start: Ya.
    Ya,
    /// For the initiator, when Yb has come: S.
    SOfInitiator { xa: PrivateKey, yb: PublicKey },
    /// For the responder, when Ya has come: Yb and S.
    YbAndS { ya: PublicKey },
}

/// What came of it, with the padding that the next step sends.
#[derive(Clone)]
pub(super) enum Agreed {
    /// Of [`KeyJob::ya`].
    Ya {
        /// Our private key.
        xa: PrivateKey,
        /// The public key to it.
        ya: [u8; KEY_LENGTH],
        /// PadA.
        pad_a: Vec<u8>,
    },
    /// Of [`KeyJob::s_of_initiator`].
    SOfInitiator {
        /// The shared secret.
        s: Secret,
        /// len(PadC).
        len_pad_c: u16,
    },
    /// Of [`KeyJob::yb_and_s`].
    YbAndS {
        /// Our public key.
        yb: [u8; KEY_LENGTH],
        /// The shared secret.
        s: Secret,
        /// PadB.
        pad_b: Vec<u8>,
        /// len(PadD).
        len_pad_d: u16,
    },
}

impl KeyJob {
    pub(super) fn ya() -> Self {
        Self(Task::Ya)
    }

    pub(super) fn s_of_initiator(xa: PrivateKey, yb: PublicKey) -> Self {
        Self(Task::SOfInitiator { xa, yb })
    }

    pub(super) fn yb_and_s(ya: PublicKey) -> Self {
        Self(Task::YbAndS { ya })
    }

    /// Does the work.
    ///
    /// `random` fills what it is given with bytes that nobody can guess; nothing else in a
    /// negotiation is random. In this order it is asked for: the private key (20 bytes), len(PadA)
    /// or len(PadB) (2), that padding if there is any; then len(PadC) or len(PadD) (2). A length is
    /// the two bytes, big-endian, modulo 513.
    pub fn run(self, random: &mut dyn FnMut(&mut [u8])) -> KeyAgreement {
        KeyAgreement(match self.0 {
            Task::Ya => {
                let (xa, ya) = PrivateKey::draw(random);
                Agreed::Ya { xa, ya, pad_a: draw_padding(random) }
            }
            Task::SOfInitiator { xa, yb } => {
                Agreed::SOfInitiator { s: xa.shared_secret(&yb), len_pad_c: draw_length(random) }
            }
            Task::YbAndS { ya } => {
                let (xb, yb) = PrivateKey::draw(random);
                Agreed::YbAndS {
                    yb,
                    s: xb.shared_secret(&ya),
                    pad_b: draw_padding(random),
                    len_pad_d: draw_length(random),
                }
            }
        })
    }
}

/// The peer's Ya or Yb, known to lie in [2, p − 2].
#[derive(Clone)]
pub(super) struct PublicKey(U768);

impl PublicKey {
    pub(super) fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Result<Self, Error> {
        let y = U768::from_be_slice(bytes);
        let two = U768::from_u8(2);
        let largest = G.neg().retrieve();
        if y < two || y > largest {
            return Err(Error::PublicKey);
        }
        Ok(Self(y))
    }
}

/// Xa or Xb: 160 bits.
#[derive(Clone)]
pub(super) struct PrivateKey([u8; 20]);

impl PrivateKey {
    const BITS: u32 = 160;

    /// Draws a private key; gives the public key to it as well.
    fn draw(random: &mut dyn FnMut(&mut [u8])) -> (Self, [u8; KEY_LENGTH]) {
        let mut key = Self([0; 20]);
        random(&mut key.0);
        let mut public = key.power_of(&G);
        // Transmission takes whatever begins as a plaintext handshake does for one. The key with
        // the other last bit has twice or half this public key, which no longer begins so, and
        // unlike a second draw it needs no trust in `random` to come to an end. (Nor would a peer
        // accept the public key 1, which is that of 0.)
        if public[0] == PLAINTEXT_PREFIX[0] || PublicKey::from_bytes(&public).is_err() {
            key.0[19] ^= 1;
            public = key.power_of(&G);
        }
        (key, public)
    }

    fn shared_secret(&self, peer: &PublicKey) -> Secret {
        self.power_of(&Element::new(&peer.0))
    }

    /// `base` to the power of this key, in constant time.
    fn power_of(&self, base: &Element) -> [u8; KEY_LENGTH] {
        let mut exponent = [0; U192::BYTES];
        exponent[U192::BYTES - self.0.len()..].copy_from_slice(&self.0);
        base.pow_bounded_exp(&U192::from_be_slice(&exponent), Self::BITS)
            .retrieve()
            .to_be_bytes()
            .into()
    }
}

fn draw_padding(random: &mut dyn FnMut(&mut [u8])) -> Vec<u8> {
    let mut padding = vec![0; usize::from(draw_length(random))];
    if !padding.is_empty() {
        random(&mut padding);
    }
    padding
}

fn draw_length(random: &mut dyn FnMut(&mut [u8])) -> u16 {
    let mut bytes = [0; 2];
    random(&mut bytes);
    u16::from_be_bytes(bytes) % (MAX_PADDING + 1)
}

#[cfg(test)]
mod tests {
    use super::{Agreed, G, KEY_LENGTH, KeyJob, PrivateKey, PublicKey, U768};

    /// The public key to this has the first byte 0x13.
    const UNLUCKY: [u8; 20] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xa9];

    fn draw(bytes: [u8; 20]) -> (PrivateKey, [u8; KEY_LENGTH]) {
        PrivateKey::draw(&mut |private| private.copy_from_slice(&bytes))
    }

    fn small(value: u8) -> [u8; KEY_LENGTH] {
        U768::from_u8(value).to_be_bytes().into()
    }

    #[test]
    fn public_key_never_begins_like_a_plaintext_handshake() {
        assert_eq!(PrivateKey(UNLUCKY).power_of(&G)[0], 0x13);
        let (private, public) = draw(UNLUCKY);
        assert_eq!(public[0], 0x89);
        assert_eq!(public, private.power_of(&G), "the two still belong together");
    }

    #[test]
    fn public_key_is_one_that_a_peer_accepts() {
        let (private, public) = draw([0; 20]);
        assert_eq!(public, small(2));
        assert_eq!(public, private.power_of(&G));
    }

    #[test]
    fn private_key_has_160_bits() {
        let mut top_bit = [0; 20];
        top_bit[0] = 0x80;
        let mut expected = G;
        for _ in 0..159 {
            expected = expected.square();
        }
        let expected: [u8; KEY_LENGTH] = expected.retrieve().to_be_bytes().into();
        assert_eq!(PrivateKey(top_bit).power_of(&G), expected);
    }

    #[test]
    fn both_ends_compute_the_same_secret() {
        let (xa, ya) = draw([0xa5; 20]);
        let (xb, yb) = draw([0x5a; 20]);
        let ya = PublicKey::from_bytes(&ya).unwrap();
        let yb = PublicKey::from_bytes(&yb).unwrap();
        assert_eq!(xa.shared_secret(&yb), xb.shared_secret(&ya));
    }

    #[test]
    fn paddings_have_0_to_512_bytes() {
        for (drawn, length) in [(0u16, 0), (1, 1), (512, 512), (513, 0), (0xffff, 384)] {
            let mut random = |bytes: &mut [u8]| match bytes {
                [high, low] => [*high, *low] = drawn.to_be_bytes(),
                bytes => bytes.fill(0x77),
            };
            let Agreed::Ya { pad_a, .. } = KeyJob::ya().run(&mut random).0 else { panic!() };
            assert_eq!(pad_a, vec![0x77; length]);
        }
    }
}
