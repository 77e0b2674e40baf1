'use strict'

/**
 * A small seeded source of random numbers, so that a failed test can be run again.
 *
 * @param {number} seed an unsigned 32-bit number
 */
class Random {
  constructor (seed) {
    this.state = seed >>> 0
  }

  /** @returns {number} an unsigned 32-bit number */
  next () {
    // splitmix32
    this.state = (this.state + 0x9e3779b9) >>> 0
    let mixed = this.state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }

  /** @returns {number} an integer from 0 to `limit - 1` */
  below (limit) {
    return Math.floor(this.next() / 0x100000000 * limit)
  }

  /** @returns {*} one of `choices` */
  pick (choices) {
    return choices[this.below(choices.length)]
  }

  /** @returns {Buffer} */
  bytes (length) {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}

/** @returns {number} the seed in the environment variable TEST_SEED, or a fresh one */
function seed () {
  return process.env.TEST_SEED ? Number(process.env.TEST_SEED) >>> 0 : Date.now() >>> 0
}

module.exports = { Random, seed }
