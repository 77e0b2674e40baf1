'use strict'

/** What peers exchange: larger requests are refused by most. */
const BLOCK_LENGTH = 16 << 10

/**
 * @typedef {object} Block
 * @property {number} piece
 * @property {number} offset in the piece, in bytes
 * @property {number} length in bytes
 */

/** Which blocks of a torrent are still to be requested, and which pieces are half there. */
class Pieces {
  /** @param {import('./torrent').Torrent} torrent */
  constructor ({ length, pieceLength, pieceCount }) {
    this.length = length
    this.pieceLength = pieceLength
    this.count = pieceCount
    /** 1 for pieces of which a block was handed out. */
    this.begun = new Uint8Array(pieceCount)
    /** Blocks that were handed out, and that the peer did not send. */
    this.returned = []
    /** The piece that is being handed out, and how far. */
    this.current = null
    /** Where to look for the next piece. */
    this.cursor = 0
    /** Pieces of which some blocks are there: number -> { blocks, missing }. */
    this.partial = new Map()
  }

  lengthOf (piece) {
    return Math.min(this.pieceLength, this.length - piece * this.pieceLength)
  }

  /**
   * @param {(piece: number) => boolean} peerHas
   * @returns {Block|null} the next block to request; null if the peer has none that is missing
   */
  next (peerHas) {
    if (this.returned.length > 0) return this.returned.pop()
    if (this.current === null && !this.begin(peerHas)) return null
    const { piece, offset } = this.current
    const pieceLength = this.lengthOf(piece)
    const length = Math.min(BLOCK_LENGTH, pieceLength - offset)
    this.current = offset + length < pieceLength ? { piece, offset: offset + length } : null
    return { piece, offset, length }
  }

  /** Finds a piece that the peer has and nobody began. */
  begin (peerHas) {
    for (let looked = 0; looked < this.count; looked++) {
      const piece = this.cursor
      this.cursor = (piece + 1) % this.count
      if (this.begun[piece] || !peerHas(piece)) continue
      this.begun[piece] = 1
      this.current = { piece, offset: 0 }
      return true
    }
    return false
  }

  /** @param {Block} block that the peer did not send, to be handed out again */
  putBack (block) {
    this.returned.push(block)
  }

  /**
   * @param {Block} block
   * @param {Uint8Array} bytes kept until the piece is complete
   * @returns {Uint8Array[]|null} the blocks of its piece in order, once all are there
   */
  add ({ piece, offset }, bytes) {
    let partial = this.partial.get(piece)
    if (partial === undefined) {
      const blocks = new Array(Math.ceil(this.lengthOf(piece) / BLOCK_LENGTH)).fill(null)
      partial = { blocks, missing: blocks.length }
      this.partial.set(piece, partial)
    }
    partial.blocks[offset / BLOCK_LENGTH] = bytes
    partial.missing--
    if (partial.missing > 0) return null
    this.partial.delete(piece)
    return partial.blocks
  }
}

module.exports = { Pieces }
