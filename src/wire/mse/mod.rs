//! Message Stream Encryption (MSE, also called protocol encryption, PE): a Diffie-Hellman handshake
//! before the BitTorrent handshake, after which the stream is RC4 or plaintext.
//!
//! It is obfuscation, not security: it hides BitTorrent from who merely looks, and authenticates
//! nobody. The names are those of the specification, in which A opens the connection to B:
//!
//! ```text
//! 1  A → B   Ya, PadA
//! 2  B → A   Yb, PadB
//! 3  A → B   HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S),
//!            ENCRYPT(VC, crypto_provide, len(PadC), PadC, len(IA)), ENCRYPT(IA)
//! 4  B → A   ENCRYPT(VC, crypto_select, len(PadD), PadD), ENCRYPT2(the stream)
//! 5  A → B   ENCRYPT2(the stream)
//! ```
//!
//! SKEY is the info hash, S the shared secret, VC eight zeros; each padding has up to 512 bytes.
//!
//! # How to drive it
//!
//! A [`Negotiation`] does no I/O, knows no time, and draws no random numbers; it never blocks, and
//! what it keeps of the peer is bounded: 628 bytes, and the IA of 65,535 bytes at most.
//!
//! Inputs are [`start`](Negotiation::start) for the initiator,
//! [`handle_input`](Negotiation::handle_input) for bytes of the peer,
//! [`handle_key_agreement`](Negotiation::handle_key_agreement) and
//! [`set_info_hash`](Negotiation::set_info_hash). After each of them, in this order:
//!
//! 1. [`poll_job`](Negotiation::poll_job): run the [`KeyJob`] on a thread that has the time, and
//!    hand its result to `handle_key_agreement`. There is one at a time: an initiator has two (Ya;
//!    then S), a responder one.
//! 2. [`take_output`](Negotiation::take_output): send it. It goes out before whatever the caller
//!    sends on account of an event.
//! 3. [`poll_event`](Negotiation::poll_event) until there is none. To
//!    [`Event::InfoHashNeeded`] the answer is `set_info_hash`, at once or any time later. On
//!    [`Event::Done`] and [`Event::PlaintextPeer`] the negotiation has an
//!    [outcome](Negotiation::take_outcome), and can be dropped with it taken.
//!
//! `handle_input` consumes less than it was given when it waits for one of the other inputs: give
//! the rest again after that one. Until then the peer should be left waiting too, for nothing here
//! bounds what the caller buffers.
//!
//! After the outcome: [`Outcome::received`] goes to the stream's parser first, as it is. Then
//! comes what was not consumed, and all later input, through [`Ciphers::decrypt`] if there are
//! ciphers; what is sent goes through [`Ciphers::encrypt`] then, and not before.
//!
//! ```
//! use bittorrent_protocol_native::wire::mse::{Event, Level, Method, Negotiation, Options};
//!
//! /// Gives `end` what `peer` sent; gives what it answers.
//! fn deliver(end: &mut Negotiation, mut bytes: Vec<u8>) -> Vec<u8> {
//!     let mut random = |bytes: &mut [u8]| bytes.fill(7); // in earnest: the system's generator
//!     let mut answer = Vec::new();
//!     loop {
//!         let consumed = end.handle_input(&bytes).expect("an honest peer");
//!         bytes.drain(..consumed);
//!         let mut again = false;
//!         if let Some(job) = end.poll_job() {
//!             end.handle_key_agreement(job.run(&mut random));
//!             again = true;
//!         }
//!         answer.extend(end.take_output());
//!         while let Some(event) = end.poll_event() {
//!             match event {
//!                 Event::InfoHashNeeded(_) => {
//!                     end.set_info_hash([1; 20]);
//!                     again = true;
//!                 }
//!                 Event::PlaintextPeer => unreachable!("our peer knows MSE"),
//!                 Event::Done { method } => assert_eq!(method, Method::Rc4),
//!             }
//!         }
//!         if !again {
//!             return answer;
//!         }
//!     }
//! }
//!
//! let options = Options { level: Level::Rc4Only, require_encryption: false };
//! let mut a = Negotiation::initiator(options);
//! let mut b = Negotiation::responder(options);
//! a.start([1; 20]);
//! assert!(a.set_initial_payload(b"our handshake"));
//! let step_1 = deliver(&mut a, Vec::new());
//! let step_2 = deliver(&mut b, step_1);
//! let step_3 = deliver(&mut a, step_2);
//! let step_4 = deliver(&mut b, step_3);
//! deliver(&mut a, step_4);
//! let mut a = a.take_outcome().unwrap().ciphers.unwrap();
//! let b = b.take_outcome().unwrap();
//! assert_eq!(b.received, b"our handshake");
//!
//! let mut bytes = *b"the stream";
//! a.encrypt.apply_in_place(&mut bytes);
//! b.ciphers.unwrap().decrypt.apply_in_place(&mut bytes);
//! assert_eq!(&bytes, b"the stream");
//! ```
#![forbid(unsafe_code)]

mod ciphers;
mod error;
mod field;
mod hash;
mod initiator;
mod key_agreement;
mod method;
mod negotiation;
mod opening;
mod rc4;
mod responder;
mod synchronizer;

pub use ciphers::Ciphers;
pub use error::Error;
pub use hash::skey_hash;
pub use key_agreement::{KeyAgreement, KeyJob};
pub use method::{Level, Method};
pub use negotiation::{Event, Negotiation, Options, Outcome};
pub use rc4::Rc4;

/// The longest PadA, PadB, PadC or PadD.
const MAX_PADDING: u16 = 512;
