'use strict'

const { BLOCK_LENGTH } = require('../../support/bytes.js')

/**
 * Downloads a torrent from a peer that has all of it and has unchoked us, in order.
 * @param {import('stream').Duplex} wire
 * @param {{ length: number, pieceLength: number }} torrent
 * @param {Buffer} contents what it has to be: each block is compared
 * @param {number} depth requests in flight
 * @returns {Promise<void>} when the last block is there
 */
function take (wire, { length, pieceLength }, contents, depth) {
  return new Promise((resolve, reject) => {
    let asked = 0
    let received = 0
    const ask = () => {
      const at = asked
      const size = Math.min(BLOCK_LENGTH, length - at)
      asked += size
      wire.request(Math.floor(at / pieceLength), at % pieceLength, size, (err, block) => {
        if (err) return reject(err)
        if (!contents.subarray(at, at + size).equals(block)) return reject(new Error('a block is not what it has to be'))
        received += size
        if (asked < length) ask()
        else if (received === length) resolve()
      })
    }
    for (let left = Math.min(depth, Math.ceil(length / BLOCK_LENGTH)); left > 0; left--) ask()
  })
}

module.exports = { take }
