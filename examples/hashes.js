'use strict'

// BitTorrent v2 (BEP 52): a peer that has nothing but the root of a file's hash tree gets the hashes of
// the file's blocks from another one, and checks each answer against that root.

const { once } = require('node:events')
const fs = require('node:fs/promises')
const net = require('node:net')
const path = require('node:path')

const Wire = require('bittorrent-protocol-native')
const { BLOCK_LENGTH, HASH_LENGTH, MerkleTree, hashBlocks, verify } = require('bittorrent-protocol-native/merkle')

const { Failure, cause } = require('./demo/failure')
const { peerId } = require('./demo/peer-id')
const { program } = require('./program')

/** As many as BEP 52 wishes for at most in one answer. */
const MAX_LENGTH = 512
const INFO_HASH = Buffer.from('the file of one peer').toString('hex')

/**
 * Answers hash requests out of a tree.
 *
 * @param {import('bittorrent-protocol-native')} wire
 * @param {MerkleTree} tree
 */
function serveHashes (wire, tree) {
  wire.on('hash-request', (range, respond) => {
    const hashes = tree.hashes(range)
    if (hashes === null) respond(new Error('no such hashes'))
    else respond(null, hashes)
  })
}

/**
 * Gets the hashes of all blocks of a file.
 *
 * @param {import('bittorrent-protocol-native')} wire
 * @param {object} file
 * @param {Buffer} file.piecesRoot the root of its tree
 * @param {number} file.length in bytes
 * @param {AbortSignal} [signal]
 * @returns {Promise<Buffer>} 32 bytes a block
 * @throws {Failure} if an answer does not lead to the root
 */
async function fetchHashes (wire, { piecesRoot, length: bytes }, signal) {
  const blocks = Math.ceil(bytes / BLOCK_LENGTH)
  // One block's hash is the root itself.
  if (blocks === 1) return piecesRoot
  const layers = Math.ceil(Math.log2(blocks))
  const length = Math.min(MAX_LENGTH, 2 ** layers)
  const parts = []
  for (let index = 0; index < blocks; index += length) {
    // As many uncles as lead to the root: it is in layer `layers`, which nobody need send.
    const range = { piecesRoot, baseLayer: 0, index, length, proofLayers: layers - 1 }
    const hashes = await wire.requestHashes(range, { signal, timeout: 10_000 })
    if (!verify(range, hashes)) throw new Failure(`the peer lies about block ${index} and those after it`)
    parts.push(hashes.subarray(0, length * HASH_LENGTH))
  }
  return Buffer.concat(parts).subarray(0, blocks * HASH_LENGTH)
}

module.exports = { serveHashes, fetchHashes }

program(module, {
  usage: `Two peers in this process exchange the hashes of a file, as BitTorrent v2 has it.

  node examples/hashes.js FILE [--lie]

Options
  --lie   the one that serves changes a bit of its tree: the other notices`,
  options: { lie: { type: 'boolean', default: false } },
  arguments: [1, 1],
  async run ({ lie }, [name], signal) {
    const data = await fs.readFile(name).catch((err) => { throw new Failure(`cannot read ${name}: ${cause(err)}`) })
    if (data.length === 0) throw new Failure(`${name} is empty`)
    const tree = new MerkleTree(hashBlocks(data))
    const file = { piecesRoot: tree.root, length: data.length }
    if (lie) tree.layers[0][5] ^= 1

    const server = net.createServer((socket) => {
      const wire = meet(socket, new Wire('tcpIncoming'))
      serveHashes(wire, tree)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = net.connect(server.address().port, '127.0.0.1')
    const wire = meet(socket, new Wire('tcpOutgoing'))
    try {
      await wire.ready
      const hashes = await fetchHashes(wire, file, signal)
      console.log(`${path.basename(name)} has the root ${file.piecesRoot.toString('hex')}`)
      const isSame = hashes.equals(hashBlocks(data))
      const { hashRequest } = wire.statistics.sent.byMessage
      console.log(`Got the hashes of ${hashes.length / HASH_LENGTH} blocks by ${hashRequest} requests, each proved: ${isSame ? 'the right ones' : 'other ones'}.`)
    } finally {
      wire.destroy()
      server.close()
    }
  }
})

function meet (socket, wire) {
  socket.on('error', () => wire.destroy())
  socket.pipe(wire).pipe(socket)
  wire.handshake(INFO_HASH, peerId(), { v2: true })
  return wire
}
