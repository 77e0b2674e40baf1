//! A census: what all wires have come to, in one call.

use super::slots::{CENSUS_COUNTS, CENSUS_LENGTH, CENSUS_NAME};
use crate::wire::{Kind, Wire};

/// The bytes of one row.
const ROW: usize = CENSUS_LENGTH as usize * 8;

/// Where a wire stands, for a row.
pub(super) struct Entry<'a> {
    pub(super) index: u32,
    pub(super) state: u32,
    /// How old it is, in milliseconds.
    pub(super) age: u64,
    pub(super) wire: &'a mut Wire,
}

/// Writes rows of `CENSUS_LENGTH` floats until there is no more room, or no more wires; gives how
/// many.
pub(super) fn write<'a>(
    entries: impl Iterator<Item = Entry<'a>>,
    bytes: &mut [u8],
    now: u64,
) -> u32 {
    let (rows, _) = bytes.as_chunks_mut::<ROW>();
    let written = rows.iter_mut().zip(entries).map(|(row, entry)| write_row(entry, row, now));
    written.count() as u32
}

fn write_row(Entry { index, state, age, wire }: Entry<'_>, row: &mut [u8; ROW], now: u64) {
    let (floats, _) = row.as_chunks_mut::<8>();
    let speeds = [wire.download().rate(now), wire.upload().rate(now)];
    let statistics = wire.statistics();
    let (received, sent) = (&statistics.received, &statistics.sent);
    let numbers = [
        index.into(),
        state.into(),
        age as f64,
        speeds[0],
        speeds[1],
        wire.requests().len() as f64,
        wire.peer_requests().len() as f64,
        wire.waiting_requests() as f64,
        wire.unsent() as f64,
        statistics.unsolicited_pieces as f64,
        statistics.unsolicited_bytes as f64,
        statistics.refused_requests as f64,
        received.bytes as f64,
        received.payload as f64,
        received.messages as f64,
        sent.bytes as f64,
        sent.payload as f64,
        sent.messages as f64,
        f64::from(u8::from(wire.peer_handshake().is_some())),
    ];
    const { assert!(CENSUS_COUNTS == 19 && CENSUS_NAME == 19 + 2 * Kind::COUNT as u32) };
    let counts = [received, sent]
        .into_iter()
        .flat_map(|traffic| Kind::ALL.into_iter().map(|kind| traffic.by_message.get(kind) as f64));
    for (float, number) in floats.iter_mut().zip(numbers.into_iter().chain(counts)) {
        *float = number.to_ne_bytes();
    }
    let name = &mut row[CENSUS_NAME as usize * 8..];
    match wire.peer_handshake() {
        Some(handshake) => {
            name[..20].copy_from_slice(&handshake.info_hash);
            name[20..].copy_from_slice(&handshake.peer_id);
        }
        None => name.fill(0),
    }
}
