//! The two ciphers of a connection.

use super::Rc4;
use super::hash::{key_a, key_b};
use super::key_agreement::Secret;

/// How much of the keystream is dropped, for its beginning tells about the key.
const DISCARDED: usize = 1024;

/// ENCRYPT and DECRYPT of one end, each where its stream has come to.
#[derive(Clone)]
pub struct Ciphers {
    /// For what we send.
    pub encrypt: Rc4,
    /// For what we receive.
    pub decrypt: Rc4,
}

impl Ciphers {
    pub(super) fn of_initiator(s: &Secret, skey: &[u8; 20]) -> Box<Self> {
        Box::new(Self { encrypt: keyed(key_a(s, skey)), decrypt: keyed(key_b(s, skey)) })
    }

    pub(super) fn of_responder(s: &Secret, skey: &[u8; 20]) -> Box<Self> {
        Box::new(Self { encrypt: keyed(key_b(s, skey)), decrypt: keyed(key_a(s, skey)) })
    }
}

fn keyed(key: [u8; 20]) -> Rc4 {
    let mut cipher = Rc4::new(&key);
    cipher.discard(DISCARDED);
    cipher
}
