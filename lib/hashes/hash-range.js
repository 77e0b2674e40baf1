'use strict'

const { toBytes, checkNumber } = require('../arguments.js')
const { typeError, rangeError } = require('../errors.js')

/** The length of a hash of a Merkle tree (SHA-256), in bytes. */
const HASH_LENGTH = 32
/** The most hashes of a layer in one message: those of a piece of 128 MiB, as in libtorrent. */
const MAX_LENGTH = 8192
/** How many layers a tree has at most above its blocks: more than files have. */
const MAX_LAYERS = 64

/**
 * A range of one layer of a file's Merkle tree, and the layers above it that prove it (BEP 52).
 * @typedef {object} HashRange
 * @property {Uint8Array} piecesRoot the root of the tree: 32 bytes
 * @property {number} baseLayer the layer of the hashes; 0 is that of the blocks
 * @property {number} index the first hash, a multiple of `length`
 * @property {number} length how many hashes of the layer, a power of two up to 8192
 * @property {number} proofLayers over how many layers above it uncle hashes prove them
 */

/**
 * Lets a range through that a message may name.
 * @param {HashRange} range
 * @returns {HashRange} with the root as a Buffer
 * @throws {TypeError | RangeError}
 */
function checkHashRange (range) {
  if (range === null || typeof range !== 'object') throw typeError('range must be an object')
  const { piecesRoot, baseLayer, index, length, proofLayers } = range
  const root = toBytes(piecesRoot, 'piecesRoot')
  if (root.length !== HASH_LENGTH) throw rangeError(`piecesRoot must be 32 bytes long, not ${root.length}`)
  for (const [name, value] of Object.entries({ baseLayer, index, length, proofLayers })) checkNumber(value, name)
  if (length === 0 || length > MAX_LENGTH || (length & (length - 1)) !== 0) {
    throw rangeError(`length must be a power of two up to 8192, not ${length}`)
  }
  if (index % length !== 0) throw rangeError(`index must be a multiple of length, unlike ${index} of ${length}`)
  if (baseLayer + proofLayers > MAX_LAYERS) throw rangeError(`a tree has at most ${MAX_LAYERS} layers`)
  if (index + length > 2 ** (MAX_LAYERS - baseLayer)) throw rangeError(`layer ${baseLayer} of a tree has no hash ${index + length - 1}`)
  return { piecesRoot: root, baseLayer, index, length, proofLayers }
}

/**
 * Lets through what can be the hashes of a range: those of the layer, then at most one uncle a proof
 * layer. One hash alone has its sibling besides.
 * @param {HashRange} range
 * @param {Uint8Array} hashes
 * @returns {Buffer}
 * @throws {TypeError | RangeError}
 */
function checkHashes ({ length, proofLayers }, hashes) {
  const bytes = toBytes(hashes, 'hashes')
  const count = bytes.length / HASH_LENGTH
  const most = length + proofLayers + (length === 1 ? 1 : 0)
  if (!Number.isInteger(count) || count < length || count > most) {
    throw rangeError(`hashes must be ${length} to ${most} of 32 bytes each, not ${bytes.length} bytes`)
  }
  return bytes
}

/** Whether two ranges, both checked, are the same. */
function isSameRange (a, b) {
  return a.index === b.index && a.length === b.length && a.baseLayer === b.baseLayer &&
    a.proofLayers === b.proofLayers && a.piecesRoot.equals(b.piecesRoot)
}

module.exports = { HASH_LENGTH, checkHashRange, checkHashes, isSameRange }
