//! What each command does to a wire: see [`codes`](super::codes).

use super::codes::*;
use super::page::Page;
use super::slots::*;
use super::wires::Session;
use crate::wire::{Block, FastDisabled, HashRange, PeerChoking, Reserved, State};

/// How many segments a run holds at most.
const MAX_SEGMENTS: u32 = RUN_LENGTH / 2;

impl Session {
    pub(super) fn command(&mut self, page: Page<'_>) -> u32 {
        let wire = &mut self.wire;
        let a = page.argument(0);
        let b = page.argument(1);
        let block = || Block { piece: a, offset: b, length: page.argument(2) };
        let now = page.now();
        if wire.is_closed() && matches!(page.get(SLOT_COMMAND), COMMAND_REQUEST | COMMAND_PIECE) {
            return RESULT_GONE;
        }
        match page.get(SLOT_COMMAND) {
            COMMAND_KEEP_ALIVE => wire.keep_alive(),
            COMMAND_UNCHOKE => wire.unchoke(),
            COMMAND_INTERESTED => wire.interested(),
            COMMAND_NOT_INTERESTED => wire.not_interested(),
            COMMAND_HAVE => wire.have(a),
            COMMAND_REQUEST => match wire.request(block(), page.argument(3) != 0, now) {
                Ok(key) => page.set_number(0, key),
                Err(PeerChoking) => return RESULT_CHOKED,
            },
            COMMAND_PIECE => give_key(page, wire.piece(block(), now)),
            COMMAND_CANCEL => give_key(page, wire.cancel(block())),
            COMMAND_PORT => wire.port(a as u16),
            COMMAND_SUGGEST => return fast(wire.suggest(a)),
            COMMAND_HAVE_ALL => return fast(wire.have_all()),
            COMMAND_HAVE_NONE => return fast(wire.have_none()),
            COMMAND_REJECT => {
                return fast(wire.reject(block()).map(|key| give_key(page, key)));
            }
            COMMAND_ALLOWED_FAST => return fast(wire.allow_fast(a)),
            COMMAND_ANSWER => return open(wire.answer(a, b, now).is_some()),
            COMMAND_DECLINE => return open(wire.decline(a)),
            COMMAND_FORGET_PEER_REQUEST => return open(wire.forget_peer_request(a)),
            COMMAND_ADMIT => give_key(page, wire.admit(block(), now)),
            COMMAND_REFUSE => wire.refuse(block()),
            COMMAND_FORGET_REQUEST => return open(wire.forget_request(a)),
            COMMAND_TAKE_TIMED_OUT => give_key(page, wire.poll_timeout(now)),
            COMMAND_SET_TIMEOUT => wire.set_request_timeout(u64::from(a)),
            COMMAND_NEXT_TIMEOUT => {
                page.set_float(0, wire.next_timeout().map_or(f64::INFINITY, |at| at as f64));
            }
            COMMAND_SPEEDS => {
                wire.count_external(u64::from(a), u64::from(b), now);
                page.set_float(0, wire.download().rate(now));
                page.set_float(1, wire.upload().rate(now));
            }
            COMMAND_SET_STATE => {
                let is_set = |bit: u32| a & bit != 0;
                wire.set_state(State {
                    am_choking: is_set(STATE_AM_CHOKING),
                    am_interested: is_set(STATE_AM_INTERESTED),
                    peer_choking: is_set(STATE_PEER_CHOKING),
                    fast: is_set(STATE_FAST),
                });
                wire.set_peer_interested(is_set(STATE_PEER_INTERESTED));
            }
            COMMAND_OUTPUT => {
                let mut count = 0;
                for segment in wire.output().take(MAX_SEGMENTS as usize) {
                    page.set(SLOT_RUN + 2 * count, segment.bytes);
                    page.set(SLOT_RUN + 2 * count + 1, segment.block);
                    count += 1;
                }
                page.set_number(0, count);
            }
            COMMAND_SET_UNDELIVERED => {
                wire.set_high_water_mark(b);
                wire.set_undelivered(a as usize, now);
                page.set_number(0, (!wire.is_paused()).into());
            }
            COMMAND_RELEASE_PLAINTEXT => wire.release_plaintext(),
            COMMAND_CLOSE => wire.close(),
            COMMAND_RELIEVE => wire.relieve(),
            COMMAND_HOLD_UNTIL_HANDSHAKE => wire.hold_until_handshake(),
            COMMAND_FALL_BACK => {
                self.job = None;
                return open(wire.fall_back());
            }
            _ => {}
        }
        RESULT_DONE
    }

    pub(super) fn transfer(&mut self, page: Page<'_>, bytes: &mut [u8], source: &[u8]) -> u32 {
        let wire = &mut self.wire;
        let a = page.argument(0);
        match page.get(SLOT_COMMAND) {
            TRANSFER_RECEIVE => {
                if a > 0 {
                    wire.handle_collected(a);
                }
                let intake = wire.handle_chunk(bytes);
                page.set_number(0, intake.consumed as u32);
                page.set_number(1, intake.head as u32);
                page.set_number(2, intake.tail.map_or(0, |tail| tail.start as u32));
                page.set_number(3, intake.tail.map_or(0, |tail| tail.length));
            }
            TRANSFER_OUTPUT => {
                let is_taken = wire.take_output(a as usize, bytes);
                return if is_taken { RESULT_DONE } else { RESULT_GONE };
            }
            TRANSFER_ENCRYPTED_OUTPUT => {
                let start = a as usize;
                let end = start + wire.output().next().map_or(0, |segment| segment.length());
                let out = bytes.get_mut(start..end);
                let is_taken = out.is_some_and(|out| wire.encrypt_output(out, source));
                page.set_number(0, end as u32);
                return if is_taken { RESULT_DONE } else { RESULT_GONE };
            }
            TRANSFER_HANDSHAKE => {
                let reserved = Reserved {
                    dht: a & RESERVED_DHT != 0,
                    fast: a & RESERVED_FAST != 0,
                    extended: a & RESERVED_EXTENDED != 0,
                    v2: a & RESERVED_V2 != 0,
                };
                if let Some((info_hash, rest)) = bytes.split_first_chunk::<20>()
                    && let Some(peer_id) = rest.first_chunk::<20>()
                {
                    wire.handshake(reserved, *info_hash, *peer_id);
                }
            }
            TRANSFER_CHOKE => {
                let (pieces, _) = bytes.as_chunks::<4>();
                let pieces: Vec<u32> =
                    pieces.iter().map(|piece| u32::from_ne_bytes(*piece)).collect();
                wire.choke(&pieces);
            }
            TRANSFER_BITFIELD => wire.bitfield(bytes),
            TRANSFER_PIECE => {
                give_key(page, wire.piece_bytes(a, page.argument(1), bytes, page.now()));
            }
            TRANSFER_ANSWER => return open(wire.answer_bytes(a, bytes, page.now()).is_some()),
            TRANSFER_EXTENDED => wire.extended(a as u8, bytes),
            TRANSFER_HASH_REQUEST => wire.hash_request(range(page, bytes)),
            TRANSFER_HASHES => wire.hashes(range(page, source), bytes),
            TRANSFER_HASH_REJECT => wire.hash_reject(range(page, bytes)),
            TRANSFER_NEGOTIATE => {
                let used = wire.handle_negotiation(bytes);
                page.set_number(0, used as u32);
                self.give_negotiation(page);
            }
            TRANSFER_DECRYPT => wire.decrypt(source, bytes),
            TRANSFER_START_ENCRYPTION => {
                if let Some(info_hash) = bytes.first_chunk::<20>() {
                    wire.start_encryption(*info_hash);
                }
                page.set_number(0, 0);
                self.give_negotiation(page);
            }
            TRANSFER_SET_INFO_HASH => {
                if let Some(info_hash) = bytes.first_chunk::<20>() {
                    wire.set_info_hash(*info_hash);
                }
                page.set_number(0, 0);
                self.give_negotiation(page);
            }
            _ => {}
        }
        RESULT_DONE
    }

    /// What every input of the crypto handshake gives besides the bytes that it used.
    fn give_negotiation(&mut self, page: Page<'_>) {
        self.job = self.job.take().or_else(|| self.wire.poll_key_job().map(Box::new));
        page.set_number(1, self.job.is_some().into());
        page.set_number(2, self.wire.early_events() as u32);
    }
}

/// The range of hashes that the arguments and the bytes of a pieces root name.
fn range(page: Page<'_>, pieces_root: &[u8]) -> HashRange {
    HashRange {
        pieces_root: pieces_root.first_chunk().copied().unwrap_or_default(),
        base_layer: page.argument(0),
        index: page.argument(1),
        length: page.argument(2),
        proof_layers: page.argument(3),
    }
}

fn give_key(page: Page<'_>, key: Option<u32>) {
    page.set_number(0, key.unwrap_or(NONE));
}

fn open(is_open: bool) -> u32 {
    if is_open { RESULT_DONE } else { RESULT_NOT_OPEN }
}

fn fast(result: Result<(), FastDisabled>) -> u32 {
    result.map_or(RESULT_FAST_DISABLED, |()| RESULT_DONE)
}
