//! Honest ends agree, whatever their levels and however the bytes are cut.

use bittorrent_protocol_native::wire::mse::{
    Event, KeyAgreement, KeyJob, Level, Method, skey_hash,
};
use proptest::prelude::*;

use crate::end::{End, SKEY, Transcript, converse};

const LEVELS: [Level; 2] = [Level::PlaintextAllowed, Level::Rc4Only];

fn expected(a: Level, b: Level) -> Method {
    if (a, b) == (Level::PlaintextAllowed, Level::PlaintextAllowed) {
        Method::Plaintext
    } else {
        Method::Rc4
    }
}

/// Checks that both are done and that the stream flows both ways, after `ia`.
fn check_stream(a: &mut End, b: &mut End, ia: &[u8], method: Method) {
    assert_eq!(a.events, [Event::Done { method }]);
    assert_eq!(b.events, [Event::InfoHashNeeded(skey_hash(&SKEY)), Event::Done { method }]);
    assert_eq!(a.ciphers.is_some(), method == Method::Rc4);
    assert_eq!(b.ciphers.is_some(), method == Method::Rc4);
    a.send(b"a handshake and more of A");
    b.send(b"the same of B");
    converse(a, b, || usize::MAX).unwrap();
    assert_eq!(b.stream, [ia, b"a handshake and more of A"].concat());
    assert_eq!(a.stream, b"the same of B");
}

#[test]
fn all_level_mixes_in_all_chunks_with_any_initial_payload() {
    for (level_a, level_b) in LEVELS.into_iter().flat_map(|a| LEVELS.map(|b| (a, b))) {
        for chunk in [1, 2, 19, 20, 21, 95, 96, 97, 1460, usize::MAX] {
            for len_ia in [0, 1, 68, 2000] {
                let ia = vec![0x5a; len_ia];
                let mut a = End::initiator(level_a, 1);
                let mut b = End::responder(level_b, 2);
                a.start();
                assert!(a.negotiation.set_initial_payload(&ia));
                converse(&mut a, &mut b, || chunk).unwrap();
                check_stream(&mut a, &mut b, &ia, expected(level_a, level_b));
            }
        }
    }
}

#[test]
fn initial_payload_of_the_greatest_length() {
    let ia: Vec<u8> = (0..65_535u32).map(|i| i as u8).collect();
    let mut a = End::initiator(Level::PlaintextAllowed, 3);
    let mut b = End::responder(Level::PlaintextAllowed, 4);
    a.start();
    assert!(!a.negotiation.set_initial_payload(&vec![0; 65_536]));
    assert!(a.negotiation.set_initial_payload(&ia));
    converse(&mut a, &mut b, || 1460).unwrap();
    check_stream(&mut a, &mut b, &ia, Method::Plaintext);
}

#[test]
fn initial_payload_is_refused_once_step_3_is_out() {
    let mut a = End::initiator(Level::Rc4Only, 3);
    let mut b = End::responder(Level::Rc4Only, 4);
    assert!(a.negotiation.set_initial_payload(b"replaced"));
    assert!(a.negotiation.set_initial_payload(b"sent"));
    a.start();
    b.receive(&a.take_output()).unwrap();
    a.receive(&b.take_output()).unwrap();
    assert!(!a.negotiation.set_initial_payload(b"late"));
    b.receive(&a.take_output()).unwrap();
    a.receive(&b.take_output()).unwrap();
    check_stream(&mut a, &mut b, b"sent", Method::Rc4);
    assert!(!b.negotiation.set_initial_payload(b"not for a responder"));
}

#[test]
fn stream_right_behind_the_handshake_in_one_chunk() {
    for level in LEVELS {
        let mut a = End::initiator(level, 5);
        let mut b = End::responder(level, 6);
        a.start();
        b.receive(&a.take_output()).unwrap();
        a.receive(&b.take_output()).unwrap();
        b.receive(&a.take_output()).unwrap();
        b.send(b"before A has read step 4");
        a.receive(&b.take_output()).unwrap();
        assert_eq!(a.stream, b"before A has read step 4");
    }
}

#[test]
fn responder_takes_nothing_while_it_waits() {
    let mut a = End::initiator(Level::Rc4Only, 7);
    let mut b = End::responder(Level::Rc4Only, 8);
    a.start();
    a.negotiation.set_initial_payload(&[1; 300]).then_some(()).unwrap();
    b.lazy = true;
    let step_1 = a.take_output();
    b.receive(&step_1).unwrap();
    assert_eq!(b.waiting(), step_1.len() - 96, "PadA waits for the key agreement");
    b.catch_up().unwrap();
    assert_eq!(b.waiting(), 0);
    a.receive(&b.take_output()).unwrap();
    let step_3 = a.take_output();
    b.receive(&step_3).unwrap();
    assert_eq!(b.waiting(), step_3.len() - 40, "ENCRYPT(VC) waits for the info hash");
    b.receive(&[]).unwrap();
    assert_eq!(b.events.len(), 1, "asked once");
    b.catch_up().unwrap();
    assert!(b.over);
}

#[test]
fn info_hash_may_be_set_before_it_is_asked_for() {
    let mut a = End::initiator(Level::Rc4Only, 7);
    let mut b = End::responder(Level::Rc4Only, 8);
    b.negotiation.set_info_hash(SKEY);
    b.info_hash = None;
    a.start();
    converse(&mut a, &mut b, || 50).unwrap();
    check_stream(&mut a, &mut b, b"", Method::Rc4);
}

#[test]
fn initiator_may_start_after_the_peer_has_sent_its_key() {
    let mut transcript = Transcript::of(
        &mut End::initiator(Level::Rc4Only, 9),
        &mut End::responder(Level::Rc4Only, 10),
    );
    let mut a = End::initiator(Level::Rc4Only, 9);
    a.receive(&transcript.step_2).unwrap();
    assert_eq!(a.take_output(), b"");
    a.start();
    assert_eq!(a.take_output(), [transcript.step_1, transcript.step_3].concat());
    transcript.step_4.push(0);
    a.receive(&transcript.step_4).unwrap();
    assert!(a.over);
    assert_eq!(a.stream.len(), 1);
}

#[test]
fn second_start_and_strange_key_agreements_change_nothing() {
    let mut a = End::initiator(Level::Rc4Only, 11);
    let mut b = End::responder(Level::Rc4Only, 12);
    let other = {
        let mut other = End::responder(Level::Rc4Only, 13);
        let mut key = [0; 96];
        key[95] = 2;
        other.negotiation.handle_input(&key).unwrap();
        other.negotiation.poll_job().unwrap().run(&mut |bytes| bytes.fill(1))
    };
    a.start();
    a.negotiation.start([9; 20]);
    a.negotiation.handle_key_agreement(other.clone());
    b.negotiation.handle_key_agreement(other);
    b.negotiation.start(SKEY);
    a.negotiation.set_info_hash([9; 20]);
    converse(&mut a, &mut b, || 100).unwrap();
    check_stream(&mut a, &mut b, b"", Method::Rc4);
}

#[test]
fn jobs_and_their_results_can_be_sent_to_threads() {
    fn is_send<T: Send + 'static>() {}
    is_send::<KeyJob>();
    is_send::<KeyAgreement>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agree_however_cut_and_however_late(
        seeds in any::<(u32, u32)>(),
        levels in (0..2usize, 0..2usize),
        lengths in prop::collection::vec(1..300usize, 1..20),
        ia in prop::collection::vec(any::<u8>(), 0..600),
        lazy in any::<(bool, bool)>(),
    ) {
        let (level_a, level_b) = (LEVELS[levels.0], LEVELS[levels.1]);
        let mut a = End::initiator(level_a, seeds.0);
        let mut b = End::responder(level_b, seeds.1);
        (a.lazy, b.lazy) = lazy;
        a.start();
        prop_assert!(a.negotiation.set_initial_payload(&ia));
        let mut lengths = lengths.into_iter().cycle();
        converse(&mut a, &mut b, || lengths.next().unwrap()).unwrap();
        check_stream(&mut a, &mut b, &ia, expected(level_a, level_b));
    }
}
