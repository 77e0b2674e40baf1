'use strict'

/** A payload that the end of a chunk has cut, as far as it has come. */
class Assembly {
  /** @param {Buffer} bytes as long as all of it */
  constructor (bytes) {
    this.bytes = bytes
    this.length = bytes.length
    this.filled = 0
    /** Bytes that were added without the engine's knowing, yet. */
    this.uncounted = 0
  }

  get missing () {
    return this.length - this.filled
  }

  get isDetached () {
    return this.bytes.length !== this.length
  }

  /** @param {Uint8Array} bytes */
  add (bytes) {
    this.bytes.set(bytes, this.filled)
    this.filled += bytes.length
  }

  /** The place of the next `length` bytes, for who fills them in. */
  take (length) {
    const place = this.bytes.subarray(this.filled, this.filled + length)
    this.filled += length
    return place
  }
}

module.exports = Assembly
