//! Drives a [`Wire`] as the JavaScript layer does: gives it chunks, collects the payload that a
//! chunk's end cuts, polls, and waits where it pauses. The fuzz targets share it.

use bittorrent_protocol_native::wire::{Event, Payload, Wire};

/// An event, with the payload that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The event; where its payload lies depends on the chunks, so it counts as collected.
    pub event: Event,
    /// The bytes of its payload; empty if it has none.
    pub payload: Vec<u8>,
}

/// What the wire is given, and the place of a collected payload.
#[derive(Debug, Default)]
pub struct Inbound {
    /// What was framed last: events name places in it.
    part: Vec<u8>,
    /// What was not framed yet.
    rest: Vec<u8>,
    assembly: Vec<u8>,
    /// How long the payload under collection is.
    expected: usize,
    missing: usize,
    /// Bytes that were collected without the wire's knowing, yet.
    uncounted: u32,
    collected: Option<Vec<u8>>,
}

impl Inbound {
    /// Takes a chunk, and gives each of its events with the wire, to which `on_event` may do
    /// anything. Where the wire pauses, what is left comes with the next chunk, which may be empty.
    pub fn receive(
        &mut self,
        wire: &mut Wire,
        chunk: &[u8],
        now: u64,
        mut on_event: impl FnMut(&mut Wire, Seen),
    ) {
        let is_idle = self.rest.is_empty() && !wire.is_paused();
        if is_idle && !chunk.is_empty() && chunk.len() < self.missing {
            self.assembly.extend(chunk);
            self.missing -= chunk.len();
            self.uncounted += chunk.len() as u32;
            return;
        }
        self.rest.extend(chunk);
        loop {
            while let Some(event) = wire.poll_event(now) {
                let part = std::mem::take(&mut self.part);
                let seen = self.resolve(event, &part);
                self.part = part;
                on_event(wire, seen);
            }
            if wire.is_paused() {
                return;
            }
            // Only of a wire that was closed is there anything left.
            self.collected = None;
            if self.rest.is_empty() {
                self.part = Vec::new();
                return;
            }
            let mut part = std::mem::take(&mut self.rest);
            let consumed = self.frame(wire, &part);
            self.rest = part.split_off(consumed);
            self.part = part;
        }
    }

    /// How much room it takes for what the wire was not given, or may still name.
    #[allow(dead_code)] // One of the fuzz targets does without.
    pub fn kept(&self) -> usize {
        self.part.capacity() + self.rest.capacity()
    }

    /// Takes a payload out of the chunk or out of the collected buffer.
    pub fn resolve(&mut self, event: Event, part: &[u8]) -> Seen {
        let payload = match &event {
            Event::Piece { payload, .. }
            | Event::Extended { payload, .. }
            | Event::Hashes { payload, .. } => *payload,
            _ => return Seen { event, payload: Vec::new() },
        };
        let bytes = match payload {
            Payload::Chunk { start, length } => {
                part[start as usize..start as usize + length as usize].to_vec()
            }
            Payload::Collected { length: 0 } => Vec::new(),
            Payload::Collected { .. } => self.collected.take().expect("a collected payload"),
        };
        assert_eq!(bytes.len(), payload.length() as usize);
        let payload = Payload::Collected { length: payload.length() };
        let event = match event {
            Event::Piece { index, offset, key, .. } => Event::Piece { index, offset, payload, key },
            Event::Extended { id, .. } => Event::Extended { id, payload },
            Event::Hashes { range, .. } => Event::Hashes { range, payload },
            other => other,
        };
        Seen { event, payload: bytes }
    }

    /// Tells the wire of bytes that were collected without it.
    #[allow(dead_code)] // One of the fuzz targets does without.
    pub fn settle(&mut self, wire: &mut Wire) {
        wire.handle_collected(std::mem::take(&mut self.uncounted));
    }

    fn frame(&mut self, wire: &mut Wire, rest: &[u8]) -> usize {
        if self.uncounted > 0 {
            wire.handle_collected(std::mem::take(&mut self.uncounted));
        }
        let intake = wire.handle_chunk(rest);
        assert!(intake.consumed <= rest.len());
        assert!(intake.consumed > 0 || rest.is_empty(), "a chunk is always taken up");
        if intake.head > 0 {
            self.assembly.extend(&rest[..intake.head]);
            assert!(self.assembly.len() <= self.expected);
            if self.assembly.len() == self.expected {
                self.collected = Some(std::mem::take(&mut self.assembly));
                self.expected = 0;
            }
        }
        if let Some(tail) = intake.tail {
            assert!(self.assembly.is_empty(), "one payload at a time is collected");
            self.assembly.extend(&rest[tail.start..intake.consumed]);
            self.expected = tail.length as usize;
            assert!(self.assembly.len() < self.expected);
        }
        self.missing = wire.missing() as usize;
        if self.missing > 0 {
            assert_eq!(self.missing, self.expected - self.assembly.len());
        } else {
            self.assembly.clear();
        }
        intake.consumed
    }
}

/// Takes all output; blocks of the caller's are zeros.
#[allow(dead_code)] // One of the fuzz targets does without.
pub fn take_output(wire: &mut Wire) -> Vec<u8> {
    let mut output = Vec::new();
    while let Some(taken) = take_segment(wire) {
        output.extend(taken);
    }
    assert_eq!(wire.unsent(), 0);
    output
}

/// Takes the next segment of the output, with zeros for its block.
pub fn take_segment(wire: &mut Wire) -> Option<Vec<u8>> {
    let segment = wire.output().next()?;
    let block = vec![0; segment.block as usize];
    let mut bytes = vec![0; segment.bytes as usize];
    if wire.is_encrypted() {
        bytes.extend(&block);
        assert!(wire.encrypt_output(&mut bytes, &block));
    } else {
        assert!(wire.take_output(1, &mut bytes));
        bytes.extend(block);
    }
    Some(bytes)
}
