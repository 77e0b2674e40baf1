'use strict'

/** What is sent is encrypted as it leaves, and stays with the caller until then. */

const { once } = require('node:events')
const { Writable } = require('node:stream')
const Wire = require('../..')
const { closed, turns } = require('./support/end')
const { INFO_HASH, close, reached, shakeHands } = require('../world/support/pair')

const LENGTH = 16384
const BLOCKS = 200
/** One flush, and the block that exceeds it. */
const MOST_AT_ONCE = (256 + 17) * 1024

let wires

beforeEach(() => { wires = [] })

afterEach(() => close(...wires))

/** Two wires that have shaken hands, each piped to the other; encrypted, or not. */
async function pair (level) {
  const [a, b] = wires = ['tcpOutgoing', 'tcpIncoming'].map(type => new Wire(type, level))
  a.pipe(b).pipe(a)
  if (level > 0) {
    b.once('crypto-infohash', () => b.setInfoHash(INFO_HASH))
    const done = once(a, 'crypto-handshake')
    a.startEncryption(INFO_HASH)
    await done
  }
  await shakeHands(a, b)
  await reached(a, b)
  await reached(b, a)
  return [a, b]
}

const block = piece => Buffer.alloc(LENGTH, piece)

test('a destination that takes nothing has little of it encrypted; one that goes on gets all of it', async () => {
  const [a, b] = await pair(2)
  a.unpipe(b)
  const taken = []
  let goOn
  const slow = new Writable({ write (chunk, encoding, callback) { taken.push(chunk); goOn = callback } })
  a.pipe(slow)
  for (let piece = 0; piece < BLOCKS; piece++) {
    a.piece(piece, 0, block(piece))
    if (piece % 3 === 0) a.have(piece)
    if (piece % 50 === 0) await turns(1)
  }
  await turns(1)
  expect([taken.length, taken[0].length + slow.writableLength <= 2 * MOST_AT_ONCE]).toEqual([1, true])

  const pieces = []
  let haves = 0
  b.on('piece', (piece, offset, payload) => {
    expect([piece, payload.equals(block(piece))]).toEqual([pieces.length, true])
    pieces.push(piece)
  })
  b.on('have', () => haves++)
  while (pieces.length < BLOCKS) {
    const chunk = taken.shift()
    if (chunk) {
      expect(chunk.length).toBeLessThanOrEqual(MOST_AT_ONCE)
      b.write(chunk)
    } else {
      goOn()
    }
    await turns(1)
  }
  expect(haves).toBe(Math.ceil(BLOCKS / 3))
})

test('what waits when the wire is closed leaves with it', async () => {
  const [a, b] = await pair(2)
  const seen = []
  b.on('piece', (piece, offset, payload) => seen.push(payload.equals(block(piece))))
  for (let piece = 0; piece < BLOCKS; piece++) a.piece(piece, 0, block(piece))
  a.destroy()
  await once(b, 'close')
  expect(seen).toEqual(Array(BLOCKS).fill(true))
})

test.each([['plain', 0], ['encrypted', 2]])('memory that is transferred away before it leaves, %s: the wire closes, and nothing of it is sent', async (name, level) => {
  const [a, b] = await pair(level)
  const seen = []
  b.on('piece', (piece, offset, payload) => seen.push([piece, payload.equals(block(piece))]))
  b.on('violation', error => seen.push(error.code))
  a.piece(1, 0, block(1))
  await reached(a, b)

  const lost = Buffer.from(new ArrayBuffer(LENGTH))
  const violations = []
  a.on('violation', error => violations.push(error.code))
  a.piece(2, 0, block(2))
  a.piece(3, 0, lost)
  a.piece(4, 0, block(4))
  structuredClone(lost.buffer, { transfer: [lost.buffer] })
  await Promise.all([closed(a), closed(b)])
  expect([violations, a.closeReason.code]).toEqual([['ERR_CHUNK_DETACHED'], 'ERR_CHUNK_DETACHED'])
  expect(seen).toEqual([[1, true]])
})
