'use strict'

/**
 * The Merkle trees of BitTorrent v2 (BEP 52). A file's blocks of 16 KiB are hashed with SHA-256, the
 * last one as short as it is; these hashes are layer 0. A hash of the next layer is that of two joined
 * ones of the layer below. Beyond the end of the file the hashes of layer 0 are zeros, as many as make
 * their number a power of two; the last layer is the root.
 *
 * A layer is a Buffer of its hashes, 32 bytes each, without those that lie beyond the file's end.
 */

const { Buffer } = require('node:buffer')
const crypto = require('node:crypto')
const { toBytes, checkNumber } = require('../arguments.js')
const { rangeError } = require('../errors.js')
const { HASH_LENGTH, checkHashRange, checkHashes } = require('./hash-range.js')

/** The length of a block, in bytes. */
const BLOCK_LENGTH = 16384

/** More than the layers of any file. */
const MAX_LAYER = 64

/** SHA-256. Node.js 18 has no `hash`, which takes half as long for what is short. */
const sha256 = crypto.hash === undefined
  ? bytes => crypto.createHash('sha256').update(bytes).digest()
  : bytes => crypto.hash('sha256', bytes, 'buffer')

/** Hashes beyond the end of a file, by their layer. */
const paddings = [Buffer.alloc(HASH_LENGTH)]

/**
 * A hash of a layer that lies beyond the end of the file: zeros in layer 0.
 * @param {number} layer
 * @returns {Buffer} 32 bytes
 */
function padding (layer) {
  checkLayer(layer)
  while (paddings.length <= layer) paddings.push(join(paddings.at(-1), paddings.at(-1)))
  return Buffer.from(paddings[layer])
}

/**
 * The hashes of blocks: layer 0 of a file, or of a part of it that begins with a block.
 * @param {ArrayBufferView} data what is left over after the last whole block is a block too
 * @returns {Buffer} 32 bytes a block
 */
function hashBlocks (data) {
  const bytes = toBytes(data, 'data')
  const hashes = []
  for (let at = 0; at < bytes.length; at += BLOCK_LENGTH) hashes.push(sha256(bytes.subarray(at, at + BLOCK_LENGTH)))
  return Buffer.concat(hashes)
}

/** The hash above two. */
function join (left, right) {
  return sha256(Buffer.concat([left, right], 2 * HASH_LENGTH))
}

/** The layer above one. */
function above (hashes, layer) {
  const parents = []
  for (let at = 0; at < hashes.length; at += 2 * HASH_LENGTH) {
    const pair = hashes.subarray(at, at + 2 * HASH_LENGTH)
    parents.push(pair.length > HASH_LENGTH ? sha256(pair) : join(pair, padding(layer)))
  }
  return Buffer.concat(parents)
}

/**
 * The hash above all of some hashes of a layer, filled up to a power of two with those beyond the
 * file's end: of a whole layer it is the root of its file.
 * @param {ArrayBufferView} hashes 32 bytes each, at least one
 * @param {number} [layer] that they are of; default 0
 * @returns {Buffer} 32 bytes
 */
function rootOf (hashes, layer = 0) {
  let bytes = toLayer(hashes, layer)
  for (; bytes.length > HASH_LENGTH; layer++) bytes = above(bytes, layer)
  return Buffer.from(bytes)
}

/**
 * Whether hashes that a peer sent lead to the root of their file, and so are the hashes of that range.
 * The range has to ask for all that this takes: its `proofLayers` end below the root.
 * @param {import('./hash-range.js').HashRange} range
 * @param {ArrayBufferView} hashes those of the layer, then the uncle hashes, from below
 * @returns {boolean}
 */
function verify (range, hashes) {
  const checked = checkHashRange(range)
  const { piecesRoot, baseLayer, index, length } = checked
  const bytes = checkHashes(checked, hashes)
  // With fewer, hashes of a layer further up would pass for those of this one.
  if (bytes.length !== (length + countUncles(checked)) * HASH_LENGTH) return false
  let hash = rootOf(bytes.subarray(0, length * HASH_LENGTH), baseLayer)
  let place = index / length
  for (let at = length * HASH_LENGTH; at < bytes.length; at += HASH_LENGTH) {
    const uncle = bytes.subarray(at, at + HASH_LENGTH)
    hash = place % 2 === 0 ? join(hash, uncle) : join(uncle, hash)
    place = Math.floor(place / 2)
  }
  return place === 0 && hash.equals(piecesRoot)
}

/** How many proof layers need an uncle hash: not those whose hashes follow from the range's. */
function countUncles ({ length, proofLayers }) {
  return Math.max(0, proofLayers + 1 - Math.log2(length))
}

/** The hash tree of a file, from one of its layers up: what answers hash requests. */
class MerkleTree {
  /**
   * @param {ArrayBufferView} hashes all of a layer: those of its blocks, or its piece layer
   * @param {number} [layer] which; default 0
   */
  constructor (hashes, layer = 0) {
    /** The lowest layer that is there. */
    this.baseLayer = layer
    /** From the lowest up to the root. */
    this.layers = [toLayer(hashes, layer)]
    for (; this.layers.at(-1).length > HASH_LENGTH; layer++) this.layers.push(above(this.layers.at(-1), layer))
  }

  /** The root: 32 bytes. */
  get root () {
    return this.layers.at(-1)
  }

  /** The layer of the root. */
  get rootLayer () {
    return this.baseLayer + this.layers.length - 1
  }

  /** A hash of a layer; that of the padding beyond the end of the file. */
  at (layer, index) {
    checkNumber(layer, 'layer')
    checkNumber(index, 'index')
    if (layer < this.baseLayer || layer > this.rootLayer) {
      throw rangeError(`layer must be from ${this.baseLayer} to ${this.rootLayer}, not ${layer}`)
    }
    const hash = this.layers[layer - this.baseLayer].subarray(index * HASH_LENGTH, (index + 1) * HASH_LENGTH)
    return hash.length > 0 ? hash : padding(layer)
  }

  /**
   * What answers a hash request: the hashes of the layer, then an uncle hash for each proof layer whose
   * hashes do not follow from these.
   * @param {import('./hash-range.js').HashRange} range
   * @returns {Buffer | null} `null` if the tree has no such range: reject it
   */
  hashes (range) {
    const { piecesRoot, baseLayer, index, length, proofLayers } = checkHashRange(range)
    const top = this.rootLayer
    const isThere = piecesRoot.equals(this.root) && baseLayer >= this.baseLayer &&
      baseLayer + proofLayers < top && index + length <= 2 ** (top - baseLayer)
    if (!isThere) return null
    const hashes = []
    for (let i = index; i < index + length; i++) hashes.push(this.at(baseLayer, i))
    let layer = baseLayer + Math.log2(length)
    let place = index / length
    for (let uncles = countUncles(range); uncles > 0; uncles--, layer++) {
      hashes.push(this.at(layer, place % 2 === 0 ? place + 1 : place - 1))
      place = Math.floor(place / 2)
    }
    return Buffer.concat(hashes)
  }
}

/** Lets through what can be hashes of a layer. */
function toLayer (hashes, layer) {
  checkLayer(layer)
  const bytes = toBytes(hashes, 'hashes')
  if (bytes.length === 0 || bytes.length % HASH_LENGTH !== 0) {
    throw rangeError(`hashes must be 32 bytes each, not ${bytes.length} in all`)
  }
  return bytes
}

function checkLayer (layer) {
  checkNumber(layer, 'layer')
  if (layer > MAX_LAYER) throw rangeError(`layer must be at most ${MAX_LAYER}, not ${layer}`)
}

module.exports = { BLOCK_LENGTH, HASH_LENGTH, MerkleTree, hashBlocks, padding, rootOf, verify }
