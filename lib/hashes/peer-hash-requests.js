'use strict'

const { checkHashes, isSameRange } = require('./hash-range.js')
const { partsOf } = require('../parts.js')
const { kParts } = require('../symbols.js')

/**
 * How many hash requests of a peer may be open at a time: those of 500,000 pieces. Clients have two
 * or three. What is unsent of the answers is the engine's to bound.
 */
const MAX_OPEN = 1000

/** The hash requests of the peer (BEP 52) that are not answered: each is, once. */
class PeerHashRequests {
  /** Those of a wire. @returns {PeerHashRequests} */
  static of (wire) {
    const parts = partsOf(wire)
    return (parts.peerHashRequests ??= new PeerHashRequests(wire))
  }

  /** Hashes, or a hash reject, are sent for a range: they answer its oldest request. */
  static settle (wire, range) {
    wire[kParts]?.peerHashRequests?.settle(range)
  }

  constructor (wire) {
    this.wire = wire
    /** In the order in which they came. @type {import('./hash-range.js').HashRange[]} */
    this.open = []
    /** What is sent now answers one that is not among these. */
    this.isAnswering = false
  }

  /** A hash request came. Where nobody listens, or it is one too many, it is rejected. */
  receive (range) {
    const { wire } = this
    if (this.open.length >= MAX_OPEN) return this.answer(range, null)
    // The listener's is the listener's to change.
    const request = { ...range }
    this.open.push(request)
    const respond = (error, hashes) => this.respond(request, error, hashes)
    wire.emit('hash-request', range, respond)
    if (wire.listenerCount('hash-request') === 0) respond(new Error('nobody serves hashes'))
  }

  respond (range, error, hashes) {
    if (!this.open.includes(range)) return
    const bytes = error ? null : checkHashes(range, hashes)
    this.open.splice(this.open.indexOf(range), 1)
    this.answer(range, bytes)
  }

  /** Answers one that is not in the list: with its hashes, or with a reject. */
  answer (range, hashes) {
    this.isAnswering = true
    try {
      // By way of what a subclass may have made of these.
      if (hashes === null) this.wire.hashReject(range)
      else this.wire.hashes(range, hashes)
    } finally {
      this.isAnswering = false
    }
  }

  settle (range) {
    if (this.isAnswering) return
    const place = this.open.findIndex(open => isSameRange(open, range))
    if (place >= 0) this.open.splice(place, 1)
  }

  close () {
    this.open.length = 0
  }
}

module.exports = PeerHashRequests
