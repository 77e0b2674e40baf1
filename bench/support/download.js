'use strict'

const net = require('node:net')
const { once } = require('node:events')
const bytes = require('./bytes.js')

const PIECES = 1024

/**
 * A server on a free port of 127.0.0.1 whose wires answer every request with the block that its
 * piece index picks.
 * @param {object} contender
 * @param {number} peEnabled 0 plain, 2 RC4
 * @param {Buffer[]} blocks
 * @returns {Promise<net.Server>}
 */
async function seed (contender, peEnabled, blocks) {
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    const wire = contender.make('tcpIncoming', peEnabled)
    wire.once('crypto-infohash', () => wire.setInfoHash(bytes.INFO_HASH.toString('hex')))
    wire.once('handshake', () => {
      wire.handshake(bytes.INFO_HASH, bytes.PEER_ID)
      wire.unchoke()
    })
    wire.on('request', (index, offset, length, respond) => respond(null, blocks[index % blocks.length]))
    socket.pipe(wire).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** One wire that is connected, handshaken and unchoked, and downloads on demand. */
class Leech {
  /**
   * @param {object} contender
   * @param {number} peEnabled
   * @param {Buffer[]} blocks what the seed has
   * @param {number} port
   * @returns {Promise<Leech>}
   */
  static async connect (contender, peEnabled, blocks, port) {
    const socket = net.connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    socket.on('error', () => {})
    const wire = contender.make('tcpOutgoing', peEnabled)
    socket.pipe(wire).pipe(socket)
    const unchoked = once(wire, 'unchoke')
    if (peEnabled) {
      wire.once('crypto-handshake', () => wire.handshake(bytes.INFO_HASH, bytes.PEER_ID))
      wire.startEncryption(bytes.INFO_HASH.toString('hex'))
    } else {
      wire.handshake(bytes.INFO_HASH, bytes.PEER_ID)
    }
    await unchoked
    if (peEnabled && wire._encryptionMethod !== 2) throw new Error('the wire is not encrypted')
    return new Leech(wire, socket, blocks)
  }

  constructor (wire, socket, blocks) {
    this.wire = wire
    this.socket = socket
    this.blocks = blocks
    this.asked = 0
  }

  /**
   * Downloads with `depth` requests in flight for as long as `more()` says so.
   * @param {number} depth
   * @param {() => boolean} more asked before each request
   * @param {(length: number) => void} onblock after each block
   * @param {boolean} [thorough]
   * @returns {Promise<void>} when the last answer is there
   */
  download (depth, more, onblock, thorough = false) {
    return new Promise((resolve, reject) => {
      let pending = 0
      const ask = () => {
        const index = this.asked++ % PIECES
        pending++
        this.wire.request(index, 0, bytes.BLOCK_LENGTH, (err, block) => {
          if (err) return reject(err)
          bytes.check(block, this.blocks[index % this.blocks.length], thorough)
          pending--
          onblock(block.length)
          if (more()) ask()
          else if (!pending) resolve()
        })
      }
      for (let i = 0; i < depth && more(); i++) ask()
    })
  }

  /** Closes both ends. */
  close () {
    this.wire.destroy()
    this.socket.destroy()
  }
}

module.exports = { Leech, seed }
