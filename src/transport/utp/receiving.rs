//! What comes from the peer, put in order.

use std::collections::VecDeque;

use crate::transport::pool::Slab;

/// How many bytes may be here: in order and not read, or waiting for others before them.
pub(super) const WINDOW: usize = 1 << 20;

/// How far ahead of the next packet another may be, in packets.
const MAX_EARLY: usize = 1024;

/// How many bytes of bits a selective acknowledgement has at most.
const MAX_SELECTIVE: usize = 64;

/// What a numbered packet carries.
enum Content {
    Data(Box<[u8]>),
    Fin,
}

/// What became of a numbered packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// It was the next one.
    InOrder,
    /// It was the next one, and others had waited for it.
    Filling,
    /// It waits for others before it.
    Early,
    /// It was here before, or there is no room for it.
    Useless,
}

/// The receiving side.
pub(super) struct Receiving {
    /// The last packet of those that came in order.
    acknowledged: u16,
    /// Those after the next one.
    early: VecDeque<Option<Content>>,
    early_length: usize,
    ready: VecDeque<Slab>,
    ready_length: usize,
    has_ended: bool,
    /// Nobody reads.
    is_discarding: bool,
}

impl Receiving {
    /// The next packet is the one after `acknowledged`.
    pub(super) fn new(acknowledged: u16) -> Self {
        Self {
            acknowledged,
            early: VecDeque::new(),
            early_length: 0,
            ready: VecDeque::new(),
            ready_length: 0,
            has_ended: false,
            is_discarding: false,
        }
    }

    pub(super) fn acknowledged(&self) -> u16 {
        self.acknowledged
    }

    /// How many bytes more there is room for.
    pub(super) fn window(&self) -> usize {
        WINDOW.saturating_sub(self.ready_length + self.early_length)
    }

    /// How many bytes may be read.
    pub(super) fn len(&self) -> usize {
        self.ready_length
    }

    /// The peer's end has come: nothing is after what may be read.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Takes a packet with data, or the peer's end if `is_fin`.
    pub(super) fn take(&mut self, sequence: u16, payload: &[u8], is_fin: bool) -> Received {
        let ahead = sequence.wrapping_sub(self.acknowledged.wrapping_add(1));
        if self.has_ended || usize::from(ahead) > MAX_EARLY || payload.len() > self.window() {
            return Received::Useless;
        }
        if ahead > 0 {
            return self.keep(usize::from(ahead) - 1, payload, is_fin);
        }
        let had_early = !self.early.is_empty();
        self.advance(payload, is_fin);
        while let Some(Some(content)) = self.early.pop_front() {
            match content {
                Content::Data(payload) => {
                    self.early_length -= payload.len();
                    self.advance(&payload, false);
                }
                Content::Fin => self.advance(&[], true),
            }
        }
        if self.has_ended {
            self.early = VecDeque::new();
            self.early_length = 0;
        }
        if had_early { Received::Filling } else { Received::InOrder }
    }

    /// Copies what came first into `bytes`; gives how much.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < bytes.len()
            && let Some(slab) = self.ready.front_mut()
        {
            let length = slab.len().min(bytes.len() - filled);
            bytes[filled..filled + length].copy_from_slice(&slab.bytes()[..length]);
            slab.advance(length);
            filled += length;
            if slab.len() == 0 {
                self.ready.pop_front();
            }
        }
        self.ready_length -= filled;
        if self.ready.is_empty() {
            self.ready = VecDeque::new();
        }
        filled
    }

    /// Nobody reads any more: what comes is acknowledged and dropped.
    pub(super) fn discard(&mut self) {
        self.is_discarding = true;
        self.ready = VecDeque::new();
        self.ready_length = 0;
    }

    pub(super) fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// The bits of a selective acknowledgement: the first is the packet after the next one.
    pub(super) fn selective(&self, bits: &mut Vec<u8>) {
        bits.clear();
        let length = self.early.len().div_ceil(32).saturating_mul(4).min(MAX_SELECTIVE);
        bits.resize(length, 0);
        for (at, content) in self.early.iter().enumerate().take(length * 8) {
            if content.is_some() {
                bits[at / 8] |= 1 << (at % 8);
            }
        }
    }

    fn keep(&mut self, at: usize, payload: &[u8], is_fin: bool) -> Received {
        while self.early.len() <= at {
            self.early.push_back(None);
        }
        if self.early[at].is_some() {
            return Received::Useless;
        }
        self.early_length += payload.len();
        self.early[at] = Some(if is_fin { Content::Fin } else { Content::Data(payload.into()) });
        Received::Early
    }

    fn advance(&mut self, mut payload: &[u8], is_fin: bool) {
        self.acknowledged = self.acknowledged.wrapping_add(1);
        self.has_ended |= is_fin;
        if self.is_discarding {
            return;
        }
        self.ready_length += payload.len();
        while !payload.is_empty() {
            let taken = match self.ready.back_mut().filter(|last| last.room() > 0) {
                Some(last) => last.append(payload),
                None => {
                    let mut slab = Slab::take();
                    let taken = slab.append(payload);
                    self.ready.push_back(slab);
                    taken
                }
            };
            payload = &payload[taken..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(receiving: &mut Receiving) -> Vec<u8> {
        let mut bytes = vec![0; receiving.len()];
        assert_eq!(receiving.read(&mut bytes), bytes.len());
        bytes
    }

    #[test]
    fn puts_in_order_what_comes_out_of_it_across_the_wrap() {
        let mut receiving = Receiving::new(0xfffd);
        assert_eq!(receiving.take(1, &[], true), Received::Early);
        assert_eq!(receiving.take(0xffff, b"b", false), Received::Early);
        assert_eq!(receiving.take(0xffff, b"b", false), Received::Useless);
        let mut bits = Vec::new();
        receiving.selective(&mut bits);
        assert_eq!(bits, [0b101, 0, 0, 0]);
        assert_eq!(receiving.take(0xfffe, b"a", false), Received::Filling);
        assert_eq!(receiving.acknowledged(), 0xffff);
        assert!(!receiving.has_ended());
        assert_eq!(receiving.take(0, b"c", false), Received::Filling);
        assert!(receiving.has_ended() && !receiving.has_early());
        assert_eq!(receiving.acknowledged(), 1);
        assert_eq!(read(&mut receiving), b"abc");
        assert_eq!(receiving.take(2, b"d", false), Received::Useless);
    }

    #[test]
    fn takes_no_more_than_its_window_whatever_the_peer_sends() {
        let mut receiving = Receiving::new(0);
        let payload = vec![7; 60_000];
        for sequence in (1..=u16::MAX).rev() {
            receiving.take(sequence, &payload, false);
            assert!(receiving.len() + receiving.early_length <= WINDOW);
            assert!(receiving.early.len() <= MAX_EARLY);
        }
        assert!(receiving.window() < payload.len());
        let length = receiving.len();
        assert_eq!(read(&mut receiving).len(), length);
    }
}
