//! Each way to break the protocol, with the bytes that do.

use bittorrent_protocol_native::wire::mse::{Error, Event, Level, Method};
use proptest::prelude::*;

use crate::end::{End, Transcript};

const SEED_A: u32 = 21;
const SEED_B: u32 = 22;

/// Where HASH('req1', S) and the masked hash of step 3 end, and ENCRYPT(VC) begins.
const STEP_3_VC: usize = 40;
/// crypto_provide.
const STEP_3_PROVIDE: usize = STEP_3_VC + 8;
/// len(PadC).
const STEP_3_LEN_PAD_C: usize = STEP_3_PROVIDE + 4;
/// crypto_select.
const STEP_4_SELECT: usize = 8;
/// len(PadD).
const STEP_4_LEN_PAD_D: usize = STEP_4_SELECT + 4;

fn a(level: Level) -> End {
    End::initiator(level, SEED_A)
}

fn b(level: Level) -> End {
    End::responder(level, SEED_B)
}

/// What honest ends of these levels say to each other, without IA.
fn honest(level_a: Level, level_b: Level) -> Transcript {
    Transcript::of(&mut a(level_a), &mut b(level_b))
}

/// Has the ciphertext decrypt to `new` in place of `old`.
fn forge(ciphertext: &mut [u8], old: &[u8], new: &[u8]) {
    for ((byte, old), new) in ciphertext.iter_mut().zip(old).zip(new) {
        *byte ^= old ^ new;
    }
}

/// A responder that is given these bytes by an initiator, in one chunk or one by one.
fn responder_hears(level: Level, bytes: &[u8]) -> Result<End, Error> {
    let mut in_one = b(level);
    let result = in_one.receive(bytes);
    let mut one_by_one = b(level);
    assert_eq!(bytes.iter().try_for_each(|byte| one_by_one.receive(&[*byte])), result);
    result.map(|()| in_one)
}

/// The same for an initiator, which has already started.
fn initiator_hears(level: Level, bytes: &[u8]) -> Result<End, Error> {
    let mut in_one = a(level);
    in_one.start();
    let result = in_one.receive(bytes);
    let mut one_by_one = a(level);
    one_by_one.start();
    assert_eq!(bytes.iter().try_for_each(|byte| one_by_one.receive(&[*byte])), result);
    result.map(|()| in_one)
}

/// Step 3 with another crypto_provide.
fn step_3_providing(provide: u32) -> Vec<u8> {
    let Transcript { step_1, mut step_3, .. } = honest(Level::Rc4Only, Level::Rc4Only);
    forge(&mut step_3[STEP_3_PROVIDE..], &[0, 0, 0, 2], &provide.to_be_bytes());
    [step_1, step_3].concat()
}

/// Steps 2 and 4 with another crypto_select, for an initiator of this level.
fn step_4_selecting(level: Level, select: u32) -> Vec<u8> {
    let Transcript { step_2, mut step_4, .. } = honest(level, Level::Rc4Only);
    forge(&mut step_4[STEP_4_SELECT..], &[0, 0, 0, 2], &select.to_be_bytes());
    [step_2, step_4].concat()
}

#[test]
fn public_keys_that_give_the_secret_away() {
    const P: [u8; 96] = {
        let mut p = [0; 96];
        let hex = b"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74\
                    020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437\
                    4fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563";
        let mut i = 0;
        while i < 192 {
            let digit = if hex[i] < b'a' { hex[i] - b'0' } else { hex[i] - b'a' + 10 };
            p[i / 2] = p[i / 2] << 4 | digit;
            i += 1;
        }
        p
    };
    let small = |last: u8| {
        let mut key = [0; 96];
        key[95] = last;
        key
    };
    let near_p = |last: u8| {
        let mut key = P;
        key[95] = last;
        key
    };
    let refused = [small(0), small(1), near_p(0x62), P, near_p(0x64), [0xff; 96]];
    for key in refused {
        assert_eq!(responder_hears(Level::Rc4Only, &key).err(), Some(Error::PublicKey));
        assert_eq!(initiator_hears(Level::Rc4Only, &key).err(), Some(Error::PublicKey));
        let mut idle = a(Level::Rc4Only);
        assert_eq!(idle.receive(&key), Err(Error::PublicKey), "also before the start");
    }
    for key in [small(2), near_p(0x61)] {
        assert!(responder_hears(Level::Rc4Only, &key).is_ok());
        assert!(initiator_hears(Level::Rc4Only, &key).is_ok());
    }
}

#[test]
fn responder_finds_req1_after_512_bytes_of_padding_and_not_after_513() {
    let Transcript { step_1, step_3, .. } = honest(Level::Rc4Only, Level::Rc4Only);
    for padding in [0, 1, 511, 512, 513, 600, 100_000] {
        let bytes = [&step_1[..96], &vec![0xaa; padding], &step_3].concat();
        let result = responder_hears(Level::Rc4Only, &bytes);
        if padding <= 512 {
            assert!(result.unwrap().over);
        } else {
            assert_eq!(result.err(), Some(Error::Synchronization));
        }
    }
    let silent = [&step_1[..96], &[0xaa; 531]].concat();
    assert!(responder_hears(Level::Rc4Only, &silent).is_ok(), "it may still come");
}

#[test]
fn initiator_finds_vc_after_512_bytes_of_padding_and_not_after_513() {
    let Transcript { step_2, step_4, .. } = honest(Level::Rc4Only, Level::Rc4Only);
    for padding in [0, 1, 511, 512, 513, 600, 100_000] {
        let bytes = [&step_2[..96], &vec![0xaa; padding], &step_4].concat();
        let result = initiator_hears(Level::Rc4Only, &bytes);
        if padding <= 512 {
            assert!(result.unwrap().over);
        } else {
            assert_eq!(result.err(), Some(Error::Synchronization));
        }
    }
    let silent = [&step_2[..96], &[0xaa; 519]].concat();
    assert!(initiator_hears(Level::Rc4Only, &silent).is_ok(), "it may still come");
}

#[test]
fn pattern_behind_its_own_beginning_is_found() {
    let Transcript { step_1, step_2, step_3, step_4 } = honest(Level::Rc4Only, Level::Rc4Only);
    let bytes = [&step_1[..96], &step_3[..19], &step_3[..1], &step_3].concat();
    assert!(responder_hears(Level::Rc4Only, &bytes).unwrap().over);
    let bytes = [&step_2[..96], &step_4[..7], &step_4[..1], &step_4].concat();
    assert!(initiator_hears(Level::Rc4Only, &bytes).unwrap().over);
}

#[test]
fn verification_constant_that_is_not_zero() {
    for i in 0..8 {
        let Transcript { step_1, mut step_3, .. } = honest(Level::Rc4Only, Level::Rc4Only);
        step_3[STEP_3_VC + i] ^= 1;
        let result = responder_hears(Level::Rc4Only, &[step_1, step_3].concat());
        assert_eq!(result.err(), Some(Error::VerificationConstant));
    }
}

#[test]
fn info_hash_that_is_not_the_peers() {
    let Transcript { step_1, step_3, .. } = honest(Level::Rc4Only, Level::Rc4Only);
    let mut b = b(Level::Rc4Only);
    b.info_hash = Some([0xee; 20]);
    assert_eq!(b.receive(&[step_1, step_3].concat()), Err(Error::VerificationConstant));
}

#[test]
fn padding_c_or_d_that_is_too_long() {
    let Transcript { step_1, step_2, step_3, step_4 } = honest(Level::Rc4Only, Level::Rc4Only);
    let len_pad_c = (step_3.len() - STEP_3_LEN_PAD_C - 4) as u16;
    let len_pad_d = (step_4.len() - STEP_4_LEN_PAD_D - 2) as u16;
    for length in [512, 513, 0xffff_u16] {
        let mut forged_3 = step_3[..STEP_3_LEN_PAD_C + 2].to_vec();
        let mut forged_4 = step_4[..STEP_4_LEN_PAD_D + 2].to_vec();
        let new = length.to_be_bytes();
        forge(&mut forged_3[STEP_3_LEN_PAD_C..], &len_pad_c.to_be_bytes(), &new);
        forge(&mut forged_4[STEP_4_LEN_PAD_D..], &len_pad_d.to_be_bytes(), &new);
        let expected = (length > 512).then_some(Error::Padding(length));
        let result = responder_hears(Level::Rc4Only, &[&step_1[..], &forged_3].concat());
        assert_eq!(result.err(), expected);
        let result = initiator_hears(Level::Rc4Only, &[&step_2[..], &forged_4].concat());
        assert_eq!(result.err(), expected);
    }
}

#[test]
fn crypto_provide_without_what_is_allowed() {
    for (level, provide, expected) in [
        (Level::Rc4Only, 0, Err(Error::CryptoProvide(0))),
        (Level::Rc4Only, 1, Err(Error::CryptoProvide(1))),
        (Level::Rc4Only, 0xffff_fffd, Err(Error::CryptoProvide(0xffff_fffd))),
        (Level::Rc4Only, 0xffff_ffff, Ok(Method::Rc4)),
        (Level::PlaintextAllowed, 0, Err(Error::CryptoProvide(0))),
        (Level::PlaintextAllowed, 4, Err(Error::CryptoProvide(4))),
        (Level::PlaintextAllowed, 1, Ok(Method::Plaintext)),
        (Level::PlaintextAllowed, 2, Ok(Method::Rc4)),
        (Level::PlaintextAllowed, 0xffff_fffe, Ok(Method::Rc4)),
        (Level::PlaintextAllowed, 3, Ok(Method::Plaintext)),
    ] {
        let result = responder_hears(level, &step_3_providing(provide));
        assert_eq!(result.map(|b| b.method.unwrap()), expected, "{level:?}, {provide:#x}");
    }
}

#[test]
fn crypto_select_of_what_was_not_offered() {
    for (level, select, expected) in [
        (Level::Rc4Only, 0, Err(Error::CryptoSelect(0))),
        (Level::Rc4Only, 1, Err(Error::CryptoSelect(1))),
        (Level::Rc4Only, 2, Ok(Method::Rc4)),
        (Level::Rc4Only, 3, Err(Error::CryptoSelect(3))),
        (Level::PlaintextAllowed, 0, Err(Error::CryptoSelect(0))),
        (Level::PlaintextAllowed, 1, Ok(Method::Plaintext)),
        (Level::PlaintextAllowed, 2, Ok(Method::Rc4)),
        (Level::PlaintextAllowed, 3, Err(Error::CryptoSelect(3))),
        (Level::PlaintextAllowed, 4, Err(Error::CryptoSelect(4))),
        (Level::PlaintextAllowed, 0x0100_0002, Err(Error::CryptoSelect(0x0100_0002))),
    ] {
        let result = initiator_hears(level, &step_4_selecting(level, select));
        assert_eq!(result.map(|a| a.method.unwrap()), expected, "{level:?}, {select:#x}");
    }
}

#[test]
fn violation_is_final_and_leaves_nothing_to_send() {
    let mut b = b(Level::Rc4Only);
    let mut idle = a(Level::Rc4Only);
    b.receive(&[0; 96]).unwrap_err();
    idle.receive(&[0; 96]).unwrap_err();
    idle.negotiation.start([1; 20]);
    b.negotiation.set_info_hash([1; 20]);
    for mut end in [b, idle] {
        assert_eq!(end.receive(&[1; 500]), Err(Error::PublicKey));
        assert!(end.negotiation.poll_job().is_none());
        assert!(end.negotiation.poll_event().is_none());
        assert!(end.negotiation.take_outcome().is_none());
        assert!(end.negotiation.take_output().is_empty());
        assert!(!end.negotiation.set_initial_payload(b"x"));
    }
}

#[test]
fn codes_differ_and_messages_name_the_values() {
    let errors = [
        Error::PublicKey,
        Error::Synchronization,
        Error::VerificationConstant,
        Error::Padding(513),
        Error::CryptoProvide(4),
        Error::CryptoSelect(3),
        Error::PlaintextRefused,
    ];
    for (i, error) in errors.iter().enumerate() {
        assert!(error.code().starts_with("ERR_MSE_"));
        assert!(errors[..i].iter().all(|other| other.code() != error.code()));
    }
    assert!(Error::Padding(513).to_string().contains("513"));
    assert!(Error::CryptoSelect(3).to_string().contains("0x00000003"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes, it ends in a wait, an error or an agreement.
    #[test]
    fn anything_may_come(
        bytes in prop::collection::vec(any::<u8>(), 0..1500),
        chunk in 1..200usize,
        level in prop_oneof![Just(Level::PlaintextAllowed), Just(Level::Rc4Only)],
    ) {
        let mut started = a(level);
        started.start();
        for mut end in [started, b(level)] {
            let _ = bytes.chunks(chunk).try_for_each(|chunk| end.receive(chunk));
        }
    }

    /// An honest transcript with some bytes flipped either ends in a violation, or is waited for,
    /// or was flipped where nothing depends on it.
    #[test]
    fn flipped_bytes(
        flips in prop::collection::vec((96..1000usize, 1..=255u8), 1..4),
        chunk in 1..400usize,
    ) {
        let Transcript { step_1, step_2, step_3, step_4 } = honest(Level::Rc4Only, Level::Rc4Only);
        for (mut end, bytes) in [
            (b(Level::Rc4Only), [step_1, step_3].concat()),
            ({ let mut a = a(Level::Rc4Only); a.start(); a }, [step_2, step_4].concat()),
        ] {
            let mut bytes = bytes;
            for (at, flip) in &flips {
                let at = at % bytes.len();
                bytes[at] ^= flip;
            }
            if bytes.chunks(chunk).try_for_each(|chunk| end.receive(chunk)).is_ok() && end.over {
                prop_assert_eq!(end.events.last(), Some(&Event::Done { method: Method::Rc4 }));
            }
        }
    }
}
