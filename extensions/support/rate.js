'use strict'

const { performance } = require('node:perf_hooks')

const MINUTE = 60_000

/** How many messages of a peer there may be in any minute. */
class Rate {
  /** When the last ones came, in a ring. @type {number[]} */
  #times = []
  #next = 0

  /** @param {number} most */
  constructor (most) {
    this.most = most
  }

  /** Counts one more; tells whether it is within what there may be. One that is not does not count. */
  allows () {
    const now = performance.now()
    if (now - this.#times[this.#next] < MINUTE) return false
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % this.most
    return true
  }
}

module.exports = Rate
