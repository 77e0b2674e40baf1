'use strict'

/** bittorrent-protocol-native/utp: what callers of utp-native do. */

const { randomBytes } = require('node:crypto')
const dgram = require('node:dgram')
const { once } = require('node:events')
const UTP = require('../../utp.js')
const { readSlowly } = require('../helpers/read-slowly')
const { countSources } = require('../../lib/net/native.js')
const { kConnection } = require('../../lib/net/symbols.js')
const { CHUNK, receive, send } = require('./support/transfer.js')

const sockets = new Set()

/** As `createServer`, to be closed after the test. */
function create (options, onConnection) {
  const socket = UTP.createServer(options, onConnection)
  sockets.add(socket)
  socket.on('connection', connection => connection.on('error', () => {}))
  return socket
}

async function listen (options, onConnection, host = '127.0.0.1') {
  const server = create(options, onConnection)
  server.listen(0, host)
  await once(server, 'listening')
  return server
}

/** Both ends of a connection. */
async function pair (options) {
  const server = await listen(options)
  const accepted = once(server, 'connection')
  const client = create(options).connect(server.address().port)
  await once(client, 'connect')
  return { server, client, peer: (await accepted)[0] }
}

/** Resolves once the condition holds, which something else brings about. */
async function until (condition) {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

afterEach(async () => {
  for (const socket of sockets) {
    for (const connection of [...socket.connections]) connection.destroy()
    socket.close()
  }
  sockets.clear()
  await until(() => countSources() === 0)
})

test('bytes go both ways at once, and each side ends by itself', async () => {
  const { client, peer } = await pair()
  const results = await Promise.all([send(client, 60, 1), send(peer, 40, 2), receive(peer), receive(client)])
  expect(results[2]).toMatchObject({ hash: results[0], length: 60 * CHUNK })
  expect(results[3]).toMatchObject({ hash: results[1], length: 40 * CHUNK })
})

test('one side ends, and the other goes on for as long as it likes', async () => {
  const { client, peer } = await pair()
  client.end('hello')
  expect((await receive(peer)).length).toBe(5)
  const sent = send(peer, 50)
  const received = await receive(client)
  expect(received.hash).toBe(await sent)
})

test('without allowHalfOpen the end of one side is that of both', async () => {
  const { client, peer } = await pair({ allowHalfOpen: false })
  const closed = [once(client, 'close'), once(peer, 'close')]
  peer.resume()
  client.resume()
  client.end('x')
  await Promise.all(closed)
})

test('over IPv6, and over IPv4 to a socket for both', async () => {
  const server = await listen({}, connection => connection.pipe(connection), null)
  const { port } = server.address()
  const addresses = []
  server.on('connection', connection => addresses.push([connection.remoteAddress, connection.remoteFamily]))
  for (const host of server.address().family === 'IPv6' ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
    const client = UTP.connect(port, host)
    client.write('over')
    expect(String((await once(client, 'data'))[0])).toBe('over')
    expect(client.remoteAddress).toBe(host)
    const closed = once(client, 'close')
    client.end()
    client.resume()
    await closed
  }
  expect(addresses).toEqual([['127.0.0.1', 'IPv4'], ['::1', 'IPv6']].slice(0, addresses.length))
})

test('a reader that stops is what the writer waits for', async () => {
  const { client, peer } = await pair()
  peer.pause()
  let taken = 0
  const bytes = Buffer.alloc(CHUNK)
  const write = () => {
    while (client.write(bytes)) taken += CHUNK
    taken += CHUNK
  }
  client.on('drain', write)
  write()
  // It comes to a stop: the buffers of both sides are full.
  for (let before = -1; before !== taken;) {
    before = taken
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  // A window of uTP and one of the transport to receive, and what waits to be sent.
  expect(taken).toBeLessThan(4 << 20)
  client.off('drain', write)
  client.end()
  const received = receive(peer)
  peer.resume()
  expect((await received).length).toBe(taken)
})

test('maxConnections and firewall keep others out', async () => {
  const server = await listen()
  server.maxConnections = 1
  const { port } = server.address()
  const clients = create()
  const accepted = once(server, 'connection')
  const first = clients.connect(port)
  await accepted
  const second = clients.connect(port)
  let hasConnected = false
  second.on('connect', () => { hasConnected = true })
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(hasConnected).toBe(false)
  expect(server.connections).toHaveLength(1)
  const closed = once(server.connections[0], 'close')
  first.destroy()
  server.connections[0].destroy()
  await closed
  // Its SYN comes again.
  await once(second, 'connect')
  server.firewall(true)
  const third = clients.connect(port)
  third.on('connect', () => { throw new Error('connected') })
  await new Promise(resolve => setTimeout(resolve, 100))
})

test('nobody there is a timeout, with the code of utp-native', async () => {
  const nobody = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(nobody, 'listening')
  const client = create().connect(nobody.address().port)
  const syns = []
  nobody.on('message', bytes => syns.push(bytes.toString('hex').slice(0, 8)))
  const [error] = await once(client, 'error')
  expect(error).toMatchObject({ message: 'UTP_ETIMEDOUT', code: 'UTP_ETIMEDOUT', errno: 2 })
  // The same one, three times.
  expect(syns).toEqual(Array(3).fill(syns[0]))
  nobody.close()
}, 15_000)

test('a reset ends it', async () => {
  const { client, peer } = await pair()
  const order = []
  peer.on('error', ({ code, errno }) => order.push([code, errno]))
  const closed = new Promise(resolve => peer.on('close', resolve))
  client.resetAndDestroy()
  await closed
  expect(order).toEqual([['UTP_ECONNRESET', 1]])
})

test('names that nobody knows, ports that are none', async () => {
  const client = create().connect(1234, 'nobody.invalid')
  const order = []
  client.on('error', error => order.push(error.code))
  await new Promise(resolve => client.on('close', resolve))
  order.push('close')
  expect(order).toEqual([expect.stringMatching(/^E/), 'close'])
  expect(() => create().connect(0)).toThrow(RangeError)
  expect(() => create().connect(70000)).toThrow(RangeError)
})

test('setTimeout tells of silence', async () => {
  const { peer } = await pair()
  const since = performance.now()
  await new Promise(resolve => peer.setTimeout(100, resolve))
  expect(performance.now() - since).toBeGreaterThan(90)
})

test('packets that are none of uTP come as messages, and can be sent', async () => {
  const server = await listen()
  const other = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(other, 'listening')
  const message = once(server, 'message')
  other.send('d1:qe', server.address().port, '127.0.0.1')
  const [bytes, from] = await message
  expect([String(bytes), from]).toEqual(['d1:qe', { address: '127.0.0.1', family: 'IPv4', port: other.address().port }])
  const answer = once(other, 'message')
  server.send(Buffer.from('-answer-'), 1, 6, from.port, from.address)
  expect(String((await answer)[0])).toBe('answer')
  other.close()
})

test('buffers of the system, and what needs a socket that is bound', async () => {
  const unbound = create()
  expect(() => unbound.address()).toThrow('Socket not bound')
  expect(() => unbound.setRecvBufferSize(1)).toThrow('EBADF')
  const server = await listen()
  expect(server.setRecvBufferSize(65536)).toBeGreaterThanOrEqual(65536)
  expect(server.getRecvBufferSize()).toBeGreaterThanOrEqual(65536)
  expect(server.setSendBufferSize(65536)).toBeGreaterThanOrEqual(65536)
  server.setTTL(32)
  const second = create()
  second.listen(server.address().port, '127.0.0.1')
  // WebTorrent does before it knows.
  expect([second.setSendBufferSize(65536), second.setRecvBufferSize(65536)]).toEqual([0, 0])
  const [error] = await once(second, 'error')
  expect([error.code, error.message]).toEqual(['EADDRINUSE', 'address already in use'])
})

test('closed, the port is free, and close may be called again', async () => {
  const { server, client, peer } = await pair()
  const { port } = server.address()
  client.write('x')
  let isClosed = false
  const closed = new Promise(resolve => server.close(resolve)).then(() => { isClosed = true })
  await once(peer.resume(), 'end', client.end())
  expect(isClosed).toBe(false)
  peer.end()
  client.resume()
  await closed
  await new Promise(resolve => server.close(resolve))
  const again = create()
  again.listen(port, '127.0.0.1')
  await once(again, 'listening')
})

test('what was not read may be read after close', async () => {
  const { client, peer } = await pair()
  peer.end()
  client.end('last words')
  await once(peer, 'close')
  expect(String(peer.read())).toBe('last words')
})

test.each([1, 10_000, 1_000_000])('a peer answers with %i bytes and closes at once; the reader is slow', async length => {
  const { client, peer } = await pair()
  const answer = randomBytes(length)
  const events = []
  for (const event of ['end', 'close']) client.on(event, () => events.push(event))
  client.pause()
  client.end('question')
  peer.resume().on('end', () => peer.end(answer))
  // Of much the reader has to make room for the rest.
  await (length < 1_000_000 ? until(() => client[kConnection].handle === null) : until(() => client.bytesRead > 0))
  expect(events).toEqual([])
  expect(answer.equals(await readSlowly(client))).toBe(true)
  await until(() => events.includes('close'))
  expect(events).toEqual(['end', 'close'])
})

test('200 connections share two sockets', async () => {
  const server = await listen({}, connection => connection.pipe(connection))
  const clients = create()
  const echoed = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
    const client = clients.connect(server.address().port)
    const sent = send(client, 2, index)
    const { hash } = await receive(client)
    return hash === await sent
  }))
  expect(echoed).toEqual(Array(200).fill(true))
  expect(countSources()).toBeGreaterThanOrEqual(2)
}, 30_000)
