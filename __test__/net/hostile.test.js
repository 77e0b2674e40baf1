'use strict'

/** Peers over real sockets that mean harm: nobody else suffers, and nothing grows. */

const { fork, spawn } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { createInterface } = require('node:readline')

const { CLIENT_ID, INFO_HASH, closeAll, connect, download, listen, rawServer, rawSocket, seen, serve, stops, until } = require('./support/peers.js')
const { countWires } = require('../../lib/native/index.js')
const { takesNodeFlags, testIf } = require('../helpers/runtime')
const messages = require('../world/support/messages.js')

const HEX = { infoHash: INFO_HASH.toString('hex'), peerId: CLIENT_ID.toString('hex') }
const HANDSHAKE = messages.handshake(HEX.infoHash, HEX.peerId, { extended: true, fast: true })
const BLOCK = randomBytes(16384)
const MIB = 1 << 20

let countBefore

beforeEach(() => { countBefore = countWires() })
afterEach(async () => {
  await closeAll()
  expect(countWires()).toBe(countBefore)
})

/** A server with an honest client, whom whatever the others do must not disturb. */
async function withHonest (options) {
  const server = await listen(options, wire => {
    wire.on('error', () => {})
    serve(wire, BLOCK)
  })
  const client = connect(server.address().port)
  await once(client, 'handshake')
  client.interested()
  await once(client, 'unchoke')
  return { server, client, port: server.address().port }
}

const ATTACKS = {
  'random bytes': () => randomBytes(5000),
  'a handshake of something else': () => Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  'random bytes after the handshake': () => Buffer.concat([HANDSHAKE, Buffer.from([0x7f]), randomBytes(5000)]),
  'a message of 2 GiB': () => Buffer.concat([HANDSHAKE, Buffer.from('80000000', 'hex')]),
  'a message as long as it may be, and half of it': () => Buffer.concat([HANDSHAKE, Buffer.from('00100000', 'hex'), Buffer.alloc(MIB / 2)]),
  'half a handshake': () => HANDSHAKE.subarray(0, 30),
  nothing: () => Buffer.alloc(0)
}

test.each(Object.entries(ATTACKS))('%s, then a hang-up or a reset, 20 times each', async (name, make) => {
  const { server, client, port } = await withHonest()
  for (let round = 0; round < 20; round++) {
    for (const end of ['end', 'resetAndDestroy']) {
      const socket = await rawSocket(port)
      const bytes = make()
      if (bytes.length > 0) socket.write(bytes)
      socket.resume()
      socket[end]()
    }
  }
  await until(() => server.wires.size === 1)
  await download(client, BLOCK, 50)
})

test('answers of an extension that the peer provokes and does not read are bounded, and none is lost', async () => {
  const ANSWER = Buffer.alloc(20_000)
  const COUNT = 2000
  let answered = 0
  class Extension {
    constructor (wire) { this.wire = wire }
    onMessage () {
      answered++
      this.wire.extended('ut_flood', ANSWER)
    }
  }
  Extension.prototype.name = 'ut_flood'
  const server = await listen({}, wire => wire.use(Extension))
  const socket = await rawSocket(server.address().port)
  socket.write(Buffer.concat([
    HANDSHAKE, messages.message(20, Buffer.from([0]), messages.bencode({ m: { ut_flood: 1 } })),
    ...Array.from({ length: COUNT }, () => messages.message(20, Buffer.from([1, 0])))
  ]))
  await stops(() => answered)
  expect(answered * ANSWER.length).toBeLessThan(16 * MIB)
  let received = 0
  socket.on('data', bytes => { received += bytes.length })
  await until(() => received > COUNT * ANSWER.length)
  expect(answered).toBe(COUNT)
}, 30_000)

test('a server that sends much and reads nothing does not keep a client from closing', async () => {
  const server = await rawServer()
  const accepted = once(server, 'connection')
  const client = connect(server.address().port)
  const [socket] = await accepted
  socket.pause()
  socket.write(HANDSHAKE)
  await once(client, 'handshake')
  // More than both systems keep, none of which is read.
  for (let i = 0; i < 200; i++) client.extended(1, Buffer.alloc(60_000))
  const closed = seen(client, 'close')
  client.destroy()
  await closed
  socket.destroy()
})

testIf(takesNodeFlags)('peers that take all descriptors: the server goes on, and accepts again when some are free', async () => {
  const child = spawn('sh', ['-c', `ulimit -n 60; exec "${process.execPath}" -e '
    const { listen } = require("./net.js")
    const id = Buffer.alloc(20, 1)
    const server = listen({ host: "127.0.0.1", peerId: id })
    server.on("listening", () => console.log(server.address().port))
    setInterval(() => console.log("wires", server.wires.size), 20)'`], { cwd: path.join(__dirname, '../..'), stdio: ['ignore', 'pipe', 'inherit'] })
  const told = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const port = Number((await told.next()).value)
  const sockets = await Promise.all(Array.from({ length: 80 }, () => rawSocket(port)))
  // It has all that it can have when their number stays.
  let before = -1
  for (let now = 0; now !== before || now < 10;) {
    before = now
    for (let i = 0; i < 10; i++) now = Number((await told.next()).value.split(' ')[1])
  }
  for (const socket of sockets) socket.destroy()
  await once(connect(port), 'handshake')
  child.kill()
  await once(child, 'exit')
}, 30_000)

test('a process whose main thread is busy takes no more than a window of each of 50 peers', async () => {
  const child = fork(path.join(__dirname, 'hostile/busy-child.js'))
  const [{ port }] = await once(child, 'message')
  const sockets = await Promise.all(Array.from({ length: 50 }, async () => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }))
  for (const socket of sockets) socket.write(HANDSHAKE)
  // All are accepted by now.
  await Promise.all(sockets.map(socket => new Promise(resolve => socket.write(messages.message(2), resolve))))
  child.send('be busy')
  const flood = Buffer.concat(Array.from({ length: 8 * MIB / (MIB / 4) }, () => Buffer.concat([Buffer.from('0003fff963', 'hex'), Buffer.alloc(MIB / 4 - 8)])))
  for (const socket of sockets) socket.write(flood)
  const [{ grown }] = await once(child, 'message')
  for (const socket of sockets) socket.destroy()
  expect(grown).toBeLessThan(50 * 2 * MIB)
}, 30_000)
