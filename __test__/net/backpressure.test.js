'use strict'

/** What one side does not take, the other does not send; and nobody keeps more than its share. */

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')

const { INFO_HASH, CLIENT_ID, closeAll, connect, download, listen, pair, rawServer, rawSocket, seen, serve, stops, until } = require('./support/peers.js')

const BLOCK = randomBytes(16384)
const HANDSHAKE = Buffer.concat([Buffer.from('\u0013BitTorrent protocol', 'latin1'), Buffer.alloc(8), INFO_HASH, CLIENT_ID])
const UNCHOKE_AND_INTERESTED = Buffer.from([0, 0, 0, 1, 1, 0, 0, 0, 1, 2])

afterEach(closeAll)

function request (index, offset, length) {
  const message = Buffer.alloc(17)
  message.writeUInt32BE(13)
  message[4] = 6
  message.writeUInt32BE(index, 5)
  message.writeUInt32BE(offset, 9)
  message.writeUInt32BE(length, 13)
  return message
}

test('a peer that asks for much and reads nothing: answers stop, and go on when it reads', async () => {
  let answered = 0
  const server = await listen({}, wire => {
    wire.on('interested', () => wire.unchoke())
    wire.on('request', (index, offset, length, respond) => {
      answered += length
      respond(null, BLOCK)
    })
  })
  const socket = await rawSocket(server.address().port)
  const asked = 4000
  socket.write(Buffer.concat([HANDSHAKE, UNCHOKE_AND_INTERESTED, ...Array.from({ length: asked }, (_, i) => request(i, 0, BLOCK.length))]))
  await stops(() => answered)
  expect(answered).toBeGreaterThan(0)
  // What the systems' own buffers hold besides is at most some MiB.
  expect(answered).toBeLessThan(24 << 20)
  let received = 0
  socket.on('data', bytes => { received += bytes.length })
  await until(() => received >= asked * (BLOCK.length + 13))
  expect(answered).toBe(asked * BLOCK.length)
})

test('two peers that both serve and both ask do not wait for each other', async () => {
  const { client, wire } = await pair()
  for (const end of [client, wire]) {
    serve(end, BLOCK)
    end.unchoke()
  }
  await Promise.all([seen(client, 'unchoke'), seen(wire, 'unchoke')])
  await Promise.all([download(client, BLOCK, 4000, 500), download(wire, BLOCK, 4000, 500)])
})

test('what a wire holds back in its crypto handshake stays in the order of the stream', async () => {
  const server = await listen({ encryption: 'require' }, wire => serve(wire, BLOCK))
  const client = connect(server.address().port, { encryption: 'require' })
  const order = []
  server.once('wire', wire => {
    wire.on('have', index => order.push(index))
    wire.on('port', () => order.push('port'))
  })
  client.once('connect', () => { for (let i = 0; i < 300; i++) client.have(i) })
  client.once('crypto-handshake', () => { for (let i = 300; i < 600; i++) client.have(i) })
  await once(client, 'handshake')
  for (let i = 600; i < 900; i++) client.have(i)
  client.port(1)
  await until(() => order.includes('port'))
  expect(order).toEqual([...Array.from({ length: 900 }, (_, i) => i), 'port'])
})

test('a wire that is not connected keeps what it is told to send', async () => {
  const server = await rawServer()
  const client = connect(server.address().port, { lookup: undefined })
  for (let i = 0; i < 1000; i++) client.keepAlive()
  const [socket] = await once(server, 'connection')
  let received = 0
  socket.on('data', bytes => { received += bytes.length })
  await until(() => received === 4000 + 68)
})
