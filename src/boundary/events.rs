//! Events as numbers: see [`codes`](super::codes).

use super::codes::*;
use super::page::Page;
use super::slots::*;
use super::wires::{Remains, Session};
use crate::wire::{Block, Event, ExtendedHandshake, HashRange, Payload};

impl Session {
    /// Writes the numbers of an event, and leaves what fits no page; gives its kind.
    pub(super) fn describe(
        &mut self,
        page: Page<'_>,
        remains: &mut Remains,
        event: Option<Event>,
    ) -> u32 {
        let numbers = |numbers: &[u32]| {
            for (which, &number) in numbers.iter().enumerate() {
                page.set_number(which as u32, number);
            }
        };
        let block = |block: Block, key: Option<u32>| {
            numbers(&[block.piece, block.offset, block.length, key.unwrap_or(NONE)]);
        };
        // Behind the length of the body.
        let hashes = |range: &HashRange| {
            numbers(&[0, range.base_layer, range.index, range.length, range.proof_layers]);
        };
        // The body stays here until the caller has made a buffer for it.
        let mut announce = |body: Vec<u8>| {
            page.set_number(0, body.len() as u32);
            remains.body = body;
        };
        let Some(event) = event else {
            let is_paused = self.wire.is_paused();
            numbers(&[
                self.wire.output().next().is_some().into(),
                is_paused.into(),
                (self.wire.waiting_requests() > 0).into(),
            ]);
            return EVENT_NONE;
        };
        match event {
            Event::Piece { index, offset, payload, key } => {
                let (start, length) = place(payload);
                let has_more = self.wire.requests().has(Block { piece: index, offset, length });
                let key = key.unwrap_or(NONE);
                numbers(&[index, offset, length, key, has_more.into(), start]);
                EVENT_PIECE
            }
            Event::Have(index) => {
                page.set(SLOT_RUN, index);
                let mut length = 1;
                while length < RUN_LENGTH
                    && let Some(index) = self.wire.poll_have()
                {
                    page.set(SLOT_RUN + length, index);
                    length += 1;
                }
                numbers(&[length]);
                EVENT_HAVE
            }
            Event::Request { key, block: asked } => {
                block(asked, Some(key));
                EVENT_REQUEST
            }
            Event::RequestWhileChoking(asked) => {
                block(asked, None);
                EVENT_REQUEST_WHILE_CHOKING
            }
            Event::Cancel { block: taken_back, key } => {
                block(taken_back, key);
                EVENT_CANCEL
            }
            Event::Reject { block: rejected, key } => {
                block(rejected, key);
                page.set_number(4, self.wire.requests().has(rejected).into());
                EVENT_REJECT
            }
            Event::KeepAlive => EVENT_KEEP_ALIVE,
            Event::Choke => EVENT_CHOKE,
            Event::Unchoke => EVENT_UNCHOKE,
            Event::Interested => EVENT_INTERESTED,
            Event::NotInterested => EVENT_NOT_INTERESTED,
            Event::HaveAll => EVENT_HAVE_ALL,
            Event::HaveNone => EVENT_HAVE_NONE,
            Event::Port(port) => {
                numbers(&[port.into()]);
                EVENT_PORT
            }
            Event::Suggest(index) => {
                numbers(&[index]);
                EVENT_SUGGEST
            }
            Event::AllowedFast(index) => {
                numbers(&[index]);
                EVENT_ALLOWED_FAST
            }
            Event::Extended { id, payload } => {
                let (start, length) = place(payload);
                numbers(&[id.into(), length, start]);
                EVENT_EXTENDED
            }
            Event::HashRequest(range) => {
                hashes(&range);
                announce(range.pieces_root.to_vec());
                EVENT_HASH_REQUEST
            }
            Event::Hashes { range, payload } => {
                hashes(&range);
                let (start, length) = place(payload);
                page.set_number(5, length);
                page.set_number(6, start);
                announce(range.pieces_root.to_vec());
                EVENT_HASHES
            }
            Event::HashReject(range) => {
                hashes(&range);
                announce(range.pieces_root.to_vec());
                EVENT_HASH_REJECT
            }
            Event::Bitfield(bits) => {
                announce(bits);
                EVENT_BITFIELD
            }
            Event::ExtendedHandshake(handshake) => {
                let ExtendedHandshake { payload, dictionary, changes } = *handshake;
                announce(payload);
                remains.extended_handshake = Some((dictionary, changes));
                EVENT_EXTENDED_HANDSHAKE
            }
            Event::Unknown(bytes) => {
                announce(bytes);
                EVENT_UNKNOWN
            }
            Event::Handshake(handshake) => {
                announce([handshake.info_hash, handshake.peer_id].concat());
                let bit = |is_on: bool, bit: u32| if is_on { bit } else { 0 };
                let reserved = handshake.reserved;
                page.set_number(
                    1,
                    bit(reserved.dht, RESERVED_DHT)
                        | bit(reserved.fast, RESERVED_FAST)
                        | bit(reserved.extended, RESERVED_EXTENDED)
                        | bit(reserved.v2, RESERVED_V2),
                );
                EVENT_HANDSHAKE
            }
            Event::CryptoInfoHash(hash) => {
                announce(hash.to_vec());
                EVENT_CRYPTO_INFO_HASH
            }
            Event::CryptoHandshake { method, received } => {
                announce(received);
                page.set_number(1, method.map_or(0, |method| method as u32));
                EVENT_CRYPTO_HANDSHAKE
            }
            Event::Violation(violation) => {
                remains.violation = Some((violation.code(), violation.to_string()));
                EVENT_VIOLATION
            }
        }
    }
}

/// Where a payload begins, and how long it is.
fn place(payload: Payload) -> (u32, u32) {
    match payload {
        Payload::Chunk { start, length } => (start, length),
        Payload::Collected { length } => (NONE, length),
    }
}
