'use strict'

/** What the parts of a wire show each other, and nobody else. */
module.exports = {
  /** The number of a wire in the page; a number of no wire once it is closed. */
  kId: Symbol('id'),
  /** The parts of a wire: what comes in, and what goes out. */
  kInbound: Symbol('inbound'),
  kOutbound: Symbol('outbound'),
  /** The crypto handshake of a wire; `null` where there is none. */
  kCrypto: Symbol('crypto'),
  /** The stream was ended: nothing is emitted any more for what the peer sent. */
  kIsEnding: Symbol('isEnding'),
  /** The stream has finished: nothing is sent any more. */
  kIsFinished: Symbol('isFinished'),
  /** What a wire does when it is ended, when it has finished, and when nothing is left to read. */
  kOnEnd: Symbol('onEnd'),
  kOnFinish: Symbol('onFinish'),
  kOnClose: Symbol('onClose'),
  /** Pushes a chunk right after another one. */
  kPushMore: Symbol('pushMore'),
  /** Applies an event that the page describes. */
  kApply: Symbol('apply'),
  /** Closes the wire for a fault of the peer. */
  kFail: Symbol('fail'),
  /** Notes in a BitField of the peer's what the engine knows already. */
  kMark: Symbol('mark'),
  /** Has V8 keep the layout of a class of wires. */
  kKeepShape: Symbol('keepShape')
}
