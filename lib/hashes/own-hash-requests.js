'use strict'

const { isSameRange } = require('./hash-range.js')
const { partsOf } = require('../parts.js')
const { WireError, closedError } = require('../errors.js')
const { kParts } = require('../symbols.js')

/** The hash requests of ours that wait for an answer (BEP 52), as promises. */
class OwnHashRequests {
  /** Those of a wire. @returns {OwnHashRequests} */
  static of (wire) {
    const parts = partsOf(wire)
    return (parts.ownHashRequests ??= new OwnHashRequests(wire))
  }

  /** The peer's answer for a range came, where anybody waits for one: `null` is a hash reject. */
  static settle (wire, range, hashes) {
    wire[kParts]?.ownHashRequests?.settle(range, hashes)
  }

  constructor (wire) {
    this.wire = wire
    /** In the order in which they were sent. */
    this.open = []
  }

  /**
   * Notes a request that was sent.
   * @param {import('./hash-range.js').HashRange} range checked
   * @param {import('../promises/answer.js').Settle} settle
   * @returns {() => void} forgets it: BEP 52 has no cancel, so that its answer still comes
   */
  add (range, settle) {
    const request = { range, settle }
    this.open.push(request)
    return () => this.take(open => open === request)
  }

  settle (range, hashes) {
    const request = this.take(open => isSameRange(open.range, range))
    if (request === null) return
    if (hashes !== null) request.settle.resolve(hashes)
    else request.settle.reject(new WireError('ERR_REJECTED', 'the peer rejected a hash request'))
  }

  take (isWanted) {
    const place = this.open.findIndex(isWanted)
    return place < 0 ? null : this.open.splice(place, 1)[0]
  }

  close () {
    for (const { settle } of this.open.splice(0)) settle.reject(closedError(this.wire))
  }
}

module.exports = OwnHashRequests
