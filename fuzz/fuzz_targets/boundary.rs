//! Several wires driven by the boundary's own commands, in any order, with arguments of any kind,
//! and with the names of wires that are closed or never were: whoever names one that is gone is told
//! so and gets nothing, and no name becomes another wire's.
#![no_main]

use std::cell::Cell;

use bittorrent_protocol_native::boundary::codes::*;
use bittorrent_protocol_native::boundary::slots::*;
use bittorrent_protocol_native::boundary::{Page, Wires};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// Wires that the states have room for, besides the first place, which is nobody's.
const ROOM: usize = 6;

/// What a driver does.
#[derive(Arbitrary, Debug)]
enum Step {
    Open {
        mark: u16,
        encryption: u8,
    },
    Close {
        name: u8,
    },
    Command {
        name: u8,
        what: u8,
        arguments: [u32; 4],
    },
    /// Small arguments: keys and the like.
    Meant {
        name: u8,
        what: u8,
        arguments: [u8; 4],
    },
    Transfer {
        name: u8,
        what: u8,
        arguments: [u32; 4],
        bytes: Vec<u8>,
        source: Vec<u8>,
    },
    /// A message of the peer.
    Hear {
        name: u8,
        id: u8,
        body: Vec<u8>,
    },
    Greet {
        name: u8,
    },
    Poll {
        name: u8,
        now: u16,
    },
    Drain {
        name: u8,
    },
    Census {
        rows: u8,
    },
}

struct Driver {
    slots: [Cell<u32>; PAGE_LENGTH as usize],
    states: Vec<Cell<u32>>,
    wires: Wires,
    /// Every name that was ever given, and whether its wire is there.
    names: Vec<(u32, u32, bool)>,
    now: f64,
}

impl Driver {
    fn page(&self) -> Page<'_> {
        Page::new(&self.slots, &self.states)
    }

    /// Puts one of the names into the page; gives its place, `None` for one that never was.
    fn name(&self, name: u8) -> Option<usize> {
        let place = usize::from(name) % (self.names.len() + 1);
        let (index, generation) = self
            .names
            .get(place)
            .map_or((u32::from(name), 0x7FFF_FFFF), |&(index, generation, _)| (index, generation));
        self.slots[SLOT_WIRE as usize].set(index);
        self.slots[SLOT_GENERATION as usize].set(generation);
        let bits = self.now.to_bits();
        self.slots[2 * FLOAT_NOW as usize].set(bits as u32);
        self.slots[2 * FLOAT_NOW as usize + 1].set((bits >> 32) as u32);
        (place < self.names.len()).then_some(place)
    }

    fn is_there(&self, place: Option<usize>) -> bool {
        place.is_some_and(|place| self.names[place].2)
    }

    fn is_encrypted(&self, place: Option<usize>) -> bool {
        place.is_some_and(|place| {
            let (index, _, is_there) = self.names[place];
            is_there && self.states[(index * STATE_LENGTH) as usize + 1].get() & STATE_ENCRYPTED != 0
        })
    }

    /// Results of a wire that is gone are those of nothing, whoever was asked before.
    fn check(&self, place: Option<usize>) {
        let result = self.slots[SLOT_RESULT as usize].get();
        if !self.is_there(place) {
            assert_eq!(result, RESULT_GONE);
            assert!((0..8).all(|which| self.slots[(SLOT_NUMBERS + which) as usize].get() == 0));
        }
    }

    fn run(&self, place: Option<usize>, what: u32, arguments: [u32; 4]) {
        self.slots[SLOT_COMMAND as usize].set(what);
        for (which, argument) in arguments.into_iter().enumerate() {
            self.slots[SLOT_ARGUMENTS as usize + which].set(argument);
        }
        self.wires.command(self.page());
        self.check(place);
    }

    fn transfer(
        &self,
        place: Option<usize>,
        what: u32,
        arguments: [u32; 4],
        bytes: &mut [u8],
        source: &[u8],
    ) {
        self.slots[SLOT_COMMAND as usize].set(what);
        for (which, argument) in arguments.into_iter().enumerate() {
            self.slots[SLOT_ARGUMENTS as usize + which].set(argument);
        }
        self.wires.transfer(self.page(), bytes, source);
        match what {
            // They name no wire.
            TRANSFER_BODY => {}
            TRANSFER_CENSUS => self.check_census(bytes),
            _ => self.check(place),
        }
    }

    /// A row is of a wire that is there, and there are as many as fit.
    fn check_census(&self, bytes: &[u8]) {
        let row = CENSUS_LENGTH as usize * 8;
        let count = self.slots[SLOT_NUMBERS as usize].get();
        assert_eq!(count as usize, (bytes.len() / row).min(self.wires.count() as usize));
        for row in bytes.chunks_exact(row).take(count as usize) {
            let index = row.first_chunk().map_or(-1.0, |float| f64::from_ne_bytes(*float));
            assert!(self.names.iter().any(|&(i, _, is_there)| is_there && f64::from(i) == index));
        }
    }

    fn open(&mut self, mark: u16, encryption: u8) {
        let run = [1 << 16, 1 << 16, 100, u32::from(mark).max(1), u32::from(encryption) & 31];
        for (which, number) in run.into_iter().enumerate() {
            self.slots[SLOT_RUN as usize + which].set(number);
        }
        self.wires.open(self.page());
        let index = self.slots[SLOT_WIRE as usize].get();
        let there = self.names.iter().filter(|name| name.2).count();
        if index == NONE {
            assert!(there >= ROOM - 1, "the states have room");
            return;
        }
        let generation = self.slots[SLOT_GENERATION as usize].get();
        assert!(!self.names.iter().any(|&(i, g, _)| (i, g) == (index, generation)), "a name anew");
        self.names.push((index, generation, true));
    }

    fn close(&mut self, name: u8) {
        let place = self.name(name);
        let before = self.wires.count();
        self.wires.close(self.page());
        assert_eq!(before - self.wires.count(), u32::from(self.is_there(place)));
        if let Some(place) = place {
            self.names[place].2 = false;
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Open { mark, encryption } => self.open(mark, encryption),
            Step::Close { name } => self.close(name),
            Step::Command { name, what, arguments } => {
                self.run(self.name(name), u32::from(what) % 40, arguments);
            }
            Step::Meant { name, what, arguments } => {
                self.run(self.name(name), u32::from(what) % 40, arguments.map(u32::from));
            }
            Step::Transfer { name, what, arguments, mut bytes, source } => {
                let place = self.name(name);
                self.transfer(place, u32::from(what) % 20, arguments, &mut bytes, &source);
            }
            Step::Hear { name, id, body } => {
                let length = (body.len() as u32 + 1).to_be_bytes();
                let mut message = [&length[..], &[id], &body].concat();
                let place = self.name(name);
                self.transfer(place, TRANSFER_RECEIVE, [0; 4], &mut message, &[]);
            }
            Step::Greet { name } => {
                let mut handshake = *b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x14\
                    iiiiiiiiiiiiiiiiiiiipppppppppppppppppppp";
                let place = self.name(name);
                self.transfer(place, TRANSFER_HANDSHAKE, [7, 0, 0, 0], &mut [7; 40], &[]);
                self.transfer(place, TRANSFER_RECEIVE, [0; 4], &mut handshake, &[]);
            }
            Step::Poll { name, now } => {
                self.now += f64::from(now);
                let place = self.name(name);
                self.wires.poll(self.page());
                self.check(place);
                let mut body =
                    vec![0; self.slots[SLOT_NUMBERS as usize].get().min(1 << 16) as usize];
                self.transfer(place, TRANSFER_BODY, [0; 4], &mut body, &[]);
                self.wires.take_remains();
            }
            Step::Drain { name } => self.drain(name),
            Step::Census { rows } => {
                let mut bytes = vec![0; usize::from(rows % 8) * CENSUS_LENGTH as usize * 8];
                self.transfer(self.name(0), TRANSFER_CENSUS, [0; 4], &mut bytes, &[]);
            }
        }
        self.check_states();
    }

    /// Takes what waits to be sent, as JavaScript does.
    fn drain(&self, name: u8) {
        let place = self.name(name);
        self.run(place, COMMAND_OUTPUT, [0; 4]);
        let count = self.slots[SLOT_NUMBERS as usize].get();
        let run = |at: u32| self.slots[(SLOT_RUN + at) as usize].get() as usize;
        let segments: Vec<_> = (0..count).map(|i| (run(2 * i), run(2 * i + 1))).collect();
        let expected = if self.is_there(place) { RESULT_DONE } else { RESULT_GONE };
        if self.is_encrypted(place) {
            let mut bytes = vec![0; segments.iter().map(|(bytes, block)| bytes + block).sum()];
            let mut at = 0;
            for (length, block) in segments {
                let block = vec![7; block];
                let arguments = [at as u32, 0, 0, 0];
                self.transfer(place, TRANSFER_ENCRYPTED_OUTPUT, arguments, &mut bytes, &block);
                assert_eq!(self.slots[SLOT_RESULT as usize].get(), expected);
                at += length + block.len();
                assert_eq!(self.slots[SLOT_NUMBERS as usize].get() as usize, at);
            }
        } else {
            let mut bytes = vec![0; segments.iter().map(|(bytes, _)| bytes).sum()];
            self.transfer(place, TRANSFER_OUTPUT, [count, 0, 0, 0], &mut bytes, &[]);
            assert_eq!(self.slots[SLOT_RESULT as usize].get(), expected);
        }
        self.run(place, COMMAND_SET_UNDELIVERED, [0, 1 << 16, 0, 0]);
    }

    /// The states are those of the wires that are there, and of no others.
    fn check_states(&self) {
        for &(index, generation, is_there) in &self.names {
            let at = (index * STATE_LENGTH) as usize;
            assert_eq!(self.states[at].get() == generation, is_there);
        }
        let there = self.names.iter().filter(|name| name.2).count();
        assert_eq!(self.wires.count() as usize, there);
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let mut driver = Driver {
        slots: [const { Cell::new(0) }; PAGE_LENGTH as usize],
        states: vec![Cell::new(0); ROOM * STATE_LENGTH as usize],
        wires: Wires::default(),
        names: Vec::new(),
        now: 0.0,
    };
    for step in steps {
        driver.step(step);
    }
});
