//! One end of a connection as a caller would hold it, and both of them talking.

use bittorrent_protocol_native::wire::mse::{
    Ciphers, Error, Event, KeyJob, Level, Method, Negotiation, Options, Outcome,
};

/// The info hash of these tests.
pub const SKEY: [u8; 20] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

/// Random bytes that are the same each time.
pub struct Random(Box<dyn FnMut() -> u8>);

impl Random {
    /// A linear congruential generator's.
    pub fn seeded(seed: u32) -> Self {
        let mut state = seed;
        Self(Box::new(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    }

    /// Exactly these.
    pub fn exactly(bytes: Vec<u8>) -> Self {
        let mut bytes = bytes.into_iter();
        Self(Box::new(move || bytes.next().expect("no more random bytes were expected")))
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(&mut self.0);
    }
}

/// A negotiation with what its caller keeps beside it.
pub struct End {
    pub negotiation: Negotiation,
    pub random: Random,
    pub events: Vec<Event>,
    pub method: Option<Method>,
    /// What the application says when it is asked for an info hash.
    pub info_hash: Option<[u8; 20]>,
    /// Whether jobs and info hashes wait until [`Self::catch_up`].
    pub lazy: bool,
    job: Option<KeyJob>,
    asked: bool,
    /// Input that was not consumed.
    kept: Vec<u8>,
    /// What is to be sent.
    pub output: Vec<u8>,
    pub over: bool,
    pub ciphers: Option<Box<Ciphers>>,
    pub unsent: Vec<u8>,
    /// The stream after the handshake, decrypted.
    pub stream: Vec<u8>,
}

impl End {
    pub fn initiator(level: Level, seed: u32) -> Self {
        let options = Options { level, require_encryption: false };
        Self::new(Negotiation::initiator(options), Random::seeded(seed))
    }

    pub fn responder(level: Level, seed: u32) -> Self {
        let options = Options { level, require_encryption: false };
        Self::new(Negotiation::responder(options), Random::seeded(seed))
    }

    pub fn new(negotiation: Negotiation, random: Random) -> Self {
        Self {
            negotiation,
            random,
            events: Vec::new(),
            method: None,
            info_hash: Some(SKEY),
            lazy: false,
            job: None,
            asked: false,
            kept: Vec::new(),
            output: Vec::new(),
            over: false,
            ciphers: None,
            unsent: Vec::new(),
            stream: Vec::new(),
        }
    }

    pub fn start(&mut self) {
        self.negotiation.start(SKEY);
        self.receive(&[]).unwrap();
    }

    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// How much input waits.
    pub fn waiting(&self) -> usize {
        self.kept.len()
    }

    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.kept.extend(bytes);
        loop {
            if self.over {
                let mut rest = std::mem::take(&mut self.kept);
                if let Some(ciphers) = &mut self.ciphers {
                    ciphers.decrypt.apply_in_place(&mut rest);
                }
                self.stream.extend(rest);
                return Ok(());
            }
            let consumed = self.negotiation.handle_input(&self.kept)?;
            self.kept.drain(..consumed);
            self.poll();
            if !self.over && (self.lazy || !self.work()) {
                return Ok(());
            }
        }
    }

    /// Does what waits, if this end is lazy.
    pub fn catch_up(&mut self) -> Result<bool, Error> {
        let worked = self.work();
        self.receive(&[])?;
        Ok(worked)
    }

    /// Sends bytes of the stream, after the handshake.
    pub fn send(&mut self, bytes: &[u8]) {
        assert!(self.over);
        let mut bytes = bytes.to_vec();
        if let Some(ciphers) = &mut self.ciphers {
            ciphers.encrypt.apply_in_place(&mut bytes);
        }
        self.output.extend(bytes);
    }

    fn poll(&mut self) {
        if let Some(job) = self.negotiation.poll_job() {
            assert!(self.job.replace(job).is_none(), "two jobs at a time");
        }
        self.output.extend(self.negotiation.take_output());
        while let Some(event) = self.negotiation.poll_event() {
            self.events.push(event);
            match event {
                Event::InfoHashNeeded(_) => self.asked = true,
                Event::PlaintextPeer => self.over = true,
                Event::Done { method } => {
                    self.over = true;
                    self.method = Some(method);
                }
            }
        }
        if let Some(outcome) = self.negotiation.take_outcome() {
            assert!(self.over, "the event comes first");
            let Outcome { ciphers, received, unsent } = outcome;
            self.ciphers = ciphers;
            self.stream = received;
            self.unsent = unsent;
        }
    }

    /// Answers one of the things that the negotiation waits for.
    fn work(&mut self) -> bool {
        if let Some(job) = self.job.take() {
            let random = &mut self.random;
            let agreement = job.run(&mut |bytes| random.fill(bytes));
            self.negotiation.handle_key_agreement(agreement);
            self.poll();
            true
        } else if let (true, Some(info_hash)) = (self.asked, self.info_hash) {
            self.asked = false;
            self.negotiation.set_info_hash(info_hash);
            true
        } else {
            false
        }
    }
}

/// Carries bytes both ways, in chunks of `next_length()` bytes, until neither end has any left.
pub fn converse(
    a: &mut End,
    b: &mut End,
    mut next_length: impl FnMut() -> usize,
) -> Result<(), Error> {
    let (mut to_a, mut to_b) = (Vec::new(), Vec::new());
    loop {
        to_b.extend(a.take_output());
        to_a.extend(b.take_output());
        if to_a.is_empty() && to_b.is_empty() {
            let worked = a.catch_up()? | b.catch_up()?;
            if !worked && a.output.is_empty() && b.output.is_empty() {
                return Ok(());
            }
        }
        let chunk: Vec<u8> =
            to_b.drain(..next_length().clamp(1, usize::MAX).min(to_b.len())).collect();
        b.receive(&chunk)?;
        let chunk: Vec<u8> =
            to_a.drain(..next_length().clamp(1, usize::MAX).min(to_a.len())).collect();
        a.receive(&chunk)?;
    }
}

/// What each end sends in a handshake where everything goes well.
pub struct Transcript {
    pub step_1: Vec<u8>,
    pub step_2: Vec<u8>,
    pub step_3: Vec<u8>,
    pub step_4: Vec<u8>,
}

impl Transcript {
    pub fn of(a: &mut End, b: &mut End) -> Self {
        a.start();
        let step_1 = a.take_output();
        b.receive(&step_1).unwrap();
        let step_2 = b.take_output();
        a.receive(&step_2).unwrap();
        let step_3 = a.take_output();
        b.receive(&step_3).unwrap();
        let step_4 = b.take_output();
        a.receive(&step_4).unwrap();
        assert!(a.over && b.over);
        Self { step_1, step_2, step_3, step_4 }
    }
}
