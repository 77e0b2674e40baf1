//! Drives a [`Wire`] as `lib/inbound.js` does: gives it chunks, collects the payload that a
//! chunk's end cuts, and polls. The fuzz targets share it.

use bittorrent_protocol_native::wire::{Event, Payload, Wire};

/// An event, with the payload that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The event; where its payload lies depends on the chunks, so it counts as collected.
    pub event: Event,
    /// The bytes of its payload; empty if it has none.
    pub payload: Vec<u8>,
}

/// The place of a collected payload.
#[derive(Debug, Default)]
pub struct Inbound {
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
    /// anything.
    pub fn receive(
        &mut self,
        wire: &mut Wire,
        chunk: &[u8],
        now: u64,
        mut on_event: impl FnMut(&mut Wire, Seen),
    ) {
        if chunk.len() < self.missing {
            self.assembly.extend(chunk);
            self.missing -= chunk.len();
            self.uncounted += chunk.len() as u32;
            return;
        }
        let mut rest = chunk;
        loop {
            let consumed = self.frame(wire, rest);
            let part = &rest[..consumed];
            while let Some(event) = wire.poll_event(now) {
                let seen = self.resolve(event, part);
                on_event(wire, seen);
            }
            // Only of a wire that was closed is there anything left.
            self.collected = None;
            rest = &rest[consumed..];
            if rest.is_empty() {
                return;
            }
        }
    }

    /// Takes a payload out of the chunk or out of the collected buffer.
    pub fn resolve(&mut self, event: Event, part: &[u8]) -> Seen {
        let payload = match &event {
            Event::Piece { payload, .. } | Event::Extended { payload, .. } => *payload,
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
            Event::Piece { index, offset, request, .. } => {
                Event::Piece { index, offset, payload, request }
            }
            Event::Extended { id, .. } => Event::Extended { id, payload },
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
    let mut bytes = vec![0; segment.bytes as usize];
    assert!(wire.take_output(1, &mut bytes));
    bytes.resize(bytes.len() + segment.block as usize, 0);
    Some(bytes)
}
