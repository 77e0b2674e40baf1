'use strict'

const { toBytes, checkNumber } = require('./arguments.js')
const { rangeError } = require('./errors.js')

/** The length of a hash of a Merkle tree (SHA-256), in bytes. */
const HASH_LENGTH = 32
/** The most hashes of a layer in one message: those of a piece of 128 MiB, as in libtorrent. */
const MAX_LENGTH = 8192
/** More layers than any tree has. */
const MAX_LAYERS = 64

/**
 * A range of one layer of a file's Merkle tree, and the layers above it that prove it (BEP 52).
 * @typedef {object} HashRange
 * @property {Uint8Array} piecesRoot the root of the tree: 32 bytes
 * @property {number} baseLayer the layer of the hashes; 0 is that of the blocks
 * @property {number} index the first hash
 * @property {number} length how many hashes of the layer, a power of two up to 8192
 * @property {number} proofLayers over how many layers above it uncle hashes prove them
 */

/**
 * Lets a range through that a message may name.
 * @param {HashRange} range
 * @returns {HashRange} with the root as a Buffer
 * @throws {TypeError | RangeError}
 */
function checkHashRange ({ piecesRoot, baseLayer, index, length, proofLayers }) {
  const root = toBytes(piecesRoot, 'piecesRoot')
  if (root.length !== HASH_LENGTH) throw rangeError(`piecesRoot must be 32 bytes long, not ${root.length}`)
  for (const [name, value] of Object.entries({ baseLayer, index, length, proofLayers })) checkNumber(value, name)
  if (baseLayer > MAX_LAYERS || proofLayers > MAX_LAYERS) throw rangeError('a tree has at most 64 layers')
  if (length === 0 || length > MAX_LENGTH || (length & (length - 1)) !== 0) {
    throw rangeError(`length must be a power of two up to 8192, not ${length}`)
  }
  return { piecesRoot: root, baseLayer, index, length, proofLayers }
}

/**
 * Lets through what can be the hashes of a range: those of the layer, then at most one uncle a layer.
 * @param {HashRange} range
 * @param {Uint8Array} hashes
 * @returns {Buffer}
 * @throws {TypeError | RangeError}
 */
function checkHashes ({ length, proofLayers }, hashes) {
  const bytes = toBytes(hashes, 'hashes')
  const count = bytes.length / HASH_LENGTH
  if (!Number.isInteger(count) || count < length || count > length + proofLayers) {
    throw rangeError(`hashes must be ${length} to ${length + proofLayers} of 32 bytes each, not ${bytes.length} bytes`)
  }
  return bytes
}

module.exports = { checkHashRange, checkHashes }
