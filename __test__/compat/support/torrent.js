'use strict'

const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { messages } = require('./peer')

const PIECE_LENGTH = 64 * 1024

/**
 * A torrent of one file with random bytes.
 * @param {number} size in bytes
 * @param {string} announce URL of its tracker
 */
function makeTorrent (size, announce) {
  const data = randomBytes(size)
  const hashes = []
  for (let at = 0; at < size; at += PIECE_LENGTH) hashes.push(createHash('sha1').update(data.subarray(at, at + PIECE_LENGTH)).digest())
  const info = { length: size, name: 'file.bin', 'piece length': PIECE_LENGTH, pieces: Buffer.concat(hashes) }
  const infoBuffer = messages.bencode(info)
  const infoHash = createHash('sha1').update(infoBuffer).digest('hex')
  const bits = Buffer.alloc(Math.ceil(hashes.length / 8))
  hashes.forEach((_, i) => { bits[i >> 3] |= 0x80 >> (i & 7) })
  return {
    data,
    info,
    infoHash,
    infoLength: infoBuffer.length,
    bits,
    pieceCount: hashes.length,
    torrentFile: messages.bencode({ announce, info }).toString('base64'),
    magnet: `magnet:?xt=urn:btih:${infoHash}&dn=file.bin&tr=${encodeURIComponent(announce)}`,
    /** @returns {Buffer} a block, as a peer asks for it */
    block: (piece, offset, length) => data.subarray(piece * PIECE_LENGTH + offset, piece * PIECE_LENGTH + offset + length)
  }
}

/**
 * A tracker that knows one peer, on 127.0.0.1.
 * @returns {Promise<{ url: string, port: number, close: () => void }>} set `port` to the peer's
 */
async function startTracker () {
  const tracker = { port: 0 }
  const server = http.createServer((request, response) => {
    const peers = Buffer.from([127, 0, 0, 1, tracker.port >> 8, tracker.port & 0xff])
    response.end(messages.bencode({ complete: 1, incomplete: 0, interval: 1800, peers }))
  })
  await listen(server)
  tracker.url = `http://127.0.0.1:${server.address().port}/announce`
  tracker.close = () => {
    server.close()
    server.closeAllConnections()
  }
  return tracker
}

/**
 * A server on 127.0.0.1 that gives each connection to a wire.
 * @param {() => import('node:stream').Duplex} createWire
 * @returns {Promise<{ port: number, close: () => void }>}
 */
async function startSeeder (createWire) {
  const sockets = new Set()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.pipe(createWire()).pipe(socket)
  })
  await listen(server)
  return {
    port: server.address().port,
    close () {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
}

async function listen (server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

module.exports = { makeTorrent, startSeeder, startTracker }
