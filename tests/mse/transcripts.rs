//! Whole conversations, byte for byte as an implementation in another language (Python's integers,
//! its own RC4) writes them from the same random bytes.

use bittorrent_protocol_native::wire::mse::{Level, Negotiation, Options};

use crate::end::{End, Random, SKEY, Transcript};

/// Ya, PadA of 16 bytes.
const STEP_1: &str = "b4d5ad388d26e9d6c3a0d58ce553e2f960c051cf5fd4b35664aa52e770bc46fb4930e70d4899ebffe776aed0\
    02505bbc3ed67d60c9f05010e64f27ae6b303c34414853d92a88462067779d4d2cd87fe0c807042e1ffd2da7\
    ac9a9c350d18a3debedf5135db5b536cfc7e66977ef25b5a";
/// Yb, PadB of 3 bytes.
const STEP_2: &str = "771a6f11c643a5cfa5f81a845f30478733b8c1d074e296758ac6746dd396bc39a78e8d18e0dbcd9288cd5764\
    843af053a153e19de36f1787110a1bd1d9a4838566b084ae6f810f705c347c2453029b2650b3302b7bbc8919\
    2b3239e0d3c14bef778105";
/// crypto_provide 3, PadC of 16 bytes, IA `\x13BitTorrent protocol`.
const STEP_3: &str = "b1f4c92e28f05fb599b55cfa65858eea3bab4cddd0a9c3807dc4b3b970d854f0b17690eb2f84f75ce9aaa571\
    675eccb59c7a939621546055ccb2d34f4f94cc9dd1b50e0ee71d7648360ea7a4d64197993d17490ad358f689\
    bc329704";
/// crypto_select 2, PadD of 7 bytes.
const STEP_4: &str = "738cd157086acd4cdac0de0eee1b92caf46cfd82ed";
/// `from A`.
const STREAM_OF_A: &str = "a7a29809d000";
/// `from B`.
const STREAM_OF_B: &str = "e946b715a9f8";

#[test]
fn replays_a_conversation() {
    let mut a = End::initiator(Level::PlaintextAllowed, 190);
    let mut b = End::responder(Level::Rc4Only, 673);
    assert!(a.negotiation.set_initial_payload(b"\x13BitTorrent protocol"));
    check(&mut a, &mut b, [STEP_1, STEP_2, STEP_3, STEP_4, STREAM_OF_A, STREAM_OF_B]);
    assert_eq!(b.stream, b"\x13BitTorrent protocol");
}

/// With the private keys 20 and 30: Ya is 2^20, Yb 2^30 and S 2^600, each with leading zeros. Clients
/// that drop those fail one handshake in 256.
#[test]
fn leading_zeros_stay() {
    let options = Options { level: Level::Rc4Only, require_encryption: true };
    let random = [&private_key(20)[..], &[0, 3], &[1, 2, 3], &[0, 0]].concat();
    let mut a = End::new(Negotiation::initiator(options), Random::exactly(random));
    let random = [&private_key(30)[..], &[0, 0], &[0, 0]].concat();
    let mut b = End::new(Negotiation::responder(options), Random::exactly(random));
    let step_1 = power_of_2(20) + "010203";
    let step_2 = power_of_2(30);
    check(&mut a, &mut b, [&step_1, &step_2, ZEROS_STEP_3, ZEROS_STEP_4, ZEROS_A, ZEROS_B]);
}

/// crypto_provide 2, no PadC, no IA.
const ZEROS_STEP_3: &str = "e74f004a7d92b343a30f36d53ec792809407d1dc6ee85cdcc51f6ec1a13b6c77d4de62b3c73bbee7f0c34fef\
    14118e63657fc096a60029fb";
/// crypto_select 2, no PadD.
const ZEROS_STEP_4: &str = "20fdebeda11b47d936ebe861b913";
/// `from A`.
const ZEROS_A: &str = "41a17fcf8c6f";
/// `from B`.
const ZEROS_B: &str = "28d3296df0da";

/// The step's random bytes are exactly those that the Python drew, and so must be the output.
fn check(a: &mut End, b: &mut End, expected: [&str; 6]) {
    let Transcript { step_1, step_2, step_3, step_4 } = Transcript::of(a, b);
    a.send(b"from A");
    b.send(b"from B");
    let sent = [step_1, step_2, step_3, step_4, a.take_output(), b.take_output()];
    assert_eq!(sent.map(|bytes| hex(&bytes)), expected);
    assert_eq!(b.info_hash, Some(SKEY));
}

fn private_key(value: u8) -> [u8; 20] {
    let mut key = [0; 20];
    key[19] = value;
    key
}

fn power_of_2(exponent: usize) -> String {
    let mut power = [0; 96];
    power[95 - exponent / 8] = 1 << (exponent % 8);
    hex(&power)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
