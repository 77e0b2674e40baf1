//! Two sessions with a way between them that loses, delays, reorders and repeats, in a time of its
//! own; and sockets on this machine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::endpoint::PACKET;
use super::packet::{Header, Kind, Packet};
use super::session::{Phase, Session};

mod sockets;
mod strangers;

const MILLISECOND: u64 = 1000;
const SECOND: u64 = 1_000_000;

/// A generator of numbers, by its seed (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        count > 0 && self.below(count) == 0
    }
}

/// What the way does to packets.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// One in so many is lost, comes twice, or is late; 0 for none.
    loss: u64,
    repeats: u64,
    late: u64,
    /// How long it takes, in microseconds.
    delay: u64,
    /// How many bytes pass in a second, and how many wait for that at most.
    rate: u64,
    queue: u64,
}

const CLEAN: Way =
    Way { loss: 0, repeats: 0, late: 0, delay: 25 * MILLISECOND, rate: 50_000_000, queue: 2 << 20 };

/// When a packet arrives, in which order, to whom, and what it is.
type Flying = (u64, u64, usize, Vec<u8>);

/// Two sessions: 0 connects to 1.
struct Pair {
    sessions: [Option<Session>; 2],
    way: Way,
    random: Random,
    now: u64,
    flying: BinaryHeap<Reverse<Flying>>,
    count: u64,
    /// Until when the way to each is busy.
    busy: [u64; 2],
    /// The longest time in which nothing moved.
    stall: u64,
    moved_at: u64,
}

impl Pair {
    fn new(seed: u64, way: Way) -> Self {
        let mut random = Random(seed);
        let (id, sequence) = (random.next() as u16, random.next() as u16);
        let mut pair = Self {
            sessions: [Some(Session::connect(0, id, sequence, PACKET)), None],
            way,
            random,
            now: 0,
            flying: BinaryHeap::new(),
            count: 0,
            busy: [0; 2],
            stall: 0,
            moved_at: 0,
        };
        pair.flush(0);
        pair
    }

    fn session(&mut self, which: usize) -> &mut Session {
        self.sessions[which].as_mut().unwrap()
    }

    fn flush(&mut self, which: usize) {
        let Some(session) = &mut self.sessions[which] else { return };
        let mut packets = Vec::new();
        while let Some(transmit) = session.poll_transmit(self.now) {
            let mut bytes = Vec::new();
            session.write_packet(transmit, self.now, &mut bytes);
            session.transmitted(transmit, self.now);
            packets.push(bytes);
        }
        for bytes in packets {
            self.send(1 - which, bytes);
        }
    }

    fn send(&mut self, to: usize, bytes: Vec<u8>) {
        let waits = self.busy[to].saturating_sub(self.now) * self.way.rate / SECOND;
        if waits > self.way.queue || self.random.one_in(self.way.loss) {
            return;
        }
        let passes = self.busy[to].max(self.now) + bytes.len() as u64 * SECOND / self.way.rate;
        self.busy[to] = passes;
        let times = if self.random.one_in(self.way.repeats) { 2 } else { 1 };
        for _ in 0..times {
            let late = if self.random.one_in(self.way.late) {
                self.random.below(2 * self.way.delay)
            } else {
                0
            };
            self.count += 1;
            self.flying.push(Reverse((
                passes + self.way.delay + late,
                self.count,
                to,
                bytes.clone(),
            )));
        }
    }

    /// Goes to the next thing that happens; tells whether there was any.
    fn step(&mut self) -> bool {
        let arrival = self.flying.peek().map(|Reverse((at, ..))| *at);
        let deadline = self.sessions.iter().flatten().filter_map(Session::deadline).min();
        let Some(next) = arrival.into_iter().chain(deadline).min() else { return false };
        self.now = self.now.max(next);
        for which in 0..2 {
            if let Some(session) = &mut self.sessions[which]
                && session.deadline().is_some_and(|deadline| deadline <= self.now)
            {
                session.handle_timeout(self.now);
                self.flush(which);
            }
        }
        while self.flying.peek().is_some_and(|Reverse((at, ..))| *at <= self.now) {
            let Reverse((_, _, to, bytes)) = self.flying.pop().unwrap();
            let packet = Packet::parse(&bytes).unwrap();
            if self.sessions[to].is_none() {
                let sequence = self.random.next() as u16;
                if packet.header.kind == Kind::Syn {
                    self.sessions[to] =
                        Some(Session::accept(self.now, &packet.header, sequence, PACKET));
                }
            } else {
                let now = self.now;
                self.session(to).handle(now, &packet);
            }
            self.flush(to);
        }
        true
    }

    /// Sends `lengths[0]` bytes from 0 to 1, and others back, ends both, and checks what comes.
    fn exchange(&mut self, lengths: [usize; 2]) {
        let mut written = [0; 2];
        let mut read = [0; 2];
        let mut has_ended = [false; 2];
        self.moved_at = self.now;
        while has_ended != [true, true] {
            for which in 0..2 {
                let now = self.now;
                let Some(session) = &mut self.sessions[which] else { continue };
                assert_eq!(session.fault(), None, "at {now}");
                if session.phase() != Phase::Connected {
                    continue;
                }
                while written[which] < lengths[which] {
                    let length = (lengths[which] - written[which]).min(4096);
                    let bytes: Vec<u8> = (written[which]..written[which] + length)
                        .map(|at| content(which, at))
                        .collect();
                    let taken = session.write(&bytes);
                    written[which] += taken;
                    if taken < length {
                        break;
                    }
                }
                if written[which] == lengths[which] {
                    session.end();
                }
                let mut bytes = [0; 65536];
                while let Some(length) = session.read(&mut bytes) {
                    if length == 0 {
                        has_ended[which] = true;
                        break;
                    }
                    for (at, byte) in bytes[..length].iter().enumerate() {
                        assert_eq!(*byte, content(1 - which, read[which] + at));
                    }
                    read[which] += length;
                    self.stall = self.stall.max(self.now - self.moved_at);
                    self.moved_at = self.now;
                }
                self.flush(which);
            }
            if has_ended != [true, true] {
                assert!(self.step(), "nothing goes on, read {read:?} of {lengths:?}");
                assert!(self.now < 3600 * SECOND, "read {read:?} of {lengths:?}");
            }
        }
        assert_eq!(read, [lengths[1], lengths[0]]);
    }

    /// Both users go; all has to end by itself.
    fn leave(&mut self) -> u64 {
        let since = self.now;
        for which in 0..2 {
            let now = self.now;
            self.session(which).detach(now);
            self.flush(which);
        }
        while !self.sessions.iter().flatten().all(Session::is_over) {
            assert!(self.step(), "a session stays");
        }
        self.now - since
    }
}

fn content(which: usize, at: usize) -> u8 {
    ((at * 31) ^ (at >> 8) ^ (at >> 16) ^ which) as u8
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[test]
fn a_clean_way_is_filled() {
    let mut pair = Pair::new(1, CLEAN);
    pair.exchange([8 << 20, 0]);
    // The window of 1 MiB a round trip of 50 ms is 21 MB/s, after slow start.
    assert!(pair.now < 2 * SECOND, "{} ms", pair.now / 1000);
    assert!(pair.leave() <= 4 * SECOND);
}

#[test]
fn nothing_is_lost_on_a_bad_way() {
    for round in 0..from_environment("UTP_ROUNDS", 10) {
        let seed = from_environment("UTP_SEED", 7) + round;
        let mut random = Random(seed);
        let way = Way {
            loss: [0, 100, 20, 5][random.below(4) as usize],
            repeats: [0, 50, 5][random.below(3) as usize],
            late: [0, 50, 5][random.below(3) as usize],
            delay: [100, 10 * MILLISECOND, 150 * MILLISECOND][random.below(3) as usize],
            ..CLEAN
        };
        let lengths = [random.below(1 << 20) as usize, random.below(1 << 18) as usize];
        println!("UTP_SEED={seed} UTP_ROUNDS=1: {way:?} {lengths:?}");
        let mut pair = Pair::new(seed, way);
        pair.exchange(lengths);
        pair.leave();
    }
}

#[test]
fn one_in_a_hundred_lost_at_50_ms_is_no_stall() {
    for seed in 0..3 {
        println!("seed {seed}");
        let mut pair = Pair::new(seed, Way { loss: 100, ..CLEAN });
        pair.exchange([4 << 20, 0]);
        assert!(pair.stall < 2 * SECOND, "{} ms", pair.stall / 1000);
        assert!(pair.now < 60 * SECOND, "{} ms", pair.now / 1000);
    }
}

#[test]
fn a_queue_on_the_way_is_kept_short() {
    // 1 MB/s with room for a second of packets: TCP would fill it.
    let mut pair = Pair::new(3, Way { rate: 1_000_000, queue: 1_000_000, ..CLEAN });
    let mut longest = 0;
    let sent = vec![1; 65536];
    let mut read = vec![0; 65536];
    while pair.now < 60 * SECOND {
        let now = pair.now;
        if pair.session(0).phase() == Phase::Connected {
            pair.session(0).write(&sent);
            pair.flush(0);
        }
        if pair.sessions[1].is_some() {
            pair.session(1).read(&mut read);
            pair.flush(1);
        }
        // After slow start.
        if now > 20 * SECOND {
            longest = longest.max(pair.busy[1].saturating_sub(now));
        }
        pair.step();
    }
    assert!(longest < 150 * MILLISECOND, "{} ms", longest / 1000);
    assert!(longest > 20 * MILLISECOND, "the way is not filled: {} ms", longest / 1000);
}

#[test]
fn it_gives_way_to_others_and_comes_back() {
    let mut pair = Pair::new(3, Way { rate: 1_000_000, queue: 1_000_000, ..CLEAN });
    let sent = vec![1; 65536];
    let mut buffer = vec![0; 65536];
    // Bytes read within each stretch of 20 seconds.
    let mut read = [0; 4];
    while pair.now < 80 * SECOND {
        let stretch = (pair.now / (20 * SECOND)) as usize;
        // In the second one somebody keeps 300 ms of packets in the queue, as TCP does.
        if stretch == 1 {
            pair.busy[1] = pair.busy[1].max(pair.now + 300 * MILLISECOND);
        }
        if pair.session(0).phase() == Phase::Connected {
            pair.session(0).write(&sent);
            pair.flush(0);
        }
        if let Some(peer) = &mut pair.sessions[1] {
            read[stretch] += peer.read(&mut buffer).unwrap_or(0);
            pair.flush(1);
        }
        pair.step();
    }
    assert!(read[0] > 15_000_000, "{read:?}");
    assert!(read[1] < 3_000_000, "{read:?}");
    assert!(read[3] > 15_000_000, "{read:?}");
}

#[test]
fn a_syn_that_is_lost_is_sent_again_and_nobody_is_given_up() {
    let mut pair = Pair::new(1, CLEAN);
    pair.flying.clear();
    pair.exchange([10, 10]);
    assert!((1..2).contains(&(pair.now / SECOND)), "{}", pair.now);

    let mut pair = Pair::new(1, Way { loss: 1, ..CLEAN });
    pair.flying.clear();
    while pair.session(0).phase() == Phase::SynSent {
        assert!(pair.step());
    }
    assert_eq!(pair.session(0).fault(), Some(std::io::ErrorKind::TimedOut));
    assert_eq!(pair.now / SECOND, 7);
}

#[test]
fn a_peer_that_is_gone_is_missed_where_it_owes_an_answer() {
    let mut pair = Pair::new(1, CLEAN);
    while pair.sessions[1].as_ref().is_none_or(|peer| peer.phase() != Phase::Connected) {
        pair.step();
    }
    pair.way.loss = 1;
    pair.session(0).write(b"anyone?");
    pair.flush(0);
    let since = pair.now;
    while pair.session(0).phase() == Phase::Connected {
        pair.step();
    }
    assert_eq!(pair.session(0).fault(), Some(std::io::ErrorKind::TimedOut));
    assert!((25..45).contains(&((pair.now - since) / SECOND)), "{}", pair.now - since);
}

#[test]
fn a_peer_that_does_not_read_is_waited_for() {
    let mut pair = Pair::new(1, CLEAN);
    let bytes = vec![5; 65536];
    let mut written = 0;
    while pair.now < 120 * SECOND {
        if pair.session(0).phase() == Phase::Connected {
            written += pair.session(0).write(&bytes);
            pair.flush(0);
        }
        pair.step();
    }
    assert_eq!(pair.session(0).fault(), None);
    assert!(written <= super::receiving::WINDOW + 2 * 65536 + PACKET, "{written}");
    // It reads on, and so does everything else.
    let mut read = 0;
    let mut buffer = vec![0; 65536];
    let since = pair.now;
    while read < written {
        read += pair.session(1).read(&mut buffer).unwrap_or(0);
        pair.flush(1);
        if read < written {
            assert!(pair.step());
        }
    }
    assert!(pair.now - since < 5 * SECOND);
}

#[test]
fn one_side_ends_and_the_other_goes_on() {
    let mut pair = Pair::new(1, CLEAN);
    pair.exchange([1000, 0]);
    let mut pair = Pair::new(2, CLEAN);
    // The first ends at once, and reads for long after.
    pair.exchange([0, 4 << 20]);
    assert!(pair.leave() <= 4 * SECOND);
}

#[test]
fn who_leaves_early_loses_nothing_that_was_written() {
    let mut pair = Pair::new(1, Way { loss: 10, ..CLEAN });
    while pair.session(0).phase() != Phase::Connected {
        pair.step();
    }
    let bytes: Vec<u8> = (0..60_000).map(|at| content(0, at)).collect();
    assert_eq!(pair.session(0).write(&bytes), bytes.len());
    let now = pair.now;
    pair.session(0).detach(now);
    pair.flush(0);
    let mut read = Vec::new();
    loop {
        let mut buffer = vec![0; 65536];
        if let Some(peer) = &mut pair.sessions[1] {
            match peer.read(&mut buffer) {
                Some(0) => break,
                Some(length) => read.extend_from_slice(&buffer[..length]),
                None => {}
            }
        }
        assert!(pair.step());
    }
    assert!(read == bytes);
}

/// A header as the peer of `session` would send it.
fn header(session: &Session, kind: Kind) -> Header {
    let mut bytes = Vec::new();
    session.write_packet(super::session::Transmit::State, 0, &mut bytes);
    Header { kind, ..Packet::parse(&bytes).unwrap().header }
}
