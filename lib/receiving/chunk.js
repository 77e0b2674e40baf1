'use strict'

const { Buffer } = require('node:buffer')

/** A chunk of what the peer sent, and how much of it is done. */
class Chunk {
  /**
   * @param {Buffer} bytes
   * @param {Function} callback to be called when it is done
   */
  constructor (bytes, callback) {
    this.bytes = bytes
    /** How long it was when it came: it is shorter if its memory was transferred away since. */
    this.length = bytes.length
    /** Where it lies: to ask a view each time costs as much as to make one. */
    this.memory = bytes.buffer
    this.start = bytes.byteOffset
    /** How much of it is framed, and where the part framed last begins, in bytes. */
    this.framed = 0
    this.origin = 0
    this.callback = callback
  }

  get isDetached () {
    return this.bytes.length !== this.length
  }

  /** What is not framed yet. */
  rest () {
    return this.framed === 0 ? this.bytes : this.bytes.subarray(this.framed)
  }

  /** The next `length` bytes are framed. */
  advance (length) {
    this.origin = this.framed
    this.framed += length
  }

  /**
   * Bytes of the part framed last, to be copied: of another kind than what callers get, at half the
   * cost.
   * @param {number} start in bytes
   * @param {number} length in bytes
   * @returns {Uint8Array}
   */
  bytesAt (start, length) {
    return new Uint8Array(this.memory, this.start + this.origin + start, length)
  }

  /**
   * A view of the part framed last.
   * @param {number} start in bytes
   * @param {number} length in bytes
   * @returns {Buffer}
   */
  view (start, length) {
    return Buffer.from(this.memory, this.start + this.origin + start, length)
  }
}

module.exports = Chunk
