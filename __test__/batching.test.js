'use strict'

/** What is sent in one go reaches a socket in one system call: a `_write` or `_writev` of it. */

const net = require('node:net')
const { once } = require('node:events')
const Wire = require('..')

const BLOCK = Buffer.alloc(16384, 'block')

let server, far, socket, wire, calls

beforeEach(async () => {
  server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  socket = net.connect(server.address().port, '127.0.0.1')
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')])
  far = accepted
  wire = new Wire('tcpOutgoing')
  socket.pipe(wire).pipe(socket)
  wire.peerChoking = false

  calls = 0
  let isInside = false
  for (const name of ['_write', '_writev']) {
    const original = socket[name]
    socket[name] = function (...args) {
      // Bun's `_writev` joins the chunks and calls `_write`.
      if (isInside) return original.apply(this, args)
      calls++
      isInside = true
      try {
        return original.apply(this, args)
      } finally {
        isInside = false
      }
    }
  }
})

afterEach(async () => {
  far.destroy()
  wire.destroy()
  await Promise.all([once(wire, 'close'), new Promise(resolve => server.close(resolve))])
})

/** Resolves with what the far end has read once it has as many bytes. */
function read (length) {
  return new Promise(resolve => {
    const chunks = []
    far.on('data', chunk => {
      chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      if (bytes.length >= length) resolve(bytes)
    })
  })
}

test.each([
  ['500 requests', () => { for (let i = 0; i < 500; i++) wire.request(i, 0, 16384, () => {}) }, 500 * 17],
  ['64 haves', () => { for (let i = 0; i < 64; i++) wire.have(i) }, 64 * 9],
  ['a piece, its header and its block', () => wire.piece(0, 0, BLOCK), 13 + 16384],
  ['ten pieces among other messages', () => {
    for (let i = 0; i < 10; i++) {
      wire.have(i)
      wire.piece(i, 0, BLOCK)
    }
  }, 10 * (9 + 13 + 16384)]
])('%s: one write', async (name, send, length) => {
  const arrived = read(length)
  send()
  expect(calls).toBe(0)
  expect((await arrived).length).toBe(length)
  expect(calls).toBe(1)
})

test('more than a socket should buffer is written as it drains', async () => {
  const pieces = 200
  const arrived = read(pieces * (13 + 16384))
  let most = 0
  for (let i = 0; i < pieces; i++) wire.piece(i, 0, BLOCK)
  socket.on('drain', () => { most = Math.max(most, socket.writableLength) })
  const bytes = await arrived
  expect(bytes.length).toBe(pieces * (13 + 16384))
  for (let i = 0; i < pieces; i++) expect(bytes.readUInt32BE(i * (13 + 16384) + 5)).toBe(i)
  expect(calls).toBeGreaterThan(1)
  expect(calls).toBeLessThan(pieces / 4)
  expect(most).toBeLessThan(512 * 1024)
})
