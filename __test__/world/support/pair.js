'use strict'

const net = require('node:net')
const { once } = require('node:events')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const PEER_IDS = ['2d4141303030302d' + '41'.repeat(12), '2d4242303030302d' + '42'.repeat(12)]

/** Pipes two wires straight into each other. */
function pipeTogether (a, b) {
  a.pipe(b).pipe(a)
}

/**
 * Two ends of one TCP connection on 127.0.0.1, each piped through its wire.
 *
 * @returns {Promise<import('node:net').Socket[]>} the sockets of `a` and of `b`
 */
async function connectOverTcp (a, b) {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const outgoing = net.connect(server.address().port, '127.0.0.1')
  const [[incoming]] = await Promise.all([once(server, 'connection'), once(outgoing, 'connect')])
  server.close()
  // Answers of a few bytes go back and forth: without this each waits for a delayed ACK.
  outgoing.setNoDelay()
  incoming.setNoDelay()
  outgoing.pipe(a).pipe(outgoing)
  incoming.pipe(b).pipe(incoming)
  return [outgoing, incoming]
}

/** Handshakes on both wires; resolves when both have the other's. */
async function shakeHands (a, b, { infoHash = INFO_HASH, fast = false, dht = false } = {}) {
  const both = Promise.all([once(a, 'handshake'), once(b, 'handshake')])
  a.handshake(infoHash, PEER_IDS[0], { fast, dht })
  b.handshake(infoHash, PEER_IDS[1], { fast, dht })
  return both
}

/** Resolves once `to` has applied everything that `from` has sent so far. */
async function reached (from, to) {
  const seen = once(to, 'keep-alive')
  from.keepAlive()
  await seen
}

/** @returns {Promise<Uint8Array>} the block, or a rejection with the callback's error */
function request (wire, piece, offset, length) {
  return new Promise((resolve, reject) => {
    wire.request(piece, offset, length, (err, block) => err ? reject(err) : resolve(block))
  })
}

/** Closes both wires and waits for it. */
async function close (...wires) {
  const closed = wires.map(wire => wire.destroyed || once(wire, 'close'))
  for (const wire of wires) wire.destroy()
  await Promise.all(closed)
}

module.exports = {
  INFO_HASH, PEER_IDS, close, connectOverTcp, pipeTogether, reached, request, shakeHands
}
