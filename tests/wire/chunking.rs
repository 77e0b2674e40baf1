//! A session in any chunks: the same events, the same output, the same counts.

use bittorrent_protocol_native::wire::{
    Block, Event, Handshake, Kind, Limits, Reserved, State, Statistics, Wire,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::driver::{Inbound, Seen, take_output};

const RESERVED: Reserved = Reserved { dht: true, fast: true, extended: true, v2: true };

/// What came of a session.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<Seen>,
    output: Vec<u8>,
    statistics: Statistics,
}

/// Plays a session to a wire that has asked for blocks and answers requests at once.
fn play<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut wire = Wire::new(Limits::default(), 1);
    wire.handshake(RESERVED, [1; 20], [2; 20]);
    wire.unchoke();
    wire.set_state(State::default());
    for offset in 0..4 {
        wire.request(Block { piece: 0, offset, length: 64 }, false, 0).expect("unchoked");
    }
    let mut inbound = Inbound::default();
    let mut events = Vec::new();
    for chunk in chunks {
        inbound.receive(&mut wire, chunk, 0, |wire, seen| {
            match seen.event {
                Event::Request { key, block } => {
                    wire.answer(key, block.length.min(64), 0);
                }
                Event::HashRequest(ref range) if range.length == 2 => {
                    wire.hashes(**range, &[9; 64])
                }
                Event::HashRequest(ref range) => wire.hash_reject(**range),
                _ => {}
            }
            events.push(seen);
        });
    }
    inbound.settle(&mut wire);
    let output = take_output(&mut wire);
    Outcome { events, output, statistics: wire.statistics().clone() }
}

fn handshake() -> Vec<u8> {
    Handshake { reserved: RESERVED, info_hash: [1; 20], peer_id: [3; 20] }.encode().to_vec()
}

fn message(id: u8, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 1).to_be_bytes(), &[id][..], body].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A message of BEP 52, with so many bytes after its numbers.
fn about_hashes(id: u8, length: u32, proof_layers: u32, hashes: usize) -> Vec<u8> {
    let range = numbers(&[0, 4, length, proof_layers]);
    message(id, &[&[0xAA; 32][..], &range, &vec![7; hashes]].concat())
}

/// Any message that may come, of a length that tests can bear.
fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let small = 0..200u32;
    prop_oneof![
        Just(vec![0; 4]),
        prop_oneof![Just(0u8), Just(1), Just(2), Just(3), Just(14), Just(15)]
            .prop_map(|id| message(id, &[])),
        (prop_oneof![Just(4u8), Just(13), Just(17)], small)
            .prop_map(|(id, index)| message(id, &numbers(&[index]))),
        (prop_oneof![Just(6u8), Just(8), Just(16)], 0..3u32, 0..3u32)
            .prop_map(|(id, piece, offset)| message(id, &numbers(&[piece, offset, 64]))),
        (0..2u32, 0..5u32, vec(any::<u8>(), 0..100)).prop_map(|(piece, offset, block)| message(
            7,
            &[numbers(&[piece, offset]), block].concat()
        )),
        (0..2u32, vec(any::<u8>(), 64..65))
            .prop_map(|(offset, block)| message(7, &[numbers(&[0, offset]), block].concat())),
        any::<[u8; 2]>().prop_map(|port| message(9, &port)),
        vec(any::<u8>(), 0..40).prop_map(|bits| message(5, &bits)),
        (any::<u8>(), vec(any::<u8>(), 0..60))
            .prop_map(|(id, payload)| message(20, &[&[id][..], &payload].concat())),
        "d1:md[1-9]:[a-z]{1,9}i[0-9]{1,3}eee"
            .prop_map(|text| message(20, &[b"\0", text.as_bytes()].concat())),
        (prop_oneof![Just(21u8), Just(23)], 0..4u32).prop_map(|(id, power)| about_hashes(
            id,
            1 << power,
            3,
            0
        )),
        (0..3u32, 0..3u32).prop_map(|(power, proof)| {
            let count = (1 << power) + proof;
            about_hashes(22, 1 << power, proof, 32 * count as usize)
        }),
        (21..24u8, 0..9u32, 0..5usize).prop_map(|(id, length, hashes)| about_hashes(
            id,
            length,
            1,
            32 * hashes
        )),
        (100..255u8, vec(any::<u8>(), 0..60)).prop_map(|(id, body)| message(id, &body)),
    ]
}

/// A session: now and then what comes is no message.
fn any_session() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        40 => any_message(),
        1 => vec(any::<u8>(), 1..30),
    ];
    vec(part, 0..60).prop_map(|parts| [handshake(), parts.concat()].concat())
}

fn cut<'a>(bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut chunks = Vec::new();
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*length).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// Every kind of message, at least once.
fn whole_session() -> Vec<u8> {
    let mut session = handshake();
    for id in [1, 2, 14, 15, 3, 0, 1] {
        session.extend(message(id, &[]));
    }
    for id in [4, 13, 17] {
        session.extend(message(id, &numbers(&[9])));
    }
    session.extend(message(5, &[0xA0, 1]));
    for id in [6, 8, 16] {
        session.extend(message(id, &numbers(&[0, 1, 64])));
    }
    session.extend(message(7, &[numbers(&[0, 2]), vec![7; 64]].concat()));
    session.extend(message(7, &numbers(&[0, 2])));
    session.extend(message(9, &[0x1A, 0xE1]));
    session.extend(message(20, b"\0d1:md6:ut_pexi1eee"));
    session.extend(message(20, b"\x01payload"));
    session.extend(about_hashes(21, 2, 5, 0));
    session.extend(about_hashes(21, 4, 0, 0));
    session.extend(about_hashes(22, 4, 1, 5 * 32));
    session.extend(about_hashes(23, 1, 64, 0));
    session.extend(message(99, b"unknown"));
    session.extend([0; 4]);
    session.extend([0, 0, 0, 2, 4, 255]);
    session
}

#[test]
fn a_session_cut_at_every_byte() {
    let session = whole_session();
    let whole = play([&session[..]]);
    assert!(matches!(whole.events.last(), Some(Seen { event: Event::Violation(_), .. })));
    assert_eq!(whole.events.len(), 27);
    for at in 0..=session.len() {
        let (head, tail) = session.split_at(at);
        assert_eq!(play([head, tail]), whole, "cut at {at}");
    }
}

#[test]
fn messages_are_counted_by_their_kinds() {
    let outcome = play([&whole_session()[..]]);
    for traffic in [&outcome.statistics.received, &outcome.statistics.sent] {
        let all = Kind::ALL.map(|kind| traffic.by_message.get(kind));
        assert_eq!(all.iter().sum::<u64>(), traffic.messages);
    }
    let Statistics { received, sent, .. } = outcome.statistics;
    for kind in Kind::ALL {
        let expected = match kind {
            Kind::Unchoke | Kind::Piece | Kind::Extended | Kind::HashRequest => 2,
            _ => 1,
        };
        assert_eq!(received.by_message.get(kind), expected, "{kind:?}");
    }
    let answers = [Kind::Handshake, Kind::Request, Kind::Piece, Kind::Hashes, Kind::HashReject];
    assert_eq!(answers.map(|kind| sent.by_message.get(kind)), [1, 4, 1, 1, 1]);
}

#[test]
fn a_session_a_byte_at_a_time() {
    let session = whole_session();
    assert_eq!(play(session.chunks(1)), play([&session[..]]));
}

#[test]
fn more_messages_in_a_chunk_than_are_framed_at_once() {
    let mut session = handshake();
    for index in 0..3000 {
        session.extend(message(4, &numbers(&[index])));
        session.extend(message(7, &[numbers(&[0, index]), vec![7; 5]].concat()));
    }
    let whole = play([&session[..]]);
    assert_eq!(whole.events.len(), 6001);
    assert_eq!(play(session.chunks(1000)), whole);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_session_in_any_chunks(
        session in any_session(),
        lengths in vec(1..90usize, 1..20),
        at in any::<prop::sample::Index>(),
    ) {
        let whole = play([&session[..]]);
        prop_assert_eq!(&play(cut(&session, &lengths)), &whole);
        let (head, tail) = session.split_at(at.index(session.len() + 1));
        prop_assert_eq!(&play([head, tail]), &whole);
        prop_assert_eq!(whole.statistics.received.bytes, session.len() as u64);
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in vec(any::<u8>(), 0..400), lengths in vec(1..40usize, 1..8)) {
        let greeted = [handshake(), bytes.clone()].concat();
        prop_assert_eq!(play(cut(&greeted, &lengths)), play([&greeted[..]]));
        prop_assert_eq!(play(cut(&bytes, &lengths)).events, play([&bytes[..]]).events);
    }
}
