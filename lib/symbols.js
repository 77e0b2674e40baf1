'use strict'

/** What the parts of a wire show each other, and nobody else. */
module.exports = {
  /** The name of the native state of a wire. */
  kHandle: Symbol('handle'),
  kOptions: Symbol('options'),
  /** The wire itself, where a caller works on a Proxy or an Object.create of it: what is kept by symbols is kept there. */
  kSelf: Symbol('self'),
  /** The parts of a wire: what comes in, and what goes out. */
  kInbound: Symbol('inbound'),
  kOutbound: Symbol('outbound'),
  /** The crypto handshake of a wire; `null` where there is none. */
  kCrypto: Symbol('crypto'),
  /** The extensions of a wire; `null` until it uses one. */
  kExtensions: Symbol('extensions'),
  /** The requests of a wire, ours and the peer's: made with the first one. */
  kOwnRequests: Symbol('ownRequests'),
  kPeerRequests: Symbol('peerRequests'),
  /** The pieces of the peer; `null` until something is known of them. */
  kPeerPieces: Symbol('peerPieces'),
  /** What few wires have, see parts.js; `null` until one has the first of it. */
  kParts: Symbol('parts'),
  /** The stream was ended: nothing is emitted any more for what the peer sent. */
  kIsEnding: Symbol('isEnding'),
  /** The stream has finished: nothing is sent any more. */
  kIsFinished: Symbol('isFinished'),
  /** What a wire does when it is ended, when it has finished, and when nothing is left to read. */
  kOnEnd: Symbol('onEnd'),
  kOnFinish: Symbol('onFinish'),
  kOnClose: Symbol('onClose'),
  /** How many of our two handshakes were sent, the handshake and the extended one. */
  kHandshakesSent: Symbol('handshakesSent'),
  /** Whether an extended handshake of the peer came. */
  kHasPeerExtendedHandshake: Symbol('hasPeerExtendedHandshake'),
  /** The timer of keep-alives; `null` while there is none. */
  kKeepAliveTimer: Symbol('keepAliveTimer'),
  /** Where a wire's bytes come and go by the native transport: gives it the ciphers. */
  kMoveCiphers: Symbol('moveCiphers'),
  /** Whether a wire goes on in spite of a fault, for it has another way. */
  kSurvives: Symbol('survives')
}
