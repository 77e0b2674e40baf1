'use strict'

/** Sockets that fail, stall and trickle; chunks of any size; many wires; worker threads; two copies. */

const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { Worker } = require('node:worker_threads')
const { loadOurs, upstreamUnderTest } = require('../helpers/wire')
const { connectOverTcp, shakeHands } = require('../world/support/pair')
const { runChild } = require('./support/child')
const { Peer, turn, ...p } = require('./support/peer')

const ROOT = path.join(__dirname, '..', '..')

let Wire

beforeAll(async () => { Wire = await loadOurs() })

/** Two wires over TCP, and requests of `a` that `b` does not answer. */
async function waiting () {
  const a = new Wire('tcpOutgoing')
  const b = new Wire('tcpIncoming')
  const sockets = await connectOverTcp(a, b)
  for (const socket of sockets) socket.on('error', () => {})
  // With the fast extension: without it the choke that comes with the end would be the reason.
  await shakeHands(a, b, { fast: true })
  b.unchoke()
  await once(a, 'unchoke')
  const settled = Promise.all([1, 2, 3].map(piece => new Promise(resolve => {
    a.request(piece, 0, 16384, error => resolve(error?.message))
  })))
  await once(b, 'request')
  return { a, b, sockets, settled, closed: Promise.all([once(a, 'close'), once(b, 'close')]) }
}

const ALL_CLOSED = Array(3).fill('wire was closed')

test('a reset settles every request and closes both wires', async () => {
  const { sockets, settled, closed } = await waiting()
  sockets[1].resetAndDestroy()
  expect(await settled).toEqual(ALL_CLOSED)
  await closed
})

test('a half-close settles every request and closes both wires', async () => {
  const { sockets, settled, closed } = await waiting()
  sockets[1].end()
  expect(await settled).toEqual(ALL_CLOSED)
  await closed
})

test('a reader that stalls in mid-transfer gets everything once it goes on', async () => {
  const a = new Wire('tcpOutgoing')
  const b = new Wire('tcpIncoming')
  const [outgoing, incoming] = await connectOverTcp(a, b)
  await shakeHands(a, b)
  b.unchoke()
  await once(a, 'unchoke')
  let served = 0
  b.on('request', (index, offset, length, respond) => {
    served++
    respond(null, Buffer.alloc(length, index))
  })
  outgoing.pause()
  const blocks = Promise.all(Array.from({ length: 1000 }, (_, i) => new Promise((resolve, reject) => {
    a.request(i, 0, 65536, (error, block) => error ? reject(error) : resolve(block[65535]))
  })))
  // Some 64 MB are asked for. What the sockets take is theirs; the wire holds the rest back.
  await new Promise(resolve => {
    let last = -1
    const timer = setInterval(() => {
      if (served === last && served > 0) {
        clearInterval(timer)
        resolve()
      }
      last = served
    }, 20)
  })
  expect(served).toBeLessThan(900)
  expect(b.readableLength).toBeLessThan(1 << 20)
  outgoing.resume()
  expect((await blocks).every((byte, i) => byte === (i & 255))).toBe(true)
  incoming.destroy()
  outgoing.destroy()
}, 30_000)

test('a trickle of one byte a tick', async () => {
  const peer = new Peer(Wire, { isGreeted: false })
  const stream = Buffer.concat([
    p.handshake(p.INFO_HASH, p.PEER_ID, { extended: true }), p.unchoke(), p.bitfield(Buffer.from([0xf0])),
    p.have(9), p.extended(0, Buffer.from('d1:md6:ut_pexi1eee')), p.piece(0, 0, Buffer.from('block')), p.interested()
  ])
  for (let at = 0; at < stream.length; at++) {
    await new Promise(resolve => peer.wire.write(stream.subarray(at, at + 1), resolve))
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(peer.names).toEqual(['handshake', 'unchoke', 'bitfield', 'have', 'extended', 'download', 'piece', 'interested'])
})

test('a chunk of 64 MiB', () => {
  const peer = new Peer(Wire)
  const block = Buffer.alloc(16384 - 13, 7)
  const message = p.piece(1, 2, block)
  const chunk = Buffer.alloc(64 << 20, message)
  peer.hearChunk(chunk)
  const pieces = peer.all('piece')
  expect(pieces.length).toBe(4096)
  expect(pieces.every(([index, offset, got]) => index === 1 && offset === 2 && got.length === block.length)).toBe(true)
  expect(pieces[4095][2].equals(block)).toBe(true)
  peer.expectAlive()
})

test('10,000 wires opened and closed: memory is back within 10 %', async () => {
  const { failure, result } = await runChild(upstreamUnderTest ? 'upstream' : 'ours', 'tenThousandWires', { seconds: 100 })
  expect(failure).toBe(null)
  expect(result.wires).toBe(0)
  expect(result.after).toBeLessThan(result.before * 1.1)
}, 120_000)

describe('the addon', () => {
  const skip = upstreamUnderTest ? test.skip : test

  /** A worker that moves blocks between two wires for ever, or until it is told to end. */
  const WORKER = `
    const { parentPort, workerData } = require('node:worker_threads')
    const Wire = require(workerData)
    const a = new Wire('tcpOutgoing'), b = new Wire('tcpIncoming')
    a.pipe(b).pipe(a)
    b.on('handshake', () => b.unchoke())
    b.on('request', (index, offset, length, respond) => respond(null, Buffer.alloc(length)))
    let blocks = 0
    const ask = () => a.request(0, 0, 16384, () => {
      if (++blocks === 100) parentPort.postMessage(blocks)
      setImmediate(ask)
    })
    a.on('unchoke', () => { for (let i = 0; i < 20; i++) ask() })
    a.handshake('${'11'.repeat(20)}', '${'22'.repeat(20)}')
    b.handshake('${'11'.repeat(20)}', '${'33'.repeat(20)}')
    parentPort.on('message', () => process.exit(0))
  `

  skip('worker threads load it and are terminated in mid-transfer', async () => {
    for (let round = 0; round < 3; round++) {
      const workers = Array.from({ length: 4 }, () => new Worker(WORKER, { eval: true, workerData: ROOT }))
      await Promise.all(workers.map(async (worker, i) => {
        await once(worker, 'message')
        if (i % 2 === 0) return worker.terminate()
        worker.postMessage('end')
        await once(worker, 'exit')
      }))
    }
    // Here it still works.
    new Peer(Wire).expectAlive()
  }, 60_000)

  skip('two copies in one process speak to each other', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wire-copy-'))
    try {
      for (const name of fs.readdirSync(ROOT)) {
        if (/^(index\.js|binding\.js|package\.json|lib|compat|.*\.node)$/.test(name)) {
          fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
        }
      }
      fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
      const Other = require(folder)
      expect(Other).not.toBe(Wire)
      const a = new Wire('tcpOutgoing')
      const b = new Other('tcpIncoming')
      a.pipe(b).pipe(a)
      await shakeHands(a, b, { fast: true })
      b.unchoke()
      await once(a, 'unchoke')
      b.on('request', (index, offset, length, respond) => respond(null, Buffer.alloc(length, index)))
      const block = await new Promise((resolve, reject) => {
        a.request(7, 0, 16384, (error, bytes) => error ? reject(error) : resolve(bytes))
      })
      expect(block.equals(Buffer.alloc(16384, 7))).toBe(true)
      const closed = Promise.all([once(a, 'close'), once(b, 'close')])
      a.destroy()
      await closed
      await turn()
      const { countWires } = require(path.join(folder, 'lib', 'native', 'index.js'))
      expect(countWires()).toBe(0)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('a socket that is lost before the handshake', async () => {
  const server = net.createServer(socket => socket.resetAndDestroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  const wire = new Wire('tcpOutgoing')
  socket.on('error', () => {})
  socket.pipe(wire).pipe(socket)
  wire.handshake(p.INFO_HASH, p.OUR_ID)
  await once(wire, 'close')
  server.close()
})
