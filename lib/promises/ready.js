'use strict'

const { partsOf } = require('../parts.js')
const { closedError } = require('../errors.js')
const { kHandshakesSent, kHasPeerExtendedHandshake, kIsEnding, kParts } = require('../symbols.js')

function noop () {}

/** A promise for the end of the handshakes; made for the first who asks. */
class Ready {
  /** That of a wire. @returns {Ready} */
  static of (wire) {
    const parts = partsOf(wire)
    return (parts.ready ??= new Ready(wire))
  }

  /** To be called when another handshake was sent or came. */
  static check (wire) {
    wire[kParts]?.ready?.check()
  }

  constructor (wire) {
    this.wire = wire
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Who asked and did not wait is not to end the process.
    this.promise.catch(noop)
    this.check()
    if (wire[kIsEnding]) this.close()
  }

  check () {
    if (isReady(this.wire)) this.resolve()
  }

  /** The wire is closed. */
  close () {
    this.reject(closedError(this.wire))
  }
}

/** Whether both handshakes are done, and both extended handshakes where both speak BEP 10. */
function isReady (wire) {
  if (wire[kHandshakesSent] === 0 || wire.peerId === null) return false
  // Ours always announces it.
  return !wire.peerExtensions.extended || (wire[kHandshakesSent] === 2 && wire[kHasPeerExtendedHandshake])
}

module.exports = Ready
