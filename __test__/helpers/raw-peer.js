'use strict'

const { once } = require('node:events')
const net = require('node:net')

const PROTOCOL = Buffer.from('\u0013BitTorrent protocol', 'latin1')
const UNCHOKE = message(1)

/**
 * A seeder that is written in bytes, with none of the code under test: no fast extension, no
 * extended messages.
 */
class RawSeeder {
  /**
   * @param {object} options
   * @param {string} options.infoHash in hex
   * @param {Buffer} [options.data] of the torrent
   * @param {number} [options.pieceLength]
   * @param {number} [options.pieceCount]
   * @param {number} [options.closeAfter] hangs up once it has sent so many blocks
   * @param {number} [options.spoil] flips a bit of the block at this place in the torrent
   * @param {boolean} [options.choke] never unchokes
   * @returns {Promise<RawSeeder>}
   */
  static async listen (options) {
    const seeder = new RawSeeder(options)
    seeder.server = net.createServer((socket) => seeder.serve(socket))
    seeder.server.listen(0, '127.0.0.1')
    await once(seeder.server, 'listening')
    return seeder
  }

  constructor (options) {
    this.options = options
    this.sockets = new Set()
    this.blocks = 0
  }

  get address () {
    return `127.0.0.1:${this.server.address().port}`
  }

  serve (socket) {
    this.sockets.add(socket)
    socket.on('error', () => {})
    read(socket, () => this.greet(socket), (id, payload) => this.receive(socket, id, payload))
  }

  greet (socket) {
    const { infoHash, pieceCount = 0 } = this.options
    const bits = Buffer.alloc(Math.ceil(pieceCount / 8))
    for (let piece = 0; piece < pieceCount; piece++) bits[piece >> 3] |= 0x80 >> (piece & 7)
    socket.write(Buffer.concat([handshake(infoHash), message(5, bits)]))
  }

  receive (socket, id, payload) {
    const { data, pieceLength, choke, closeAfter, spoil } = this.options
    if (id === 2 && !choke) socket.write(UNCHOKE)
    if (id !== 6) return
    if (this.blocks === closeAfter) return socket.end()
    this.blocks++
    const position = payload.readUInt32BE(0) * pieceLength + payload.readUInt32BE(4)
    const block = Buffer.from(data.subarray(position, position + payload.readUInt32BE(8)))
    if (position === spoil) block[0] ^= 1
    socket.write(message(7, payload.subarray(0, 8), block))
  }

  close () {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }
}

/** Calls back for the handshake, then for each message. */
function read (socket, onHandshake, onMessage) {
  let buffer = Buffer.alloc(0)
  let greeted = false
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk])
    if (!greeted && buffer.length >= 68) {
      greeted = true
      onHandshake(buffer.subarray(0, 68))
      buffer = buffer.subarray(68)
    }
    if (!greeted) return
    while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
      const length = buffer.readUInt32BE(0)
      if (length > 0) onMessage(buffer[4], buffer.subarray(5, 4 + length))
      buffer = buffer.subarray(4 + length)
    }
  })
}

/** @returns {Buffer} without any reserved bit */
function handshake (infoHash) {
  return Buffer.concat([PROTOCOL, Buffer.alloc(8), Buffer.from(infoHash, 'hex'), Buffer.alloc(20, 0x70)])
}

/** @returns {Buffer} */
function message (id, ...parts) {
  const payload = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(payload.length + 1, 0)
  head[4] = id
  return Buffer.concat([head, payload])
}

/** @returns {Buffer} of 32-bit numbers, big-endian */
function numbers (...list) {
  const bytes = Buffer.alloc(4 * list.length)
  list.forEach((number, index) => bytes.writeUInt32BE(number, 4 * index))
  return bytes
}

module.exports = { RawSeeder, read, handshake, message, numbers }
