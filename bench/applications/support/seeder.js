'use strict'

/**
 * Serves a torrent on a wire.
 * @param {import('stream').Duplex} wire
 * @param {import('./torrent.js').Torrent} torrent
 * @param {(offset: number, length: number, callback: (err: Error | null, block?: Buffer) => void) => void} read
 *   the storage; `offset` in the whole torrent
 */
function serve (wire, { length, pieceLength }, read) {
  wire.once('handshake', () => setImmediate(() => { // after ours, which may be the answer
    if (wire.hasFast) wire.haveAll()
    else wire.bitfield(allOnes(Math.ceil(length / pieceLength)))
  }))
  wire.on('interested', () => wire.unchoke())
  wire.on('request', (piece, offset, size, respond) => read(piece * pieceLength + offset, size, respond))
}

/** @returns {Buffer} the bits of all pieces, with the spare ones at the end zero */
function allOnes (count) {
  const bits = Buffer.alloc(Math.ceil(count / 8), 0xff)
  if (count % 8) bits[bits.length - 1] = 0xff << (8 - count % 8)
  return bits
}

/**
 * A storage in memory.
 * @param {Buffer} contents
 */
function memory (contents) {
  return (offset, length, callback) => callback(null, contents.subarray(offset, offset + length))
}

/**
 * A storage that takes its time: what is asked in one turn of the event loop is answered together.
 * @param {(offset: number, length: number, callback: Function) => void} read
 * @param {number} ms
 */
function late (read, ms) {
  let batch = null
  return (...request) => {
    if (!batch) {
      const together = batch = []
      setImmediate(() => { batch = null })
      setTimeout(() => {
        // A turn may last longer than that.
        if (batch === together) batch = null
        for (const request of together) read(...request)
      }, ms)
    }
    batch.push(request)
  }
}

module.exports = { late, memory, serve }
