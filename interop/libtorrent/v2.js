'use strict'

const fs = require('node:fs')
const { createHash } = require('node:crypto')
const { once } = require('node:events')

const { BLOCK_LENGTH, HASH_LENGTH, hashBlocks, layersOf, verify } = require('../merkle')

/** Hashes that are asked for in a message. */
const MOST_HASHES = 512
/** Requests for blocks on their way at once. */
const DEPTH = 200

/** How many layers a file's hash tree has above layer 0. */
function heightOf ({ length }) {
  return Math.ceil(Math.log2(Math.ceil(length / BLOCK_LENGTH)))
}

/**
 * Asks for a layer of the file's hash tree, and holds what comes against its root.
 *
 * @param {import('../..')} wire
 * @param {import('./torrent').Torrent} torrent
 * @param {number} baseLayer
 * @returns {Promise<Buffer[]>} the hashes
 */
async function fetchLayer (wire, torrent, baseLayer) {
  const width = 2 ** (heightOf(torrent) - baseLayer)
  const length = Math.min(width, MOST_HASHES)
  const found = []
  for (let index = 0; index < width; index += length) {
    // Those beyond the end of the file are known.
    if (index * BLOCK_LENGTH * 2 ** baseLayer >= torrent.length) break
    const range = { piecesRoot: torrent.piecesRoot, baseLayer, index, length, proofLayers: heightOf(torrent) - baseLayer - 1 }
    const answer = Promise.race([
      once(wire, 'hashes'),
      once(wire, 'hash-reject').then(() => { throw new Error(`libtorrent rejects hashes of layer ${baseLayer}`) }),
      once(wire, 'close').then(() => { throw new Error('libtorrent hung up') })
    ])
    wire.hashRequest(range)
    const [{ index: itsIndex }, hashes] = await answer
    if (itsIndex !== index) throw new Error('libtorrent sends hashes of another range')
    if (!verify(range, hashes)) throw new Error(`hashes ${index} of layer ${baseLayer} do not lead to the root`)
    for (let i = 0; i < length; i++) found.push(Buffer.from(hashes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH)))
  }
  return found
}

/**
 * Downloads the file, and holds each block against its hash as it comes, and each piece against its own.
 *
 * @param {import('../..')} wire
 * @param {import('./torrent').Torrent} torrent
 * @param {Buffer[]} blockLayer
 * @param {Buffer[]} pieceLayer
 * @returns {Promise<string>} the SHA-1 of the file
 */
async function downloadFile (wire, torrent, blockLayer, pieceLayer) {
  const { pieceLength, length, pieceCount } = torrent
  const file = Buffer.alloc(length)
  wire.interested()
  if (wire.peerChoking) await once(wire, 'unchoke')
  const blocks = []
  for (let at = 0; at < length; at += BLOCK_LENGTH) blocks.push(at)
  await Promise.all(Array.from({ length: DEPTH }, async () => {
    while (blocks.length > 0) {
      const at = blocks.shift()
      const wanted = Math.min(BLOCK_LENGTH, length - at)
      const block = await request(wire, Math.floor(at / pieceLength), at % pieceLength, wanted)
      const [hash] = hashBlocks(block)
      if (!hash.equals(blockLayer[at / BLOCK_LENGTH])) throw new Error(`the block at ${at} is another one`)
      block.copy(file, at)
    }
  }))
  const blocksOfPiece = pieceLength / BLOCK_LENGTH
  for (let piece = 0; piece < pieceCount; piece++) {
    const data = file.subarray(piece * pieceLength, (piece + 1) * pieceLength)
    const [root] = layersOf(hashBlocks(data), 0, blocksOfPiece).at(-1)
    if (!root.equals(pieceLayer[piece])) throw new Error(`the blocks of piece ${piece} do not lead to its hash`)
  }
  return createHash('sha1').update(file).digest('hex')
}

function request (wire, piece, offset, length) {
  return new Promise((resolve, reject) => {
    wire.request(piece, offset, length, (error, block) => error ? reject(error) : resolve(block))
  })
}

/** Serves a file, and the hashes of its tree, on wires of ours. */
class Server {
  /**
   * @param {string} file
   * @param {import('./torrent').Torrent} torrent
   */
  constructor (file, torrent) {
    this.data = fs.readFileSync(file)
    this.torrent = torrent
    /** From the blocks up to the root. */
    this.layers = torrent.hasV2 ? layersOf(hashBlocks(this.data), 0, 2 ** heightOf(torrent)) : []
    /** The ranges that were asked for, and what became of them, in words. @type {string[]} */
    this.asked = []
    if (torrent.hasV2 && !this.layers.at(-1)[0].equals(torrent.piecesRoot)) throw new Error('our tree has another root than libtorrent\'s')
  }

  serve (wire) {
    wire.on('handshake', () => queueMicrotask(() => {
      if (wire.hasFast) wire.haveAll()
      wire.unchoke()
    }))
    wire.on('request', (piece, offset, length, respond) => {
      const at = piece * this.torrent.pieceLength + offset
      respond(null, this.data.subarray(at, at + length))
    })
    wire.on('hash-request', range => {
      const hashes = this.hashes(range)
      this.asked.push(`${range.length} of layer ${range.baseLayer}${hashes ? '' : ', rejected'}`)
      if (hashes === null) wire.hashReject(range)
      else wire.hashes(range, hashes)
    })
  }

  /** What answers a hash request. BEP 52 */
  hashes ({ piecesRoot, baseLayer, index, length, proofLayers }) {
    const height = this.layers.length - 1
    const isThere = piecesRoot.equals(this.torrent.piecesRoot) && baseLayer + proofLayers < height &&
      index + length <= this.layers[baseLayer].length && index % length === 0
    if (!isThere) return null
    const hashes = this.layers[baseLayer].slice(index, index + length)
    const implied = Math.log2(length)
    for (let i = 0; i < proofLayers + 1 - implied; i++) {
      hashes.push(this.layers[baseLayer + implied + i][Math.floor(index / length / 2 ** i) ^ 1])
    }
    return Buffer.concat(hashes)
  }
}

module.exports = { Server, downloadFile, fetchLayer, heightOf }
