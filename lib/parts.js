'use strict'

const { kParts, kSelf } = require('./symbols.js')

/** What few wires have: made with the first of it, each part by its own module. */
class Parts {
  constructor () {
    /** @type {import('./hashes/own-hash-requests.js') | null} */
    this.ownHashRequests = null
    /** @type {import('./hashes/peer-hash-requests.js') | null} */
    this.peerHashRequests = null
    /** @type {import('./requests/fast-budget.js') | null} */
    this.fastBudget = null
    /** What was said of the peer before its latest extended handshake. */
    this.earlierPeerInfo = null
    /** @type {import('./promises/ready.js') | null} */
    this.ready = null
  }

  /** The wire is closed. */
  close () {
    this.ownHashRequests?.close()
    this.peerHashRequests?.close()
    this.ready?.close()
  }
}

/** Those of a wire, which may be a Proxy of it. @returns {Parts} */
function partsOf (wire) {
  return (wire[kSelf][kParts] ??= new Parts())
}

module.exports = { partsOf }
