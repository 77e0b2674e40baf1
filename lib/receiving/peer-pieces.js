'use strict'

const EMPTY = new Uint8Array(0)

/**
 * The pieces that a peer has: a bit a piece, the first piece in the highest bit of the first byte
 * (BEP 3).
 */
class PeerPieces {
  /**
   * @param {Uint8Array | null} bytes as they came; kept, not copied
   * @param {number} maxPieces the most bits it may grow to
   */
  constructor (bytes, maxPieces) {
    /** The bits; exactly as many bytes as were received, until a later `have` makes them more. */
    this.buffer = bytes ?? EMPTY
    /** The most bytes that `buffer` may grow to. */
    this.grow = Math.ceil(maxPieces / 8)
  }

  /** How many bits there are. */
  get length () {
    return this.buffer.length << 3
  }

  /**
   * Whether the peer has the piece.
   * @param {number} index
   */
  get (index) {
    const at = index >> 3
    return at < this.buffer.length && (this.buffer[at] & (0x80 >> (index & 7))) !== 0
  }

  /**
   * @param {number} index
   * @param {boolean=} value
   */
  set (index, value = true) {
    const at = index >> 3
    if (at >= this.buffer.length) {
      if (!value || at >= this.grow || at < 0) return
      const grown = new Uint8Array(Math.max(at + 1, Math.min(2 * this.buffer.length, this.grow)))
      grown.set(this.buffer)
      this.buffer = grown
    }
    if (value) this.buffer[at] |= 0x80 >> (index & 7)
    else this.buffer[at] &= ~(0x80 >> (index & 7))
  }

  /**
   * Sets several bits in turn.
   * @param {ArrayLike<boolean>} values
   * @param {number=} offset the first piece
   */
  setAll (values, offset = 0) {
    for (let i = 0; i < values.length; i++) this.set(offset + i, values[i])
  }

  /**
   * @param {(value: boolean, index: number) => void} callback
   * @param {number=} start the first piece
   * @param {number=} end the piece after the last
   */
  forEach (callback, start = 0, end = this.length) {
    for (let i = start; i < end; i++) callback(this.get(i), i)
  }

  /** Whether the peer has nothing. */
  isEmpty () {
    return this.buffer.every(byte => byte === 0)
  }
}

/** The pieces of a peer that said have-all (BEP 6). It has no `setAll`: that is how callers tell. */
class HaveAll {
  constructor () {
    this.buffer = EMPTY
  }

  get (index) {
    return true
  }

  set (index, value) {}
}

module.exports = { PeerPieces, HaveAll }
