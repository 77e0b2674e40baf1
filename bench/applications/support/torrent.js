'use strict'

const { createCipheriv, createHash } = require('node:crypto')

const NAME = 'bench.bin'

/**
 * What is transferred: a torrent of one file, the same for the same length, made in memory by each
 * process that needs it.
 * @typedef {object} Torrent
 * @property {number} length in bytes
 * @property {number} pieceLength in bytes, as create-torrent chooses it
 * @property {string} infoHash in hex
 * @property {Buffer} file the .torrent file
 */

/** Those that are made already, by length: hashing is not for free. */
const made = new Map()

/**
 * @param {number} length in bytes
 * @returns {Promise<Torrent>}
 */
async function makeTorrent (length) {
  if (!made.has(length)) made.set(length, await hash(length))
  return made.get(length)
}

async function hash (length) {
  const { default: bencode } = await import('bencode')
  const pieceLength = choosePieceLength(length)
  const hashes = cut(makeContents(length), pieceLength).map(piece => createHash('sha1').update(piece).digest())
  const info = { length, name: NAME, 'piece length': pieceLength, pieces: Buffer.concat(hashes), private: 1 }
  return {
    length,
    pieceLength,
    infoHash: createHash('sha1').update(bencode.encode(info)).digest('hex'),
    file: Buffer.from(bencode.encode({ info }))
  }
}

/** @returns {number} about a thousand pieces */
function choosePieceLength (length) {
  return Math.max(16384, 2 ** Math.round(Math.log2(length / 1024)))
}

/** @returns {Buffer} `length` bytes without a pattern, always the same */
function makeContents (length) {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(length))
}

/**
 * @param {Buffer} bytes
 * @param {number} length of each part but the last
 * @returns {Buffer[]} views of them
 */
function cut (bytes, length) {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length))
}

module.exports = { NAME, cut, makeContents, makeTorrent }
