'use strict'

const { partsOf } = require('../parts.js')

/** How often a choked peer may have each piece of its allowed-fast set (BEP 6), as in libtorrent. */
const TIMES = 3

/**
 * How much a peer may ask for while we choke it, of each piece that `allowFastFor` allowed it. Who asks
 * for more than a piece three times over does not need it.
 */
class FastBudget {
  /** That of a wire. @returns {FastBudget} */
  static of (wire) {
    const parts = partsOf(wire)
    return (parts.fastBudget ??= new FastBudget())
  }

  constructor () {
    /** How many bytes are left, by piece. @type {Map<number, number>} */
    this.left = new Map()
  }

  /** Allows a piece, if it is not already. */
  add (piece, pieceLength) {
    if (!this.left.has(piece)) this.left.set(piece, TIMES * pieceLength)
  }

  /** Takes a request that came while we choke; tells whether it is to be served. */
  take (piece, length) {
    const left = this.left.get(piece)
    if (left === undefined) return true
    // A request for nothing costs something too.
    const cost = Math.max(1, length)
    if (left < cost) return false
    this.left.set(piece, left - cost)
    return true
  }
}

module.exports = FastBudget
