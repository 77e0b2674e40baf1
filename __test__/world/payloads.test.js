'use strict'

/** Payloads are plain views: of the chunk that they came in, or of a buffer of their own. */

const path = require('node:path')
const { loadOurs, upstreamUnderTest } = require('../helpers/wire')
const messages = require('./support/messages')
const { Peer, turn } = require('./support/peer')
const { INFO_HASH, close, reached, shakeHands } = require('./support/pair')
const { play } = require('./support/scenario')

const CHILD = path.join(__dirname, 'payloads/child.js')
const LENGTH = 16384
const describeOurs = upstreamUnderTest ? describe.skip : describe

let Wire, wires

beforeAll(async () => { Wire = await loadOurs() })

beforeEach(() => { wires = [] })

afterEach(() => close(...wires))

/** A wire after its handshakes, and the payloads that it gives. */
async function connect () {
  const peer = await Peer.greet(new Wire('tcpOutgoing'), { extended: true })
  peer.payloads = []
  peer.wire.on('piece', (piece, offset, payload) => peer.payloads.push(payload))
  peer.wire.on('extended', (id, payload) => peer.payloads.push(payload))
  wires.push(peer.wire)
  return peer
}

/** Bytes in memory of their own, as from a socket. */
function chunkOf (...parts) {
  const bytes = Buffer.concat(parts)
  const chunk = Buffer.from(new ArrayBuffer(bytes.length))
  bytes.copy(chunk)
  return chunk
}

const block = piece => Buffer.alloc(LENGTH, 0x40 + piece)
const pieces = (...list) => list.map(piece => messages.piece(piece, 0, block(piece)))
const transfer = memory => structuredClone(memory, { transfer: [memory] })

describe('plain', () => {
  test('a block is a view of the chunk that it came in, and has no property of its own', async () => {
    const peer = await connect()
    const chunk = chunkOf(messages.have(1), ...pieces(1, 2, 3), messages.have(2))
    peer.wire._write(chunk, () => {})
    for (const [i, payload] of peer.payloads.entries()) {
      expect(payload.buffer).toBe(chunk.buffer)
      expect(payload.byteOffset).toBe(9 + i * (13 + LENGTH) + 13)
      expect(Buffer.compare(payload, block(i + 1))).toBe(0)
      expect(Object.getOwnPropertyNames(payload).filter(name => isNaN(name))).toEqual([])
    }
    expect(peer.payloads).toHaveLength(3)
  })

  test.each([1, 16, 100, 3000, LENGTH])('payloads of %d bytes, whole and cut: `buffer` and `subarray` are those of any view', async length => {
    const peer = await connect()
    const bytes = Buffer.concat([1, 2, 3, 4].map(i => messages.extended(i, Buffer.alloc(length, i))))
    peer.wire._write(chunkOf(bytes), () => {})
    for (let at = 0; at < bytes.length; at += 1460) peer.wire._write(chunkOf(bytes.subarray(at, at + 1460)), () => {})
    expect(peer.payloads).toHaveLength(8)
    for (const payload of peer.payloads) {
      expect(Object.hasOwn(payload, 'buffer')).toBe(false)
      const { buffer, byteOffset } = payload
      expect(payload.buffer).toBe(buffer)
      const part = payload.subarray(1)
      expect([part.buffer === buffer, part.byteOffset, part.length]).toEqual([true, byteOffset + 1, length - 1])
      expect(new Uint8Array(buffer, byteOffset, length).every(byte => byte === payload[0])).toBe(true)
    }
    expect(peer.payloads.map(payload => payload[0])).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
  })

  test('many payloads of one chunk cost no memory but the chunk\'s', async () => {
    const peer = await connect()
    const chunk = chunkOf(...pieces(...Array(100).fill(1)))
    peer.wire._write(chunk, () => {})
    for (const payload of peer.payloads) payload.subarray(5, 10)
    expect(new Set(peer.payloads.map(payload => payload.buffer))).toEqual(new Set([chunk.buffer]))
  })
})

describeOurs('whose memory is transferred away', () => {
  test('in mid-chunk: the wire closes with ERR_CHUNK_DETACHED, and others go on', async () => {
    const peer = await connect()
    const other = await connect()
    const violations = []
    peer.wire.on('violation', error => violations.push(error.code))
    const haves = []
    peer.wire.on('have', index => haves.push(index))
    const seen = []
    peer.wire.on('piece', (piece, offset, payload) => {
      seen.push([piece, payload.length])
      other.wire._write(chunkOf(...pieces(5, 6)), () => {})
      if (piece === 1) transfer(payload.buffer)
    })
    let isDone = false
    peer.wire._write(chunkOf(messages.have(1), ...pieces(1, 2, 3), messages.have(2)), () => { isDone = true })
    await turn()
    expect(seen).toEqual([[1, LENGTH]])
    expect(haves[0]).toBe(1)
    expect([violations, peer.wire.closeReason.code, isDone]).toEqual([['ERR_CHUNK_DETACHED'], 'ERR_CHUNK_DETACHED', true])
    expect(peer.wire.destroyed).toBe(true)

    other.wire._write(chunkOf(...pieces(7)), () => {})
    expect(other.payloads.map(payload => payload[0] - 0x40)).toEqual([5, 6, 7])
    expect(other.payloads.every(payload => payload.equals(Buffer.alloc(LENGTH, payload[0])))).toBe(true)
    expect([other.wire.closeReason, other.wire.destroyed]).toEqual([null, false])
  })

  test('in mid-chunk, of an encrypted wire', async () => {
    const [a, b] = ['tcpOutgoing', 'tcpIncoming'].map(type => new Wire(type, 2))
    wires.push(a, b)
    a.pipe(b).pipe(a)
    b.once('crypto-infohash', () => b.setInfoHash(INFO_HASH))
    const done = new Promise(resolve => a.once('crypto-handshake', resolve))
    a.startEncryption(INFO_HASH)
    await done
    await shakeHands(a, b)
    await reached(b, a)

    // From here on `a` gets in one chunk what `b` sends.
    b.unpipe(a)
    const sent = []
    b.on('data', chunk => sent.push(chunk)).resume()
    for (const piece of [1, 2, 3]) b.piece(piece, 0, block(piece))
    await turn()
    const seen = []
    a.on('piece', (piece, offset, payload) => {
      seen.push([piece, payload.equals(block(piece))])
      transfer(payload.buffer)
    })
    const closed = new Promise(resolve => a.once('close', resolve))
    a._write(Buffer.concat(sent), () => {})
    await closed
    expect([seen, a.closeReason.code]).toEqual([[[1, true]], 'ERR_CHUNK_DETACHED'])
  })

  test('when the chunk is done: nothing happens', async () => {
    const peer = await connect()
    peer.wire._write(chunkOf(...pieces(1, 2, 3)), () => {})
    transfer(peer.payloads[0].buffer)
    expect(peer.payloads.map(payload => payload.length)).toEqual([0, 0, 0])
    peer.wire._write(chunkOf(...pieces(4)), () => {})
    expect(peer.payloads[3].equals(block(4))).toBe(true)
    await turn()
    expect([peer.wire.closeReason, peer.wire.destroyed]).toEqual([null, false])
  })

  test.each([['in two', 10_000], ['in many', 1460]])('that is a block\'s own, which was cut %s: nothing else is there', async (_, length) => {
    const peer = await connect()
    const seen = []
    peer.wire.on('piece', (piece, offset, payload) => {
      seen.push([piece, payload.equals(block(piece).subarray(0, payload.length))])
      if (piece === 1) transfer(payload.buffer)
    })
    const bytes = Buffer.concat(pieces(1))
    for (let at = 0; at < bytes.length; at += length) {
      const rest = at + length >= bytes.length ? [messages.have(3), messages.piece(2, 0, block(2).subarray(0, 5000))] : []
      peer.wire._write(chunkOf(bytes.subarray(at, at + length), ...rest), () => {})
    }
    expect(seen).toEqual([[1, true], [2, true]])
    expect(peer.payloads.map(payload => payload.length)).toEqual([0, 5000])
    expect([peer.wire.peerPieces.get(3), peer.wire.closeReason]).toEqual([true, null])
  })

  test('with the head of the next block behind it: what comes is whole, or the wire closes', async () => {
    const peer = await connect()
    peer.wire.once('piece', (piece, offset, payload) => transfer(payload.buffer))
    const bytes = Buffer.concat(pieces(1, 2))
    peer.wire._write(chunkOf(bytes.subarray(0, 20_000)), () => {})
    if (!peer.wire.closeReason) peer.wire._write(chunkOf(bytes.subarray(20_000)), () => {})
    await turn()
    if (peer.wire.closeReason) expect(peer.wire.closeReason.code).toBe('ERR_CHUNK_DETACHED')
    else expect(peer.payloads[1].equals(block(2))).toBe(true)
  })
})

describe('that is kept keeps no closed wire alive:', () => {
  test.each(require('./payloads/child'))('%s', async scenario => {
    const { uncaught, result } = await play(CHILD, scenario, { flags: ['--expose-gc'] })
    expect(uncaught).toEqual([])
    expect(result).toEqual({ isCollected: true, kept: true })
  }, 30_000)
})
