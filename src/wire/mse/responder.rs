//! The end that the connection is opened to: B in the specification.

use std::ops::ControlFlow::{self, Break, Continue};

use super::Error;
use super::ciphers::Ciphers;
use super::field::{Field, take_up_to};
use super::hash::{mask_skey_hash, req1};
use super::key_agreement::{Agreed, KeyJob, Secret};
use super::method::{Level, Method};
use super::negotiation::{Event, Options, Outputs, Reader, VC, padding_length};
use super::opening::{Opened, Opening};
use super::synchronizer::Synchronizer;

/// Reads steps 1 and 3, sends steps 2 and 4.
pub(super) struct Responder {
    level: Level,
    /// SKEY, once the application has named it.
    skey: Option<[u8; 20]>,
    /// len(PadD), drawn along with the keys.
    len_pad_d: u16,
    state: State,
}

/// What is read next.
#[derive(Default)]
pub(super) enum State {
    /// Ya, or a plaintext handshake.
    Opening(Opening),
    /// Nothing, until Yb and S are there and step 2 goes out.
    AwaitingS,
    /// PadA, HASH('req1', S).
    Req1 { synchronizer: Synchronizer<20>, s: Secret },
    /// HASH('req2', SKEY) xor HASH('req3', S).
    SkeyHash { field: Field<20>, s: Secret },
    /// Nothing, until the application names SKEY.
    AwaitingSkey { s: Secret },
    /// VC, crypto_provide, len(PadC).
    CryptoProvide { field: Field<14>, ciphers: Box<Ciphers> },
    /// PadC, of which `left` bytes are yet to come.
    PadC { left: u16, method: Method, ciphers: Box<Ciphers> },
    /// len(IA).
    LenIa { field: Field<2>, method: Method, ciphers: Box<Ciphers> },
    /// IA, of which `left` bytes are yet to come; `ia` are those that have, decrypted.
    Ia { left: u16, ia: Vec<u8>, method: Method, ciphers: Box<Ciphers> },
    /// Nothing any more.
    #[default]
    Done,
}

impl Responder {
    pub(super) fn new(options: Options) -> Self {
        Self {
            level: options.level,
            skey: None,
            len_pad_d: 0,
            state: State::Opening(Opening::new(options.require_encryption)),
        }
    }

    pub(super) fn set_info_hash(&mut self, skey: [u8; 20]) {
        self.skey = Some(skey);
    }

    pub(super) fn handle_key_agreement(&mut self, agreed: Agreed, outputs: &mut Outputs) {
        if let (Agreed::YbAndS { yb, s, pad_b, len_pad_d }, State::AwaitingS) =
            (agreed, &self.state)
        {
            outputs.bytes.extend(yb);
            outputs.bytes.extend(pad_b);
            self.len_pad_d = len_pad_d;
            self.state = State::Req1 { synchronizer: Synchronizer::new(req1(&s)), s };
        }
    }

    /// Sends ENCRYPT(VC, crypto_select, len(PadD), PadD).
    fn send_step_4(&self, method: Method, ciphers: &mut Ciphers, outputs: &mut Outputs) {
        let out = &mut outputs.bytes;
        let encrypted = out.len();
        out.extend(VC);
        out.extend((method as u32).to_be_bytes());
        out.extend(self.len_pad_d.to_be_bytes());
        out.resize(out.len() + usize::from(self.len_pad_d), 0);
        ciphers.encrypt.apply_in_place(&mut out[encrypted..]);
    }
}

impl Reader for Responder {
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
                    outputs.finish_in_plaintext(Vec::new());
                    Break(State::Done)
                }
                Some(Opened::Key(ya)) => {
                    outputs.job = Some(KeyJob::yb_and_s(ya));
                    Break(State::AwaitingS)
                }
            },
            State::AwaitingS => Break(State::AwaitingS),
            State::Req1 { mut synchronizer, s } => {
                if synchronizer.read(input)? {
                    Continue(State::SkeyHash { field: Field::new(), s })
                } else {
                    Break(State::Req1 { synchronizer, s })
                }
            }
            State::SkeyHash { mut field, s } => {
                let Some(masked) = field.fill(input) else {
                    return Ok(Break(State::SkeyHash { field, s }));
                };
                let skey_hash = mask_skey_hash(*masked, &s);
                outputs.events.push_back(Event::InfoHashNeeded(skey_hash));
                Continue(State::AwaitingSkey { s })
            }
            State::AwaitingSkey { s } => match self.skey {
                None => Break(State::AwaitingSkey { s }),
                Some(skey) => Continue(State::CryptoProvide {
                    field: Field::new(),
                    ciphers: Ciphers::of_responder(&s, &skey),
                }),
            },
            State::CryptoProvide { mut field, mut ciphers } => {
                let Some(bytes) = field.fill(input) else {
                    return Ok(Break(State::CryptoProvide { field, ciphers }));
                };
                ciphers.decrypt.apply_in_place(bytes);
                let [vc @ .., p0, p1, p2, p3, len_0, len_1] = *bytes;
                if vc != VC {
                    return Err(Error::VerificationConstant);
                }
                let method = self.level.select(u32::from_be_bytes([p0, p1, p2, p3]))?;
                let left = padding_length([len_0, len_1])?;
                Continue(State::PadC { left, method, ciphers })
            }
            State::PadC { mut left, method, mut ciphers } => {
                ciphers.decrypt.discard(take_up_to(&mut left, input).len());
                if left > 0 {
                    return Ok(Break(State::PadC { left, method, ciphers }));
                }
                Continue(State::LenIa { field: Field::new(), method, ciphers })
            }
            State::LenIa { mut field, method, mut ciphers } => {
                let Some(bytes) = field.fill(input) else {
                    return Ok(Break(State::LenIa { field, method, ciphers }));
                };
                ciphers.decrypt.apply_in_place(bytes);
                let left = u16::from_be_bytes(*bytes);
                Continue(State::Ia { left, ia: Vec::new(), method, ciphers })
            }
            State::Ia { mut left, mut ia, method, mut ciphers } => {
                // Room is made for what has come only, not for what is announced.
                let decrypted = ia.len();
                ia.extend(take_up_to(&mut left, input));
                ciphers.decrypt.apply_in_place(&mut ia[decrypted..]);
                if left > 0 {
                    return Ok(Break(State::Ia { left, ia, method, ciphers }));
                }
                self.send_step_4(method, &mut ciphers, outputs);
                outputs.finish(method, ciphers, ia);
                Break(State::Done)
            }
            State::Done => Break(State::Done),
        })
    }
}
