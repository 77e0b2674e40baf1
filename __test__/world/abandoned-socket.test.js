'use strict'

/** What becomes of a socket whose wire has closed while the peer goes on. */

const net = require('node:net')
const { once } = require('node:events')
const Wire = require('../..')
const { hasReadableSockets, testIf } = require('../helpers/runtime')
const { INFO_HASH, PEER_IDS } = require('./support/pair')

/** More than a socket, and both kernels, keep of what nobody reads. */
const REST = Buffer.alloc(16 << 20)

let server, socket, wire, peer

beforeEach(async () => {
  server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  socket = net.connect(server.address().port, '127.0.0.1')
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')])
  peer = accepted
  wire = new Wire('tcpOutgoing')
  socket.pipe(wire).pipe(socket)
  wire.handshake(INFO_HASH, PEER_IDS[0])
  peer.resume()
})

afterEach(async () => {
  socket.destroy()
  peer.destroy()
  server.close()
  await once(server, 'close')
})

test('it is read to its end, and closes', async () => {
  const closed = once(socket, 'close')
  wire.destroy()
  await once(peer, 'end')
  peer.end(REST)
  await closed
  expect([socket.bytesRead, socket.readableEnded]).toEqual([REST.length, true])
})

describe.each([['data', test], ['readable', testIf(hasReadableSockets)]])('somebody who listens for %s', (event, test) => test('gets all of it', async () => {
  let length = 0
  socket.pause()
  socket.on(event, chunk => {
    if (event === 'readable') while ((chunk = socket.read()) !== null) length += chunk.length
    else length += chunk.length
  })
  const closed = once(socket, 'close')
  wire.destroy()
  await once(peer, 'end')
  peer.end(REST)
  // Its reader decides when to go on.
  if (event === 'data') socket.resume()
  await closed
  expect(length).toBe(REST.length)
}))
