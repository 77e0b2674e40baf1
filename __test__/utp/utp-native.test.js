'use strict'

/** With utp-native on the other end, plain and encrypted, both ways. */

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const { createRequire } = require('node:module')
const Wire = require('../..')
const ours = require('../../utp.js')
const { connect: connectWire, listen: listenForWires } = require('../../net.js')
const { install } = require('../world/webtorrent/install')
const { receive, send } = require('./support/transfer.js')

/** Its prebuilt binary loads there; nothing is compiled here. */
const describeThere = process.platform === 'linux' && process.arch === 'x64' && process.report.getReport().header.glibcVersionRuntime
  ? describe
  : describe.skip

const INFO_HASH = randomBytes(20)
const BLOCK = randomBytes(16384)

describeThere('utp-native', () => {
  const implementations = { ours }

  beforeAll(async () => {
    implementations.theirs = createRequire(await install())('utp-native')
  }, 300_000)

  test.each([
    ['ours', 'theirs'], ['theirs', 'ours']
  ])('%s listens, %s connects: both ways at once, half-closed, and closed', async (server, client) => {
    const { connected, sent, peer, listener } = await pair(implementations[server], implementations[client])
    const results = await Promise.all([sent, send(peer, 40, 2), receive(peer), receive(connected)])
    expect([results[2].hash, results[3].hash]).toEqual([results[0], results[1]])
    await new Promise(resolve => listener.close(resolve))
  }, 30_000)

  test.each([
    ['none', 0], ['require', 2]
  ])('a wire of ours connects to one piped to theirs; encryption %s', async (encryption, level) => {
    const server = implementations.theirs.createServer(connection => {
      const wire = new Wire('utpIncoming', level, { infoHashes: [INFO_HASH] })
      connection.on('error', () => {})
      connection.pipe(wire).pipe(connection)
      wire.on('handshake', () => wire.handshake(INFO_HASH, randomBytes(20)))
      serve(wire)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const wire = connectWire({ host: '127.0.0.1', port: server.address().port, infoHash: INFO_HASH, peerId: randomBytes(20), transport: 'utp', encryption })
    await download(wire)
    await closeAll(wire, server)
  }, 30_000)

  test.each([
    ['none', 0], ['require', 2]
  ])('a wire piped to theirs connects to one of ours; encryption %s', async (encryption, level) => {
    const server = listenForWires({ port: 0, host: '127.0.0.1', utp: true, infoHashes: [INFO_HASH], peerId: randomBytes(20), encryption: level ? 'require' : 'allow' }, serve)
    await once(server, 'listening')
    const connection = implementations.theirs.connect(server.address().port)
    connection.on('error', () => {})
    await once(connection, 'connect')
    const wire = new Wire('utpOutgoing', level)
    connection.pipe(wire).pipe(connection)
    if (level > 0) wire.startEncryption(INFO_HASH.toString('hex'))
    wire.handshake(INFO_HASH, randomBytes(20))
    await download(wire)
    await closeAll(wire, server)
  }, 30_000)
})

async function pair (server, client) {
  const listener = server.createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const accepted = once(listener, 'connection')
  const connected = client.connect(listener.address().port, '127.0.0.1')
  // There is a connection when the one that connects has spoken.
  const sent = send(connected, 60, 1)
  const [peer] = await accepted
  return { connected, sent, peer, listener }
}

function serve (wire) {
  wire.on('interested', () => wire.unchoke())
  wire.on('request', (piece, offset, length, respond) => respond(null, BLOCK))
}

async function download (wire) {
  await once(wire, 'handshake')
  wire.interested()
  await once(wire, 'unchoke')
  await Promise.all(Array.from({ length: 500 }, (_, piece) => new Promise((resolve, reject) => {
    wire.request(piece, 0, BLOCK.length, (error, bytes) => {
      if (error) reject(error)
      else if (!BLOCK.equals(bytes)) reject(new Error('other bytes'))
      else resolve()
    })
  })))
}

async function closeAll (wire, server) {
  const closed = new Promise(resolve => server.close(resolve))
  wire.destroy()
  await closed
}
