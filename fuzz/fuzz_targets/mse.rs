//! One end of an MSE handshake, which hears what an honest peer says, changed on the way.
//!
//! The keys are agreed once for all runs, so that a run costs microseconds and the fuzzer gets to
//! what is behind them. RC4 is a stream: to flip a bit of the ciphertext is to flip it in the
//! plaintext, so that any crypto_provide, length or VC can come.
#![no_main]

use std::sync::OnceLock;

use bittorrent_protocol_native::wire::mse::{
    Error, Event, KeyAgreement, Level, Method, Negotiation, Options, Outcome,
};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const SKEY: [u8; 20] = [0x5a; 20];

#[derive(Arbitrary, Debug)]
struct Input {
    /// Whether the end that hears it is the responder.
    responder: bool,
    rc4_only: bool,
    peer_rc4_only: bool,
    require_encryption: bool,
    /// In how many inputs from when they are asked for the answers come.
    late: u8,
    ia: Vec<u8>,
    /// The stream that follows the handshake, in the same chunks.
    stream: Vec<u8>,
    changes: Vec<Change>,
    /// The lengths of the chunks, over and over.
    chunks: Vec<u16>,
}

#[derive(Arbitrary, Debug)]
enum Change {
    /// XORs a byte.
    Flip { at: u16, with: u8 },
    /// XORs what decides: crypto_provide or crypto_select, and len(PadC) or len(PadD) behind it.
    FlipMethod { method: u32, length: u16 },
    /// XORs len(IA).
    FlipLenIa(u16),
    /// Puts bytes between.
    Insert { at: u16, bytes: Vec<u8> },
    /// Takes bytes out.
    Remove { at: u16, length: u16 },
}

fuzz_target!(|input: Input| {
    if input.ia.len() > 0xffff {
        return; // more than an initiator takes
    }
    let level = level(input.rc4_only);
    let peer_level = level_of_peer(&input);
    let (mut bytes, fields) = honest_peer(&input, level, peer_level);
    let changed = !input.changes.is_empty();
    for change in &input.changes {
        change.apply(&mut bytes, &fields);
    }

    let mut end = End::new(input.responder, level, input.require_encryption);
    end.late = input.late;
    let result = end.hear_in_chunks(&bytes, &input.chunks);
    if changed {
        return;
    }
    result.expect("an honest peer is no violation");
    let both_plaintext = !input.rc4_only && !input.peer_rc4_only;
    let method = if both_plaintext { Method::Plaintext } else { Method::Rc4 };
    assert_eq!(end.method, Some(method));
    let ia: &[u8] = if input.responder { &input.ia } else { &[] };
    assert_eq!(end.stream, [ia, &input.stream].concat());
});

fn level(rc4_only: bool) -> Level {
    if rc4_only { Level::Rc4Only } else { Level::PlaintextAllowed }
}

fn level_of_peer(input: &Input) -> Level {
    level(input.peer_rc4_only)
}

/// Where the fields begin that decide.
struct Fields {
    method: usize,
    len_ia: Option<usize>,
}

/// All that an honest peer says to the end under test.
fn honest_peer(input: &Input, level: Level, peer_level: Level) -> (Vec<u8>, Fields) {
    let (level_a, level_b) =
        if input.responder { (peer_level, level) } else { (level, peer_level) };
    let mut a = End::new(false, level_a, false);
    let mut b = End::new(true, level_b, false);
    assert!(a.negotiation.set_initial_payload(&input.ia));
    a.hear(&[]).unwrap();
    let step_1 = a.sent();
    b.hear(&step_1).unwrap();
    let step_2 = b.sent();
    a.hear(&step_2).unwrap();
    let step_3 = a.sent();
    b.hear(&step_3).unwrap();
    let step_4 = b.sent();
    a.hear(&step_4).unwrap();

    let peer = if input.responder { &mut a } else { &mut b };
    let mut stream = input.stream.clone();
    if let Some(outcome) = &mut peer.outcome
        && let Some(ciphers) = &mut outcome.ciphers
    {
        ciphers.encrypt.apply_in_place(&mut stream);
    }
    if input.responder {
        let method = step_1.len() + 40 + 8;
        let len_ia = step_1.len() + step_3.len() - input.ia.len() - 2;
        ([step_1, step_3, stream].concat(), Fields { method, len_ia: Some(len_ia) })
    } else {
        let method = step_2.len() + 8;
        ([step_2, step_4, stream].concat(), Fields { method, len_ia: None })
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>, fields: &Fields) {
        let flip = |bytes: &mut Vec<u8>, at: usize, with: &[u8]| {
            bytes.iter_mut().skip(at).zip(with).for_each(|(byte, with)| *byte ^= with);
        };
        match self {
            Self::Flip { at, with } => flip(bytes, usize::from(*at), &[*with]),
            Self::FlipMethod { method, length } => {
                flip(bytes, fields.method, &method.to_be_bytes());
                flip(bytes, fields.method + 4, &length.to_be_bytes());
            }
            Self::FlipLenIa(length) => {
                if let Some(at) = fields.len_ia {
                    flip(bytes, at, &length.to_be_bytes());
                }
            }
            Self::Insert { at, bytes: inserted } => {
                let at = usize::from(*at).min(bytes.len());
                bytes.splice(at..at, inserted.iter().copied());
            }
            Self::Remove { at, length } => {
                let at = usize::from(*at).min(bytes.len());
                let end = (at + usize::from(*length)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

struct End {
    negotiation: Negotiation,
    /// The results of its jobs, in order.
    agreements: std::slice::Iter<'static, KeyAgreement>,
    late: u8,
    /// What it waits for, and for how many inputs still.
    job: Option<u8>,
    info_hash: Option<u8>,
    kept: Vec<u8>,
    sent: Vec<u8>,
    method: Option<Method>,
    outcome: Option<Outcome>,
    /// Decrypted.
    stream: Vec<u8>,
}

impl End {
    fn new(responder: bool, level: Level, require_encryption: bool) -> Self {
        static AGREEMENTS: OnceLock<(Vec<KeyAgreement>, Vec<KeyAgreement>)> = OnceLock::new();
        let (of_initiator, of_responder) = AGREEMENTS.get_or_init(agree);
        let options = Options { level, require_encryption };
        let (negotiation, agreements) = if responder {
            (Negotiation::responder(options), of_responder)
        } else {
            let mut negotiation = Negotiation::initiator(options);
            negotiation.start(SKEY);
            (negotiation, of_initiator)
        };
        Self {
            negotiation,
            agreements: agreements.iter(),
            late: 0,
            job: None,
            info_hash: None,
            kept: Vec::new(),
            sent: Vec::new(),
            method: None,
            outcome: None,
            stream: Vec::new(),
        }
    }

    fn hear_in_chunks(&mut self, bytes: &[u8], lengths: &[u16]) -> Result<(), Error> {
        let mut rest = bytes;
        let mut lengths = lengths.iter().cycle();
        while !rest.is_empty() {
            let length = lengths.next().map_or(usize::MAX, |&length| usize::from(length).max(1));
            let (chunk, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            self.hear(chunk)?;
        }
        self.late = 0;
        while self.job.is_some() || self.info_hash.is_some() {
            self.hear(&[])?;
        }
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.kept.extend(bytes);
        loop {
            if let Some(outcome) = &mut self.outcome {
                let mut rest = std::mem::take(&mut self.kept);
                if let Some(ciphers) = &mut outcome.ciphers {
                    ciphers.decrypt.apply_in_place(&mut rest);
                }
                self.stream.extend(rest);
                return Ok(());
            }
            match self.negotiation.handle_input(&self.kept) {
                Ok(consumed) => drop(self.kept.drain(..consumed)),
                Err(violation) => {
                    assert_eq!(self.negotiation.handle_input(&self.kept), Err(violation));
                    assert!(self.negotiation.poll_event().is_none());
                    return Err(violation);
                }
            }
            self.poll();
            if self.outcome.is_none() && !self.answer() {
                return Ok(());
            }
        }
    }

    fn sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    fn poll(&mut self) {
        if self.negotiation.poll_job().is_some() {
            self.job = Some(self.late);
        }
        self.sent.extend(self.negotiation.take_output());
        while let Some(event) = self.negotiation.poll_event() {
            match event {
                Event::InfoHashNeeded(_) => self.info_hash = Some(self.late),
                Event::PlaintextPeer => {}
                Event::Done { method } => self.method = Some(method),
            }
        }
        if let Some(mut outcome) = self.negotiation.take_outcome() {
            assert!(outcome.received.len() <= 0xffff);
            self.stream = std::mem::take(&mut outcome.received);
            self.outcome = Some(outcome);
            self.job = None;
        }
    }

    /// Gives an answer that is due, if there is one.
    fn answer(&mut self) -> bool {
        let due = |waits: &mut Option<u8>| match waits {
            None => false,
            Some(0) => waits.take().is_some(),
            Some(left) => {
                *left -= 1;
                false
            }
        };
        if due(&mut self.job) {
            if let Some(agreement) = self.agreements.next() {
                self.negotiation.handle_key_agreement(agreement.clone());
                self.poll();
            }
            true
        } else if due(&mut self.info_hash) {
            self.negotiation.set_info_hash(SKEY);
            true
        } else {
            false
        }
    }
}

/// What the jobs of an initiator and of a responder give, when they speak to each other.
fn agree() -> (Vec<KeyAgreement>, Vec<KeyAgreement>) {
    let mut state = 1u32;
    let mut random = |bytes: &mut [u8]| {
        bytes.fill_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
    };
    let options = Options { level: Level::Rc4Only, require_encryption: false };
    let mut a = Negotiation::initiator(options);
    let mut b = Negotiation::responder(options);
    a.start(SKEY);
    let ya = a.poll_job().unwrap().run(&mut random);
    a.handle_key_agreement(ya.clone());
    b.handle_input(&a.take_output()).unwrap();
    let yb_and_s = b.poll_job().unwrap().run(&mut random);
    b.handle_key_agreement(yb_and_s.clone());
    a.handle_input(&b.take_output()).unwrap();
    let s = a.poll_job().unwrap().run(&mut random);
    (vec![ya, s], vec![yb_and_s])
}
