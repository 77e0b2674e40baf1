//! Where message stream encryption stands in a wire: before the decoder, and behind all output.

use super::Wire;
use super::answers::Answers;
use super::decoder::Decoder;
use super::error::Violation;
use super::event::Event;
use super::mse::{self, Ciphers, KeyAgreement, KeyJob, Negotiation};
use super::outbox::Outbox;
use super::queue::Queue;

/// How far the encryption of a wire has come.
#[derive(Default)]
pub(crate) enum Encryption {
    /// None, from the start or because the peers chose plaintext.
    #[default]
    Off,
    /// The crypto handshake goes on; what is sent waits for its end.
    Negotiating(Box<Negotiating>),
    /// RC4 in both directions.
    On(Box<Ciphers>),
    /// The wire was closed in its crypto handshake, as the initiator: what it had sent meanwhile,
    /// for [`Wire::fall_back`].
    Failed(Vec<u8>),
}

pub(crate) struct Negotiating {
    negotiation: Negotiation,
    /// Ya was asked for; without it our messages go out as they are.
    is_started: bool,
    is_initiator: bool,
    /// Whether a plaintext handshake of ours would breach the caller's terms.
    require_encryption: bool,
    /// Whether our handshake may travel in step 3.
    allow_initial_payload: bool,
    /// Our handshake, where it travels in step 3.
    initial_payload: Vec<u8>,
    /// What was sent meanwhile.
    held: Vec<u8>,
}

impl Negotiating {
    fn may_fall_back(&self) -> bool {
        self.is_initiator && !self.require_encryption
    }

    /// All that was sent, as it is without encryption.
    fn into_plaintext(self) -> Vec<u8> {
        [self.initial_payload, self.held].concat()
    }
}

impl Wire {
    /// Has the crypto handshake come before the BitTorrent handshake. To be called on a new wire.
    /// With `allow_initial_payload` an initiator's handshake travels in step 3, if it is there by
    /// then, which saves a round trip.
    pub fn encrypt(
        &mut self,
        is_initiator: bool,
        options: mse::Options,
        allow_initial_payload: bool,
    ) {
        let negotiation = if is_initiator {
            Negotiation::initiator(options)
        } else {
            Negotiation::responder(options)
        };
        self.encryption = Encryption::Negotiating(Box::new(Negotiating {
            negotiation,
            is_started: false,
            is_initiator,
            require_encryption: options.require_encryption,
            allow_initial_payload,
            initial_payload: Vec::new(),
            held: Vec::new(),
        }));
    }

    /// As the initiator, begins the crypto handshake for a torrent.
    pub fn start_encryption(&mut self, info_hash: [u8; 20]) {
        self.negotiate(|negotiating| {
            if negotiating.is_initiator {
                negotiating.is_started = true;
                negotiating.negotiation.start(info_hash);
            }
            Ok(0)
        });
    }

    /// As the responder, answers [`Event::CryptoInfoHash`], at once or later. Then give
    /// [`Wire::handle_negotiation`] what it had left.
    pub fn set_info_hash(&mut self, info_hash: [u8; 20]) {
        self.negotiate(|negotiating| {
            negotiating.negotiation.set_info_hash(info_hash);
            Ok(0)
        });
    }

    /// Whether what arrives belongs to [`Wire::handle_negotiation`].
    pub fn is_negotiating(&self) -> bool {
        matches!(self.encryption, Encryption::Negotiating(_))
    }

    /// Whether what arrives has to pass [`Wire::decrypt`], and output [`Wire::encrypt_output`].
    pub fn is_encrypted(&self) -> bool {
        matches!(self.encryption, Encryption::On(_))
    }

    /// How many events of the crypto handshake wait to be polled.
    pub fn early_events(&self) -> usize {
        self.early_events.len()
    }

    /// Whether blocks have to be given as bytes, to be held back.
    pub fn takes_blocks(&self) -> bool {
        self.early.is_some() || self.is_negotiating()
    }

    /// Takes bytes of the crypto handshake; gives how many it used. It leaves the rest where it
    /// waits for a key agreement or the info hash, and where the handshake is done.
    pub fn handle_negotiation(&mut self, bytes: &[u8]) -> usize {
        let used = self.negotiate(|negotiating| negotiating.negotiation.handle_input(bytes));
        self.statistics.received.bytes += used as u64;
        used
    }

    /// Work for another thread; hand its result to [`Wire::handle_key_agreement`].
    pub fn poll_key_job(&mut self) -> Option<KeyJob> {
        match &mut self.encryption {
            Encryption::Negotiating(negotiating) => negotiating.negotiation.poll_job(),
            _ => None,
        }
    }

    /// Takes the result of a [`KeyJob`]. Then give [`Wire::handle_negotiation`] what it had left.
    pub fn handle_key_agreement(&mut self, agreement: KeyAgreement) {
        self.negotiate(|negotiating| {
            negotiating.negotiation.handle_key_agreement(agreement);
            Ok(0)
        });
    }

    /// Lets messages that wait for a crypto handshake go as they are, where the caller sent a
    /// handshake without having begun one.
    pub fn release_plaintext(&mut self) {
        let Encryption::Negotiating(negotiating) = &mut self.encryption else { return };
        let is_idle = negotiating.is_initiator && !negotiating.is_started;
        if is_idle && !negotiating.require_encryption && self.local.is_some() {
            let held = std::mem::take(&mut negotiating.held);
            self.outbox.append(&held);
        }
    }

    /// Begins anew on another connection, in plaintext: with what was sent so far, as it would have
    /// been without the crypto handshake, which the peer did not take part in. Also where that was
    /// what closed the wire. Tells whether it did: not where the caller requires encryption.
    pub fn fall_back(&mut self) -> bool {
        let plaintext = match std::mem::take(&mut self.encryption) {
            Encryption::Negotiating(negotiating) if negotiating.may_fall_back() => {
                negotiating.into_plaintext()
            }
            Encryption::Failed(plaintext) => plaintext,
            other => {
                self.encryption = other;
                return false;
            }
        };
        self.decoder = Decoder::new();
        self.outbox = Outbox::default();
        self.answers = Answers::default();
        self.early_events = Queue::default();
        self.is_closed = false;
        self.outbox.append(&plaintext);
        true
    }

    /// Ends the encryption with the wire.
    pub(super) fn stop_encryption(&mut self) {
        self.encryption = match std::mem::take(&mut self.encryption) {
            Encryption::Negotiating(negotiating) if negotiating.may_fall_back() => {
                Encryption::Failed(negotiating.into_plaintext())
            }
            // What waits has yet to leave.
            on @ Encryption::On(_) => on,
            _ => Encryption::Off,
        };
    }

    /// Decrypts what arrived into `plain`, which is as long; copies it where nothing is encrypted.
    pub fn decrypt(&mut self, bytes: &[u8], plain: &mut [u8]) {
        if bytes.len() != plain.len() {
            return;
        }
        match &mut self.encryption {
            Encryption::On(ciphers) => ciphers.decrypt.apply(bytes, plain),
            _ => plain.copy_from_slice(bytes),
        }
    }

    /// Gives the ciphers away, to run where the bytes are: what is sent from now on, and what
    /// arrives, is plain here. Not while output waits.
    pub fn take_ciphers(&mut self) -> Option<Box<Ciphers>> {
        match std::mem::take(&mut self.encryption) {
            Encryption::On(ciphers) if self.outbox.is_empty() => Some(ciphers),
            other => {
                self.encryption = other;
                None
            }
        }
    }

    /// Sends the bytes of the wire's own messages.
    pub(super) fn put(&mut self, bytes: &[u8], is_alone: bool) {
        if let Some(early) = &mut self.early {
            return early.append(bytes);
        }
        match &mut self.encryption {
            Encryption::Off if is_alone => self.outbox.append_alone(bytes),
            Encryption::Off | Encryption::On(_) => self.outbox.append(bytes),
            Encryption::Negotiating(negotiating) => negotiating.held.extend_from_slice(bytes),
            Encryption::Failed(_) => {}
        }
    }

    /// Sends our handshake: in step 3 of the crypto handshake where that is to come and nothing
    /// was sent before.
    pub(super) fn put_handshake(&mut self, bytes: &[u8]) {
        if let Encryption::Negotiating(negotiating) = &mut self.encryption
            && negotiating.is_started
            && negotiating.allow_initial_payload
            && negotiating.held.is_empty()
            && negotiating.negotiation.set_initial_payload(bytes)
        {
            negotiating.initial_payload.extend_from_slice(bytes);
            return;
        }
        self.put(bytes, true);
    }

    /// Bytes that are kept back until the crypto handshake is done, or for our handshake.
    pub(super) fn held(&self) -> usize {
        let negotiating = match &self.encryption {
            Encryption::Negotiating(negotiating) => negotiating.held.len(),
            _ => 0,
        };
        negotiating + self.early.as_ref().map_or(0, |early| early.len())
    }

    /// Runs one input of the negotiation, and takes what it gives.
    fn negotiate(
        &mut self,
        input: impl FnOnce(&mut Negotiating) -> Result<usize, mse::Error>,
    ) -> usize {
        let Encryption::Negotiating(negotiating) = &mut self.encryption else { return 0 };
        if self.is_closed {
            return 0;
        }
        let used = match input(negotiating) {
            Ok(used) => used,
            Err(error) => {
                self.early_events.push(Event::Violation(Violation::Encryption(error)));
                return 0;
            }
        };
        let bytes = negotiating.negotiation.take_output();
        // These leave before what is held.
        self.answers.make_way(self.outbox.progress().position(), bytes.len());
        self.outbox.append(&bytes);
        while let Some(event) = negotiating.negotiation.poll_event() {
            match event {
                mse::Event::InfoHashNeeded(hash) => {
                    self.early_events.push(Event::CryptoInfoHash(hash));
                }
                mse::Event::PlaintextPeer => {
                    self.finish_negotiation(None);
                    break;
                }
                mse::Event::Done { method } => {
                    self.finish_negotiation(Some(method));
                    break;
                }
            }
        }
        used
    }

    fn finish_negotiation(&mut self, method: Option<mse::Method>) {
        let Encryption::Negotiating(mut negotiating) = std::mem::take(&mut self.encryption) else {
            return;
        };
        let Some(outcome) = negotiating.negotiation.take_outcome() else { return };
        if let Some(ciphers) = outcome.ciphers {
            self.encryption = Encryption::On(ciphers);
            self.outbox.encrypt_from_here();
        }
        if !outcome.unsent.is_empty() {
            let position = self.outbox.progress().position();
            self.answers.make_way(position, outcome.unsent.len());
            self.put(&outcome.unsent, true);
        }
        if !negotiating.held.is_empty() {
            self.put(&negotiating.held, false);
        }
        let received = outcome.received;
        self.early_events.push(Event::CryptoHandshake { method, received });
    }
}
