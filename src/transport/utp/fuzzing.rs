//! A session that anything may be done to, for `fuzz/fuzz_targets/utp.rs`.

use super::endpoint::PACKET;
use super::packet::{Header, Kind, Packet};
use super::receiving::WINDOW;
use super::session::{Phase, Session, Transmit};

/// Takes `input` for what a peer and strangers send, a user does, and time brings, and holds the
/// session to its bounds.
pub fn run(input: &[u8]) {
    let Some((&kind, mut rest)) = input.split_first() else { return };
    let mut now = 0;
    let mut session = open(kind & 1 == 0);
    while let Some((&[what, amount], after)) = rest.split_first_chunk::<2>() {
        rest = after;
        let amount = usize::from(amount);
        match what % 8 {
            0..=2 => {
                let (bytes, after) = rest.split_at(amount.min(rest.len()));
                rest = after;
                handle(&mut session, now, what, bytes);
            }
            3 => now += 1 << (amount % 26),
            4 => {
                let length = session.write(&vec![what; amount * 64]);
                assert!(length <= amount * 64);
            }
            5 => {
                let _ = session.read(&mut vec![0; amount * 64]);
            }
            6 => session.end(),
            _ if amount == 0 => session.detach(now),
            _ => session.reset(),
        }
        if session.deadline().is_some_and(|deadline| deadline <= now) {
            session.handle_timeout(now);
        }
        flush(&mut session, now);
        if session.is_over() {
            return;
        }
    }
}

fn open(is_ours: bool) -> Session {
    if is_ours {
        return Session::connect(0, 7, 70, PACKET);
    }
    let syn = Header {
        kind: Kind::Syn,
        connection_id: 7,
        timestamp: 0,
        timestamp_difference: 0,
        window: WINDOW as u32,
        sequence: 70,
        acknowledged: 0,
    };
    Session::accept(0, &syn, 170, PACKET)
}

/// A packet as it is, or one with numbers close to those that the session expects.
fn handle(session: &mut Session, now: u64, what: u8, bytes: &[u8]) {
    let Some(mut packet) = Packet::parse(bytes) else { return };
    if what % 8 > 0 {
        let mut own = Vec::new();
        session.write_packet(Transmit::State, now, &mut own);
        let own = Packet::parse(&own).expect("our own packet").header;
        let near = |number: u16, by: u16| number.wrapping_add(by % 16).wrapping_sub(8);
        packet.header.sequence = near(own.acknowledged, packet.header.sequence);
        packet.header.acknowledged = near(own.sequence, packet.header.acknowledged);
    }
    session.handle(now, &packet);
}

fn flush(session: &mut Session, now: u64) {
    let mut packets = 0;
    while let Some(transmit) = session.poll_transmit(now) {
        let mut bytes = Vec::new();
        session.write_packet(transmit, now, &mut bytes);
        let packet = Packet::parse(&bytes).expect("our own packet");
        assert!(packet.payload.len() <= PACKET && packet.header.window as usize <= WINDOW);
        session.transmitted(transmit, now);
        packets += 1;
        assert!(packets <= 2000, "it never stops sending");
    }
    assert!(session.phase() != Phase::Closed || session.poll_transmit(now).is_none());
}
