'use strict'

/**
 * With utp-native on the other end, and with ours, plain and encrypted, both ways. `UTP_MIB=256` moves
 * so much in each test, and says how fast.
 */

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const { createRequire } = require('node:module')
const Wire = require('../..')
const ours = require('../../utp.js')
const { connect: connectWire, listen: listenForWires } = require('../../net.js')
const { describeIf, hasUtpNative } = require('../helpers/runtime')
const { install } = require('../world/webtorrent/install')
const { receive, send } = require('./support/transfer.js')

const INFO_HASH = randomBytes(20)
const BLOCK = randomBytes(16384)
const MIB = Number(process.env.UTP_MIB || 8)
/** Requests on their way. */
const DEPTH = 500
const TIMEOUT = 30_000 + MIB * 2000

test.each([
  ['none'], ['require']
])('a wire of ours connects to one of ours; encryption %s', async encryption => {
  const server = listenForWires({
    port: 0, host: '127.0.0.1', utp: true, infoHashes: [INFO_HASH], peerId: randomBytes(20), encryption: encryption === 'none' ? 'allow' : encryption
  }, serve)
  await once(server, 'listening')
  const wire = connectWire({ host: '127.0.0.1', port: server.address().port, infoHash: INFO_HASH, peerId: randomBytes(20), transport: 'utp', encryption })
  await download(wire)
  expect(wire._encryptionMethod).toBe(encryption === 'none' ? undefined : 2)
  await closeAll(wire, server)
}, TIMEOUT)

describeIf(hasUtpNative)('utp-native', () => {
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
  }, TIMEOUT)

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
  }, TIMEOUT)

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
  }, TIMEOUT)
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
  const since = performance.now()
  const count = MIB * (1 << 20) / BLOCK.length
  let asked = 0
  await Promise.all(Array.from({ length: Math.min(DEPTH, count) }, async () => {
    while (asked < count) {
      const piece = asked++
      await new Promise((resolve, reject) => {
        wire.request(piece, 0, BLOCK.length, (error, bytes) => {
          if (error) reject(error)
          else if (!BLOCK.equals(bytes)) reject(new Error('other bytes'))
          else resolve()
        })
      })
    }
  }))
  if (process.env.UTP_MIB) {
    process.stderr.write(`${expect.getState().currentTestName}: ${(MIB * 1.048576 / (performance.now() - since) * 1000).toFixed(1)} MB/s\n`)
  }
}

async function closeAll (wire, server) {
  const closed = new Promise(resolve => server.close(resolve))
  wire.destroy()
  await closed
}
