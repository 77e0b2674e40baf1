//! Any stream in any chunks: the same events, the same output and the same counts as in one piece.
//!
//! The input: a byte of switches, a byte that says how many bytes of chunk lengths follow, these,
//! and the stream.
#![no_main]

#[path = "../../tests/wire/driver.rs"]
mod driver;

use bittorrent_protocol_native::wire::{Block, Event, Limits, Reserved, Statistics, Wire};
use driver::{Inbound, Seen, take_output};
use libfuzzer_sys::fuzz_target;

/// The stream begins with a handshake of its own.
const GREETED: u8 = 1;
/// Both announce the fast extension.
const FAST: u8 = 2;
/// We do not choke, and answer requests at once.
const ANSWERING: u8 = 4;
/// We have asked for blocks.
const ASKING: u8 = 8;
/// The limits are so small that short inputs reach them.
const TIGHT: u8 = 16;

fuzz_target!(|input: &[u8]| {
    let [switches, count, rest @ ..] = input else { return };
    let (lengths, stream) = rest.split_at(rest.len().min(usize::from(*count)));

    let whole = Run::of(*switches, [stream].into_iter());
    let cut = Run::of(*switches, Chunks { rest: stream, lengths, at: 0 });
    assert_eq!(cut.events, whole.events);
    assert_eq!(cut.output, whole.output);
    assert_eq!(cut.statistics, whole.statistics);
});

struct Chunks<'a> {
    rest: &'a [u8],
    lengths: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let length = match self.lengths.get(self.at % self.lengths.len().max(1)) {
            // Squared, so that a byte names short chunks and long ones.
            Some(&length) => usize::from(length).pow(2).max(1),
            None => 1,
        };
        self.at += 1;
        let (chunk, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        Some(chunk)
    }
}

struct Run {
    events: Vec<Seen>,
    output: Vec<u8>,
    statistics: Statistics,
}

impl Run {
    fn of<'a>(switches: u8, chunks: impl Iterator<Item = &'a [u8]>) -> Self {
        let is = |switch| switches & switch != 0;
        let mut limits = Limits::default();
        if is(TIGHT) {
            limits.max_message_length = 100;
            limits.max_pieces = 64;
            limits.max_peer_requests = 3;
            limits.high_water_mark = 200;
        }
        let mut wire = Wire::new(limits, 7);
        let mut inbound = Inbound::default();
        let mut events = Vec::new();
        let reserved = Reserved { dht: true, fast: is(FAST), extended: true, v2: true };
        wire.handshake(reserved, [0x11; 20], [0x22; 20]);
        let is_answering = is(ANSWERING);
        let mut receive = |wire: &mut Wire, chunk: &[u8]| {
            inbound.receive(wire, chunk, 0, |wire, seen| {
                match seen.event {
                    Event::Request { key, block } if is_answering => {
                        wire.answer(key, block.length.min(16), 0);
                    }
                    Event::RequestWhileChoking(block) if block.piece & 1 == 0 => {
                        wire.admit(block, 0);
                    }
                    Event::RequestWhileChoking(block) => wire.refuse(block),
                    Event::HashRequest(ref range) => wire.hash_reject(**range),
                    _ => {}
                }
                let is_last = matches!(seen.event, Event::Violation(_));
                events.push(seen);
                if is_last {
                    assert_eq!(wire.poll_event(0), None);
                }
            });
        };
        if is(GREETED) {
            let mut handshake = *b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x15....................\
                ....................";
            if !is(FAST) {
                handshake[27] = 0x11;
            }
            receive(&mut wire, &handshake);
            receive(&mut wire, &[0, 0, 0, 1, 1]);
        }
        if is_answering {
            wire.unchoke();
        }
        if is(ASKING) {
            for offset in 0..8 {
                let _ =
                    wire.request(Block { piece: 0, offset: offset / 2, length: offset }, false, 0);
            }
        }
        for chunk in chunks {
            receive(&mut wire, chunk);
        }
        inbound.settle(&mut wire);
        // What waited for output to drain comes now.
        let mut output = Vec::new();
        loop {
            output.extend(take_output(&mut wire));
            let before = events.len();
            while let Some(event) = wire.poll_event(0) {
                let seen = Inbound::default().resolve(event, &[]);
                if is_answering && let Event::Request { key, block } = seen.event {
                    wire.answer(key, block.length.min(16), 0);
                }
                events.push(seen);
            }
            if events.len() == before {
                break;
            }
        }
        Self { events, output, statistics: wire.statistics().clone() }
    }
}
