//! One connection's handshake, whichever end of it we are.

use std::collections::VecDeque;
use std::mem;
use std::ops::ControlFlow;

use super::ciphers::Ciphers;
use super::initiator::Initiator;
use super::key_agreement::{KeyAgreement, KeyJob};
use super::method::{Level, Method};
use super::opening::PLAINTEXT_PREFIX;
use super::responder::Responder;
use super::{Error, MAX_PADDING};

/// The verification constant.
pub(super) const VC: [u8; 8] = [0; 8];

/// What an end asks of a negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The crypto methods to offer, or to choose from.
    pub level: Level,
    /// Makes a plaintext handshake a violation. What the stream is sent in after an obfuscated
    /// handshake stays a matter of `level`.
    pub require_encryption: bool,
}

/// Something that the application wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The responder needs the info hash whose HASH('req2', SKEY) this is: see
    /// [`Negotiation::set_info_hash`].
    InfoHashNeeded([u8; 20]),
    /// The peer sent a plaintext handshake: the negotiation is over, the connection is plaintext.
    PlaintextPeer,
    /// The negotiation is over.
    Done {
        /// What everything that follows is sent in, both ways.
        method: Method,
    },
}

/// What a negotiation that is over leaves behind.
pub struct Outcome {
    /// For everything that follows; `None` where that is plaintext.
    pub ciphers: Option<Box<Ciphers>>,
    /// The beginning of the peer's BitTorrent stream, decrypted: IA (at most 65,535 bytes), or the
    /// part of a plaintext handshake that had to be taken to recognize it. It comes before the
    /// input that was not consumed.
    pub received: Vec<u8>,
    /// What [`Negotiation::set_initial_payload`] took, if it never went out because the peer speaks
    /// plaintext: it is yet to be sent.
    pub unsent: Vec<u8>,
}

/// The handshake of Message Stream Encryption: [how to drive it](super).
pub struct Negotiation {
    role: Role,
    outputs: Outputs,
    /// The violation that ended it.
    violation: Option<Error>,
}

enum Role {
    Initiator(Initiator),
    Responder(Responder),
}

/// What one end does with what it reads: a state machine.
pub(super) trait Reader {
    /// What is read next; by default nothing any more.
    type State: Default;

    fn state(&mut self) -> &mut Self::State;

    /// Reads what `state` is about. Breaks when it lacks input, or must not read on yet.
    fn read(
        &mut self,
        state: Self::State,
        input: &mut &[u8],
        outputs: &mut Outputs,
    ) -> Result<ControlFlow<Self::State, Self::State>, Error>;

    /// Reads as far as it can. After a violation it reads nothing any more.
    fn handle_input(&mut self, input: &mut &[u8], outputs: &mut Outputs) -> Result<(), Error> {
        loop {
            let state = mem::take(self.state());
            match self.read(state, input, outputs)? {
                ControlFlow::Continue(state) => *self.state() = state,
                ControlFlow::Break(state) => {
                    *self.state() = state;
                    return Ok(());
                }
            }
        }
    }
}

/// What the roles put out, until it is fetched.
#[derive(Default)]
pub(super) struct Outputs {
    pub(super) bytes: Vec<u8>,
    pub(super) job: Option<KeyJob>,
    pub(super) events: VecDeque<Event>,
    outcome: Option<Outcome>,
}

impl Negotiation {
    /// For a connection that we opened. It says nothing before [`start`](Self::start).
    pub fn initiator(options: Options) -> Self {
        Self::new(Role::Initiator(Initiator::new(options)))
    }

    /// For a connection that the peer opened.
    pub fn responder(options: Options) -> Self {
        Self::new(Role::Responder(Responder::new(options)))
    }

    fn new(role: Role) -> Self {
        Self { role, outputs: Outputs::default(), violation: None }
    }

    /// Lets the initiator begin; `info_hash` is SKEY. What the peer has already sent counts: it may
    /// have answered in plaintext by now, and then this does nothing.
    ///
    /// A second call, or one to a responder, does nothing.
    pub fn start(&mut self, info_hash: [u8; 20]) {
        if let (Role::Initiator(initiator), None) = (&mut self.role, self.violation) {
            initiator.start(info_hash, &mut self.outputs);
        }
    }

    /// Tells the responder SKEY, at any time; until it is told it takes no input beyond the hash
    /// of [`Event::InfoHashNeeded`]. The input that waits is then to be given again.
    ///
    /// It need not be the one asked for, but the peer's VC would show. Does nothing to an initiator.
    pub fn set_info_hash(&mut self, info_hash: [u8; 20]) {
        if let Role::Responder(responder) = &mut self.role {
            responder.set_info_hash(info_hash);
        }
    }

    /// Has the initiator send `bytes` (our BitTorrent handshake, to begin with) as IA: encrypted
    /// whatever the method, and a round trip earlier than after it all. A second call replaces the
    /// first.
    ///
    /// Says whether it will be. If not, for step 3 has gone out, `bytes` are longer than 65,535 or
    /// the peer speaks plaintext or we respond, they are to be sent when the negotiation is over.
    #[must_use]
    pub fn set_initial_payload(&mut self, bytes: &[u8]) -> bool {
        match &mut self.role {
            Role::Initiator(initiator) if self.violation.is_none() => {
                initiator.set_initial_payload(bytes)
            }
            _ => false,
        }
    }

    /// Takes bytes of the peer; says how many.
    ///
    /// If fewer than given, the rest is to be kept and given again: after
    /// [`handle_key_agreement`](Self::handle_key_agreement), after
    /// [`start`](Self::start), or after [`set_info_hash`](Self::set_info_hash). Or the negotiation
    /// is over: the rest is BitTorrent stream, after [`Outcome::received`], in the agreed method.
    ///
    /// # Errors
    ///
    /// The peer violated the protocol. Any further call gives the same error.
    pub fn handle_input(&mut self, input: &[u8]) -> Result<usize, Error> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        let mut rest = input;
        let result = match &mut self.role {
            Role::Initiator(initiator) => initiator.handle_input(&mut rest, &mut self.outputs),
            Role::Responder(responder) => responder.handle_input(&mut rest, &mut self.outputs),
        };
        match result {
            Ok(()) => Ok(input.len() - rest.len()),
            Err(violation) => {
                self.violation = Some(violation);
                self.outputs = Outputs::default();
                Err(violation)
            }
        }
    }

    /// Takes the result of the latest [`KeyJob`]; the input that waits is then to be given again.
    pub fn handle_key_agreement(&mut self, agreement: KeyAgreement) {
        match &mut self.role {
            _ if self.violation.is_some() => {}
            Role::Initiator(initiator) => {
                initiator.handle_key_agreement(agreement.0, &mut self.outputs);
            }
            Role::Responder(responder) => {
                responder.handle_key_agreement(agreement.0, &mut self.outputs);
            }
        }
    }

    /// Gives the work that the negotiation waits for, once.
    pub fn poll_job(&mut self) -> Option<KeyJob> {
        self.outputs.job.take()
    }

    /// Gives what has happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.outputs.events.pop_front()
    }

    /// Gives what is to be sent to the peer, in this order; often nothing.
    pub fn take_output(&mut self) -> Vec<u8> {
        mem::take(&mut self.outputs.bytes)
    }

    /// Gives, once, what the negotiation leaves: after [`Event::Done`] or
    /// [`Event::PlaintextPeer`].
    pub fn take_outcome(&mut self) -> Option<Outcome> {
        self.outputs.outcome.take()
    }
}

impl Outputs {
    pub(super) fn finish(&mut self, method: Method, ciphers: Box<Ciphers>, received: Vec<u8>) {
        self.events.push_back(Event::Done { method });
        let ciphers = (method == Method::Rc4).then_some(ciphers);
        self.outcome = Some(Outcome { ciphers, received, unsent: Vec::new() });
    }

    pub(super) fn finish_in_plaintext(&mut self, unsent: Vec<u8>) {
        // A step 1 that has not gone out yet would now only be in the way.
        self.job = None;
        self.bytes.clear();
        self.events.push_back(Event::PlaintextPeer);
        let received = PLAINTEXT_PREFIX.to_vec();
        self.outcome = Some(Outcome { ciphers: None, received, unsent });
    }
}

/// Reads len(PadC) or len(PadD).
pub(super) fn padding_length(bytes: [u8; 2]) -> Result<u16, Error> {
    match u16::from_be_bytes(bytes) {
        length @ ..=MAX_PADDING => Ok(length),
        length => Err(Error::Padding(length)),
    }
}
