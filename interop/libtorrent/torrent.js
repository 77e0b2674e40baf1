'use strict'

const { createHash } = require('node:crypto')

const { bencodeDecode } = require('../..')
const { findInfo } = require('../../extensions/support/metadata.js')

const HASH_LENGTH = 20

/**
 * What is needed of a torrent of one file, of BitTorrent v1 (BEP 3), v2 (BEP 52) or both.
 *
 * @typedef {object} Torrent
 * @property {Buffer} info the info dictionary
 * @property {boolean} hasV1
 * @property {boolean} hasV2
 * @property {string} infoHash what handshakes have: of v1 where there is one
 * @property {string} name
 * @property {number} length in bytes
 * @property {number} pieceLength
 * @property {number} pieceCount
 * @property {Buffer | null} piecesRoot the root of the file's hash tree, of v2
 * @property {Buffer | null} hashes of the pieces, of v1
 */

/**
 * @param {Buffer} bytes of a torrent file
 * @returns {Torrent}
 */
function readTorrent (bytes) {
  const info = findInfo(bytes, null)
  const read = bencodeDecode(info, 1 << 20)
  const hasV2 = read['meta version'] === 2
  const name = read.name.toString()
  const file = hasV2 ? read['file tree'][name][''] : read
  const hash = algorithm => createHash(algorithm).update(info).digest().toString('hex', 0, HASH_LENGTH)
  return {
    info,
    hasV1: read.pieces !== undefined,
    hasV2,
    infoHash: hash(read.pieces === undefined ? 'sha256' : 'sha1'),
    name,
    length: file.length,
    pieceLength: read['piece length'],
    pieceCount: Math.ceil(file.length / read['piece length']),
    piecesRoot: hasV2 ? file['pieces root'] : null,
    hashes: read.pieces ?? null
  }
}

/** A magnet link (BEP 9, BEP 52). */
function magnetOf ({ info, hasV1, hasV2 }) {
  const hash = algorithm => createHash(algorithm).update(info).digest('hex')
  const topics = [...hasV1 ? [`xt=urn:btih:${hash('sha1')}`] : [], ...hasV2 ? [`xt=urn:btmh:1220${hash('sha256')}`] : []]
  return `magnet:?${topics.join('&')}`
}

module.exports = { magnetOf, readTorrent }
