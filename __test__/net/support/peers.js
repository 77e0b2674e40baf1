'use strict'

/** Both ends of connections, over the transport and over `net` of Node.js. */

const { once } = require('node:events')
const net = require('node:net')

const Wire = require('../../..')
const native = require('../../../net.js')
const { countSources } = require('../../../lib/net/native.js')

const INFO_HASH = Buffer.alloc(20, 0x11)
const SERVER_ID = Buffer.alloc(20, 0x22)
const CLIENT_ID = Buffer.alloc(20, 0x33)

/** Where nobody listens: it is not among those that the system gives away. */
const DEAD_PORT = 1

/** What a test opens, to be closed after it. */
const opened = new Set()

/** Listens on the transport. */
async function listen (options = {}, onWire = undefined) {
  const server = native.listen({ port: 0, host: '127.0.0.1', infoHashes: [INFO_HASH], peerId: SERVER_ID, ...options }, onWire)
  opened.add(() => server.close())
  server.on('wire', wire => opened.add(() => wire.destroy()))
  await once(server, 'listening')
  return server
}

/** Connects over the transport to a port of 127.0.0.1. */
function connect (port, options = {}) {
  const wire = native.connect({ host: '127.0.0.1', port, infoHash: INFO_HASH, peerId: CLIENT_ID, ...options })
  opened.add(() => wire.destroy())
  return wire
}

/** Two wires over the transport, with both handshakes done. */
async function pair (options = {}) {
  const server = await listen(options)
  const accepted = once(server, 'wire')
  const client = connect(server.address().port, options)
  const handshake = once(client, 'handshake')
  const [wire] = await accepted
  await handshake
  return { server, client, wire }
}

/** A server of `net` that hands raw sockets out. */
async function rawServer () {
  const server = net.createServer({ allowHalfOpen: true })
  const sockets = []
  server.on('connection', socket => {
    socket.on('error', () => {})
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.add(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server
}

/** A raw socket to a port of 127.0.0.1. */
async function rawSocket (port) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  opened.add(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** A wire that is piped to a socket of `net`, as callers do without the transport. */
function piped (socket, type, level, options) {
  const wire = new Wire(type, level, options)
  socket.on('error', () => {})
  socket.pipe(wire).pipe(socket)
  opened.add(() => {
    wire.destroy()
    socket.destroy()
  })
  return wire
}

/** Serves `block` to whoever asks. */
function serve (wire, block) {
  wire.on('interested', () => wire.unchoke())
  wire.on('request', (index, offset, length, respond) => respond(null, block.subarray(offset, offset + length)))
}

/** Downloads `count` blocks with `depth` requests in flight, and checks each. */
function download (wire, block, count, depth = 64) {
  return new Promise((resolve, reject) => {
    let asked = 0
    let received = 0
    const ask = () => {
      if (asked === count) return
      wire.request(asked++, 0, block.length, (error, bytes) => {
        if (error) return reject(error)
        if (!block.equals(bytes)) return reject(new Error(`other bytes in block ${received}`))
        if (++received === count) resolve()
        else ask()
      })
    }
    for (let i = 0; i < depth; i++) ask()
  })
}

/** As `once` of node:events, which would listen for errors too. */
function seen (emitter, event) {
  return new Promise(resolve => emitter.once(event, resolve))
}

/** Resolves once a count has begun and stands still: nothing says that something has stopped. */
async function stops (count) {
  for (let before = 0, now = count(); now === 0 || now !== before; now = count()) {
    before = now
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}

/** Resolves once the condition holds, which something else brings about. */
async function until (condition) {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

/** Closes all that a test has opened, and sees to it that nothing of it is left. */
async function closeAll () {
  for (const close of opened) close()
  opened.clear()
  await until(() => countSources() === 0)
}

module.exports = {
  DEAD_PORT, INFO_HASH, SERVER_ID, CLIENT_ID, closeAll, connect, download, listen, native, pair, piped, rawServer, rawSocket, seen, serve, stops, until
}
