//! Packets that are not the peer's.

use super::*;

fn connected() -> Pair {
    let mut pair = Pair::new(9, CLEAN);
    while pair.sessions[1].as_ref().is_none_or(|peer| peer.phase() != Phase::Connected) {
        pair.step();
    }
    pair
}

#[test]
fn a_reset_counts_if_it_names_what_was_sent_lately() {
    let own = header(connected().session(0), Kind::Reset);
    let mut hits = 0;
    let mut resets = 0;
    let newest = own.sequence.wrapping_sub(1);
    for acknowledged in (0..=u16::MAX).step_by(64).chain([newest, own.sequence]) {
        let mut pair = connected();
        let packet =
            Packet { header: Header { acknowledged, ..own }, selective: &[], payload: &[] };
        let now = pair.now;
        pair.session(0).handle(now, &packet);
        resets += 1;
        hits += u32::from(pair.session(0).phase() == Phase::Closed);
        if acknowledged == own.sequence || acknowledged == newest {
            assert_eq!(pair.session(0).fault(), Some(std::io::ErrorKind::ConnectionReset));
        }
    }
    assert!(hits * 50 < resets, "{hits} of {resets}");
}

#[test]
fn a_syn_that_is_replayed_changes_nothing() {
    let mut pair = connected();
    let now = pair.now;
    for sequence in [0, 1, 77, u16::MAX] {
        let syn = Header { sequence, ..header(pair.session(1), Kind::Syn) };
        let packet = Packet { header: syn, selective: &[], payload: &[] };
        pair.session(1).handle(now, &packet);
        assert_eq!(pair.session(1).poll_transmit(now), None);
    }
    pair.exchange([100_000, 100_000]);
}

#[test]
fn anything_at_all_neither_panics_nor_takes_memory() {
    let rounds = from_environment("UTP_ROUNDS", 20);
    for seed in (0..rounds).map(|round| from_environment("UTP_SEED", 7) + round) {
        println!("UTP_SEED={seed} UTP_ROUNDS=1");
        let mut random = Random(seed);
        let mut pair = connected();
        for _ in 0..2000 {
            let bytes = any_packet(&mut random, pair.session(1));
            let Some(packet) = Packet::parse(&bytes) else { continue };
            pair.now += random.below(1000);
            let now = pair.now;
            let session = pair.session(1);
            if random.one_in(10) {
                session.write(&bytes);
            }
            session.handle(now, &packet);
            if session.deadline().is_some_and(|deadline| deadline <= now) {
                session.handle_timeout(now);
            }
            let mut sent = 0;
            while let Some(transmit) = session.poll_transmit(now) {
                let mut out = Vec::new();
                session.write_packet(transmit, now, &mut out);
                assert!(Packet::parse(&out).is_some());
                session.transmitted(transmit, now);
                sent += 1;
            }
            assert!(sent < 1000);
            if session.phase() == Phase::Closed {
                pair = connected();
            }
        }
    }
}

/// Bytes at random, half of them with numbers close to those that `session` expects.
fn any_packet(random: &mut Random, session: &Session) -> Vec<u8> {
    let length = random.below(1500) as usize;
    let mut bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
    if length >= 20 {
        bytes[0] = (random.below(6) as u8) << 4 | 1;
        bytes[1] = random.below(3) as u8;
        if random.one_in(2) {
            let own = header(session, Kind::State);
            let mut near =
                |number: u16| number.wrapping_add(random.below(40) as u16).wrapping_sub(20);
            bytes[16..18].copy_from_slice(&near(own.acknowledged).to_be_bytes());
            bytes[18..20].copy_from_slice(&near(own.sequence).to_be_bytes());
        }
    }
    bytes
}
