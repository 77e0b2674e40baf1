'use strict'

const { Buffer } = require('node:buffer')

const LENGTH = 64 * 1024
/** Most wires never need a second slab, so that the first one is small. */
const FIRST_LENGTH = 4 * 1024

/**
 * Buffers in a row from one piece of memory: making one alone costs as much as filling it. One that
 * is kept pins 64 KiB at most.
 */
class Slab {
  constructor () {
    /** @type {ArrayBuffer | null} */
    this.memory = null
    this.used = 0
  }

  /**
   * @param {number} length in bytes
   * @returns {Buffer}
   */
  allocate (length) {
    // Memory that was transferred away has no length left.
    if (this.memory === null || this.memory.byteLength - this.used < length) {
      this.memory = Buffer.allocUnsafeSlow(Math.max(length, this.memory === null ? FIRST_LENGTH : LENGTH)).buffer
      this.used = 0
    }
    const start = this.used
    this.used += length
    return Buffer.from(this.memory, start, length)
  }
}

module.exports = Slab
