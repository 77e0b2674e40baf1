//! The end that opens the connection: A in the specification.

use std::mem;
use std::ops::ControlFlow::{self, Break, Continue};

use super::Error;
use super::ciphers::Ciphers;
use super::field::{Field, take_up_to};
use super::hash::{mask_skey_hash, req1, skey_hash};
use super::key_agreement::{Agreed, KeyJob, PrivateKey, PublicKey, Secret};
use super::method::{Level, Method};
use super::negotiation::{Options, Outputs, Reader, VC, padding_length};
use super::opening::{Opened, Opening};
use super::synchronizer::Synchronizer;

/// Sends steps 1 and 3, reads steps 2 and 4.
pub(super) struct Initiator {
    level: Level,
    /// SKEY, since the start.
    skey: Option<[u8; 20]>,
    /// Xa, from when Ya has gone out until Yb is in.
    xa: Option<PrivateKey>,
    /// Yb, if it came before that.
    yb: Option<PublicKey>,
    /// IA, until step 3 goes out.
    ia: Vec<u8>,
    state: State,
}

/// What is read next.
#[derive(Default)]
pub(super) enum State {
    /// Yb, or a plaintext handshake.
    Opening(Opening),
    /// Nothing, until S is there and step 3 goes out.
    AwaitingS,
    /// PadB, ENCRYPT(VC).
    Vc { synchronizer: Synchronizer<{ VC.len() }>, ciphers: Box<Ciphers> },
    /// crypto_select, len(PadD).
    CryptoSelect { field: Field<6>, ciphers: Box<Ciphers> },
    /// PadD, of which `left` bytes are yet to come.
    PadD { left: u16, method: Method, ciphers: Box<Ciphers> },
    /// Nothing any more.
    #[default]
    Done,
}

impl Initiator {
    pub(super) fn new(options: Options) -> Self {
        Self {
            level: options.level,
            skey: None,
            xa: None,
            yb: None,
            ia: Vec::new(),
            state: State::Opening(Opening::new(options.require_encryption)),
        }
    }

    pub(super) fn start(&mut self, skey: [u8; 20], outputs: &mut Outputs) {
        if self.skey.is_none() && !matches!(self.state, State::Done) {
            self.skey = Some(skey);
            outputs.job = Some(KeyJob::ya());
        }
    }

    pub(super) fn set_initial_payload(&mut self, ia: &[u8]) -> bool {
        let before_step_3 = matches!(self.state, State::Opening(_) | State::AwaitingS);
        let fits = before_step_3 && ia.len() <= usize::from(u16::MAX);
        if fits {
            self.ia = ia.to_vec();
        }
        fits
    }

    pub(super) fn handle_key_agreement(&mut self, agreed: Agreed, outputs: &mut Outputs) {
        match (agreed, &self.state) {
            (Agreed::Ya { xa, ya, pad_a }, State::Opening(_) | State::AwaitingS) => {
                outputs.bytes.extend(ya);
                outputs.bytes.extend(pad_a);
                match self.yb.take() {
                    Some(yb) => outputs.job = Some(KeyJob::s_of_initiator(xa, yb)),
                    None => self.xa = Some(xa),
                }
            }
            (Agreed::SOfInitiator { s, len_pad_c }, State::AwaitingS) => {
                if let Some(skey) = self.skey {
                    self.send_step_3(&s, &skey, len_pad_c, outputs);
                }
            }
            // The peer has turned out to speak plaintext, or this is of another negotiation.
            _ => {}
        }
    }

    /// Sends HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S), ENCRYPT(VC, crypto_provide,
    /// len(PadC), PadC, len(IA)), ENCRYPT(IA).
    fn send_step_3(&mut self, s: &Secret, skey: &[u8; 20], len_pad_c: u16, outputs: &mut Outputs) {
        let mut ciphers = Ciphers::of_initiator(s, skey);
        let ia = mem::take(&mut self.ia);
        // `set_initial_payload` takes no more than fits.
        let len_ia = ia.len() as u16;

        let out = &mut outputs.bytes;
        out.extend(req1(s));
        out.extend(mask_skey_hash(skey_hash(skey), s));
        let encrypted = out.len();
        out.extend(VC);
        out.extend(self.level.crypto_provide().to_be_bytes());
        out.extend(len_pad_c.to_be_bytes());
        out.resize(out.len() + usize::from(len_pad_c), 0);
        out.extend(len_ia.to_be_bytes());
        out.extend(ia);
        ciphers.encrypt.apply_in_place(&mut out[encrypted..]);

        // What VC looks like in the responder's stream; the cipher is then past it.
        let mut encrypted_vc = VC;
        ciphers.decrypt.apply_in_place(&mut encrypted_vc);
        self.state = State::Vc { synchronizer: Synchronizer::new(encrypted_vc), ciphers };
    }
}

impl Reader for Initiator {
    type State = State;

    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn read(
        &mut self,
        state: State,
        input: &mut &[u8],
        outputs: &mut Outputs,
    ) -> Result<ControlFlow<State, State>, Error> {
        Ok(match state {
            State::Opening(mut opening) => match opening.read(input)? {
                None => Break(State::Opening(opening)),
                Some(Opened::Plaintext) => {
                    outputs.finish_in_plaintext(mem::take(&mut self.ia));
                    Break(State::Done)
                }
                Some(Opened::Key(yb)) => {
                    match self.xa.take() {
                        Some(xa) => outputs.job = Some(KeyJob::s_of_initiator(xa, yb)),
                        None => self.yb = Some(yb),
                    }
                    Break(State::AwaitingS)
                }
            },
            State::AwaitingS => Break(State::AwaitingS),
            State::Vc { mut synchronizer, ciphers } => {
                if synchronizer.read(input)? {
                    Continue(State::CryptoSelect { field: Field::new(), ciphers })
                } else {
                    Break(State::Vc { synchronizer, ciphers })
                }
            }
            State::CryptoSelect { mut field, mut ciphers } => {
                let Some(bytes) = field.fill(input) else {
                    return Ok(Break(State::CryptoSelect { field, ciphers }));
                };
                ciphers.decrypt.apply_in_place(bytes);
                let [select @ .., len_0, len_1] = *bytes;
                let method = self.level.selected(u32::from_be_bytes(select))?;
                let left = padding_length([len_0, len_1])?;
                Continue(State::PadD { left, method, ciphers })
            }
            State::PadD { mut left, method, mut ciphers } => {
                ciphers.decrypt.discard(take_up_to(&mut left, input).len());
                if left > 0 {
                    return Ok(Break(State::PadD { left, method, ciphers }));
                }
                outputs.finish(method, ciphers, Vec::new());
                Break(State::Done)
            }
            State::Done => Break(State::Done),
        })
    }
}
