'use strict'

/**
 * One wire whose socket is lost in mid-transfer, in a process of its own so that nothing catches
 * what nobody handles: `node child.js SCENARIO FAST`. Prints what happened as JSON at its exit,
 * which comes by itself once nothing is left open.
 */

const { once } = require('node:events')
const net = require('node:net')
const { loadOurs } = require('../../helpers/wire')
const messages = require('../support/messages')
const { INFO_HASH, PEER_IDS } = require('../support/pair')

const [scenario, fast] = [process.argv[2], process.argv[3] === 'fast']
const BLOCK = 16384
const result = { callbacks: [], events: [], uncaught: [], after: [] }

process.on('uncaughtException', err => result.uncaught.push(err.message))
process.on('unhandledRejection', err => result.uncaught.push(err.message))
process.on('exit', () => process.stdout.write(JSON.stringify(result)))

/** What happens to the connection, once the wire has some of its blocks and waits for the rest. */
const scenarios = {
  'the peer resets': (socket, peer) => peer.resetAndDestroy(),
  'the peer resets in the middle of a message': (socket, peer) => {
    const half = messages.piece(5, 0, Buffer.alloc(BLOCK)).subarray(0, 5000)
    peer.write(half, () => peer.resetAndDestroy())
  },
  'the peer ends': (socket, peer) => peer.end(),
  'the peer ends in the middle of a message': (socket, peer) => {
    peer.end(messages.piece(5, 0, Buffer.alloc(BLOCK)).subarray(0, 5000))
  },
  'the peer destroys': (socket, peer) => peer.destroy(),
  'the socket is destroyed': socket => socket.destroy(),
  'the socket is destroyed with an error': socket => socket.destroy(new Error('no more')),
  'the socket is reset': socket => socket.resetAndDestroy(),
  'the socket fails while the wire is sending': (socket, peer, wire) => {
    peer.pause()
    for (let i = 0; i < 64; i++) wire.piece(i, 0, Buffer.alloc(BLOCK))
    peer.resetAndDestroy()
  },
  'the socket is destroyed in a handler': (socket, peer, wire) => {
    wire.once('have', () => socket.destroy())
    peer.write(Buffer.concat([messages.have(1), messages.have(2)]))
  },
  'the wire is destroyed, then the socket': (socket, peer, wire) => {
    wire.destroy()
    socket.destroy()
  },
  'the socket is destroyed, then the wire': (socket, peer, wire) => {
    socket.destroy()
    wire.destroy()
  }
}

async function main () {
  const Wire = await loadOurs()
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  const [[peer]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')])
  server.close()
  peer.on('error', () => {}) // only the wire's side is under test
  peer.once('end', () => peer.end()).resume()

  const wire = new Wire('tcpOutgoing')
  for (const event of ['finish', 'end', 'close', 'error', 'choke', 'uninterested']) {
    wire.on(event, () => result.events.push(event))
  }
  socket.once('close', () => result.events.push('socket close'))
  socket.pipe(wire).pipe(socket)

  wire.handshake(INFO_HASH, PEER_IDS[0], { fast })
  wire.once('unchoke', () => {
    for (let i = 0; i < 10; i++) {
      wire.request(i, 0, BLOCK, err => result.callbacks.push([i, err && err.message]))
    }
  })
  peer.write(Buffer.concat([
    messages.handshake(INFO_HASH, PEER_IDS[1], { fast }),
    messages.unchoke(),
    ...[0, 1, 2].map(i => messages.piece(i, 0, Buffer.alloc(BLOCK)))
  ]))
  await new Promise(resolve => wire.on('piece', index => index === 2 && resolve()))

  const closed = once(wire, 'close')
  scenarios[scenario](socket, peer, wire)
  await closed
  result.closed = true
  if (!socket.closed) await once(socket, 'close')

  wire.request(0, 0, BLOCK, err => result.after.push(err.message))
  wire.have(1)
  result.left = [wire.requests.length, wire.peerRequests.length, wire.destroyed]
  peer.destroy()
}

if (require.main === module) main()
else module.exports = { scenarios: Object.keys(scenarios) }
