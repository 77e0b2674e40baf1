'use strict'

/** Wires over uTP: the same as over TCP. */

const { randomBytes } = require('node:crypto')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { closeAll, connect, download, listen, native, rawServer, serve } = require('./support/peers.js')

afterEach(closeAll)

const BLOCK = randomBytes(16384)

function onWire (wire) {
  serve(wire, BLOCK)
}

async function downloadFrom (wire, count) {
  wire.interested()
  if (wire.peerChoking) await once(wire, 'unchoke')
  await download(wire, BLOCK, count)
}

test.each([
  ['none'], ['allow'], ['require']
])('connects, downloads and closes, with encryption %s', async encryption => {
  const server = await listen({ utp: true, encryption: encryption === 'none' ? 'allow' : encryption }, onWire)
  const wire = connect(server.address().port, { transport: 'utp', encryption })
  const accepted = once(server, 'wire')
  await once(wire, 'connect')
  expect(wire.type).toBe('utpOutgoing')
  expect(wire.remotePort).toBe(server.address().port)
  const [other] = await accepted
  expect(other.type).toBe('utpIncoming')
  expect(other.remoteAddress).toBe('127.0.0.1')
  if (!wire.peerId) await once(wire, 'handshake')
  await downloadFrom(wire, 200)
  const closed = once(other, 'close')
  wire.destroy()
  await closed
  const stopped = once(server, 'close')
  server.close()
  await stopped
})

test('one port takes both, and is free again after close', async () => {
  const server = await listen({ utp: true }, onWire)
  const { port } = server.address()
  const wires = [connect(port, { transport: 'utp' }), connect(port), connect(port, { transport: 'any' })]
  await Promise.all(wires.map(wire => once(wire, 'handshake')))
  expect(wires.map(wire => wire.type)).toEqual(['utpOutgoing', 'tcpOutgoing', 'utpOutgoing'])
  await Promise.all(wires.map(wire => downloadFrom(wire, 20)))
  for (const wire of wires) wire.destroy()
  server.close()
  await once(server, 'close')
  const again = await listen({ utp: true, port })
  expect(again.address().port).toBe(port)
})

test('any: over TCP where nobody answers over uTP', async () => {
  const server = await listen({}, onWire)
  const wire = connect(server.address().port, { transport: 'any' })
  await once(wire, 'handshake')
  expect(wire.type).toBe('tcpOutgoing')
  await downloadFrom(wire, 20)
}, 20_000)

test('over uTP alone nobody there is a timeout', async () => {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const wire = connect(socket.address().port, { transport: 'utp', connectTimeout: 300 })
  const [error] = await once(wire, 'error')
  expect(error.code).toBe('ETIMEDOUT')
  socket.close()
})

test('a port that is taken over UDP is an error, and nothing listens', async () => {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const server = native.listen({ port: socket.address().port, host: '127.0.0.1', utp: true })
  const [error] = await once(server, 'error')
  expect(error).toMatchObject({ code: 'EADDRINUSE', port: socket.address().port })
  expect(server.listening).toBe(false)
  socket.close()
})

test('a transport that is none is refused', async () => {
  const server = await rawServer()
  expect(() => connect(server.address().port, { transport: 'sctp' })).toThrow(/transport must be/)
})
