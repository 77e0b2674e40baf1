'use strict'

/** A seeded source of random numbers (mulberry32): the same seed gives the same session. */
class Random {
  /** @param {number} seed */
  constructor (seed) {
    this.state = seed >>> 0
  }

  /** @returns {number} in [0, 1) */
  float () {
    this.state = (this.state + 0x6D2B79F5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000
  }

  /** @returns {number} an integer from `low` to `high`, both included */
  int (low, high) {
    return low + Math.floor(this.float() * (high - low + 1))
  }

  /** @returns {boolean} true once in `1 / probability` calls */
  chance (probability) {
    return this.float() < probability
  }

  /** @returns {*} an element of `list` */
  pick (list) {
    return list[this.int(0, list.length - 1)]
  }

  /** @returns {string} a key of `weights`, as often as its number says */
  weighted (weights) {
    const names = Object.keys(weights)
    let at = this.float() * names.reduce((sum, name) => sum + weights[name], 0)
    return names.find(name => (at -= weights[name]) < 0) ?? names[0]
  }

  /** @returns {Buffer} */
  bytes (length) {
    return Buffer.from(Array.from({ length }, () => this.int(0, 255)))
  }
}

module.exports = { Random }
