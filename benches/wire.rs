//! The engine alone, in bytes a second: `cargo bench --no-default-features --bench wire`.

use bittorrent_protocol_native::wire::bencode::{self, Limits as BencodeLimits};
use bittorrent_protocol_native::wire::{Block, Event, Limits, Reserved, State, Wire};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

const BLOCK: u32 = 16 << 10;
const MESSAGES: u32 = 1000;

fn main() {
    divan::main();
}

/// A wire after the peer's handshake.
fn open() -> Wire {
    let mut peer = Wire::new(Limits::default(), 1);
    peer.handshake(
        Reserved { fast: true, extended: true, ..Reserved::default() },
        [1; 20],
        [2; 20],
    );
    let mut wire = Wire::new(Limits::default(), 2);
    wire.handshake(
        Reserved { fast: true, extended: true, ..Reserved::default() },
        [1; 20],
        [3; 20],
    );
    receive(&mut wire, &drain(&mut peer), 1 << 16);
    drain(&mut wire);
    wire.set_state(State { fast: true, ..State::default() });
    wire
}

/// All output of a wire whose blocks are not bytes.
fn drain(wire: &mut Wire) -> Vec<u8> {
    let count = wire.output().count();
    let length = wire.output().map(|segment| segment.bytes as usize).sum();
    let mut bytes = vec![0; length];
    assert!(wire.take_output(count, &mut bytes));
    bytes
}

/// Feeds a stream in chunks; gives how many events it made.
fn receive(wire: &mut Wire, stream: &[u8], chunk: usize) -> usize {
    let mut events = 0;
    for mut rest in stream.chunks(chunk) {
        while !rest.is_empty() {
            let intake = wire.handle_chunk(rest);
            rest = &rest[intake.consumed..];
            while let Some(event) = wire.poll_event(0) {
                assert!(!matches!(event, Event::Violation(_)));
                divan::black_box(event);
                events += 1;
            }
        }
    }
    events
}

fn message(id: u8, numbers: &[u32], body: usize) -> Vec<u8> {
    let length = (1 + 4 * numbers.len() + body) as u32;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.push(id);
    numbers.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
    bytes.resize(bytes.len() + body, 0);
    bytes
}

#[divan::bench(args = [1460, 16 << 10, 64 << 10])]
fn decode_pieces(bencher: Bencher<'_, '_>, chunk: usize) {
    let stream: Vec<u8> =
        (0..MESSAGES).flat_map(|index| message(7, &[index, 0], BLOCK as usize)).collect();
    bencher
        .counter(BytesCount::of_slice(&stream))
        .with_inputs(open)
        .bench_local_refs(|wire| receive(wire, &stream, chunk));
}

#[divan::bench]
fn decode_haves(bencher: Bencher<'_, '_>) {
    let stream: Vec<u8> = (0..MESSAGES).flat_map(|index| message(4, &[index], 0)).collect();
    bencher
        .counter(ItemsCount::new(MESSAGES))
        .counter(BytesCount::of_slice(&stream))
        .with_inputs(open)
        .bench_local_refs(|wire| assert_eq!(receive(wire, &stream, 64 << 10), MESSAGES as usize));
}

#[divan::bench]
fn encode_requests(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(MESSAGES)).with_inputs(open).bench_local_refs(|wire| {
        for piece in 0..MESSAGES {
            let block = Block { piece, offset: 0, length: BLOCK };
            wire.request(block, false, 0).expect("the peer does not choke us");
        }
        drain(wire)
    });
}

#[divan::bench(args = [64, 2000])]
fn request_and_receive(bencher: Bencher<'_, '_>, depth: u32) {
    let stream: Vec<u8> = (0..depth).flat_map(|index| message(7, &[index, 0], 16)).collect();
    bencher.counter(ItemsCount::new(depth)).with_inputs(open).bench_local_refs(|wire| {
        for piece in 0..depth {
            wire.request(Block { piece, offset: 0, length: 16 }, false, 0).expect("unchoked");
        }
        receive(wire, &stream, 64 << 10);
        assert!(wire.requests().is_empty());
    });
}

#[divan::bench]
fn decode_extended_handshake(bencher: Bencher<'_, '_>) {
    let handshake = b"d1:md11:ut_metadatai1e6:ut_pexi2e11:lt_donthavei7ee13:metadata_sizei31235e\
        1:pi6881e4:reqqi500e1:v17:some client 1.2.36:yourip4:\x7f\0\0\x01e";
    bencher
        .counter(BytesCount::of_slice(handshake))
        .bench_local(|| bencode::decode(divan::black_box(handshake), BencodeLimits::MESSAGE));
}
