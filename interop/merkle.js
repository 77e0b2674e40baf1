'use strict'

const { createHash } = require('node:crypto')

/** Of a block, and of a hash, in bytes. BEP 52 */
const BLOCK_LENGTH = 16384
const HASH_LENGTH = 32

const sha256 = bytes => createHash('sha256').update(bytes).digest()

/** The hashes of blocks: layer 0 of a hash tree. */
function hashBlocks (data) {
  const hashes = []
  for (let at = 0; at < data.length; at += BLOCK_LENGTH) hashes.push(sha256(data.subarray(at, at + BLOCK_LENGTH)))
  return hashes
}

/**
 * The layers of a hash tree from one of them up to its root, each filled up with what stands beyond the
 * end of the file: zeros in layer 0.
 *
 * @param {Buffer[]} hashes of that layer
 * @param {number} layer
 * @param {number} width of the layer: a power of two
 * @returns {Buffer[][]}
 */
function layersOf (hashes, layer, width) {
  let padding = Buffer.alloc(HASH_LENGTH)
  for (let i = 0; i < layer; i++) padding = sha256(Buffer.concat([padding, padding]))
  const layers = [[...hashes, ...Array(width - hashes.length).fill(padding)]]
  while (layers.at(-1).length > 1) {
    const below = layers.at(-1)
    layers.push(Array.from({ length: below.length / 2 }, (_, i) => sha256(Buffer.concat([below[2 * i], below[2 * i + 1]]))))
  }
  return layers
}

/**
 * Whether hashes lead to the root of their tree.
 *
 * @param {import('../lib/hash-range').HashRange} range with all proof layers up to the root
 * @param {Buffer} bytes the hashes of the range, then the uncle hashes
 */
function verify ({ piecesRoot, baseLayer, index, length }, bytes) {
  const hashes = Array.from({ length: bytes.length / HASH_LENGTH }, (_, i) => bytes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH))
  const uncles = hashes.splice(length)
  let [hash] = layersOf(hashes, baseLayer, length).at(-1)
  let place = index / length
  for (const uncle of uncles) {
    hash = sha256(Buffer.concat(place % 2 === 0 ? [hash, uncle] : [uncle, hash]))
    place = Math.floor(place / 2)
  }
  return hash.equals(piecesRoot)
}

module.exports = { BLOCK_LENGTH, HASH_LENGTH, hashBlocks, layersOf, verify }
