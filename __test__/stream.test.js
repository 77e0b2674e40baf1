'use strict'

/** The wire as a stream: what it emits when, how it joins chunks, waits and closes. */

const net = require('node:net')
const { once } = require('node:events')
const { PassThrough } = require('node:stream')
const Wire = require('..')
const { ScriptedPeer, turn, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect()
  wire = peer.wire
})

afterEach(() => close(wire))

describe('sending', () => {
  test('emits nothing within the call', async () => {
    const calls = [
      () => wire.keepAlive(), () => wire.unchoke(), () => wire.interested(), () => wire.have(1),
      () => wire.bitfield(Buffer.alloc(1)), () => wire.port(1), () => wire.cancel(0, 0, 1),
      () => wire.extended(0, {}), () => wire.piece(0, 0, Buffer.alloc(10)), () => wire.choke(),
      () => wire.handshake(INFO_HASH, OUR_ID)
    ]
    for (const call of calls) {
      call()
      expect(peer.chunks).toHaveLength(0)
      expect((await peer.heard()).length).toBeGreaterThan(0)
    }
  })

  test('a directly piped peer hears it after listeners were added', async () => {
    const other = new Wire('tcpIncoming')
    wire.pipe(other)
    other.write(messages.handshake(INFO_HASH, PEER_ID))
    wire.have(5)
    const heard = new Promise(resolve => other.on('have', resolve))
    expect(await heard).toBe(5)
    await close(other)
  })

  test('500 requests in a loop are one chunk', async () => {
    peer.say(messages.unchoke())
    for (let i = 0; i < 500; i++) wire.request(i, 0, 16384)
    await turn()
    expect(peer.chunks.map(chunk => chunk.length)).toEqual([500 * 17])
    wire.requests.length = 0
  })

  test('all that is sent in a tick is one chunk, in order', async () => {
    wire.have(1)
    wire.interested()
    wire.extended(0, { a: 1 })
    wire.bitfield(Buffer.from([1, 2]))
    await turn()
    expect(peer.chunks).toEqual([Buffer.concat([
      messages.have(1), messages.interested(), messages.extended(0, Buffer.from('d1:ai1ee')),
      messages.bitfield(Buffer.from([1, 2]))
    ])])
  })

  test('is read by read() as well, and by a slow reader whole', async () => {
    const slow = await ScriptedPeer.connect({ isReading: false })
    const expected = []
    for (let i = 0; i < 3000; i++) {
      slow.wire.have(i)
      slow.wire.piece(i, 0, Buffer.alloc(100, i))
      expected.push(messages.have(i), messages.piece(i, 0, Buffer.alloc(100, i)))
      if (i % 100 === 0) await turn()
    }
    const read = []
    const wanted = Buffer.concat(expected)
    for (let length = 0; length < wanted.length;) {
      await turn()
      for (let chunk; (chunk = slow.wire.read(1000) ?? slow.wire.read()) !== null;) {
        read.push(chunk)
        length += chunk.length
      }
    }
    expect(Buffer.concat(read).equals(wanted)).toBe(true)
    await close(slow.wire)
  })

  test('stops where nobody reads, and keeps what is sent', async () => {
    const slow = await ScriptedPeer.connect({ isReading: false })
    const block = Buffer.alloc(16384)
    for (let i = 0; i < 64; i++) {
      slow.wire.piece(i, 0, block)
      await turn()
    }
    // About as much as the stream's own mark.
    expect(slow.wire.readableLength).toBeLessThan(128 * 1024)
    slow.read()
    slow.wire.resume()
    await turn()
    expect(await slow.heard()).toHaveLength(64 * (13 + block.length))
    await close(slow.wire)
  })
})

describe('receiving', () => {
  test('_write is synchronous, with an encoding and without', () => {
    const log = []
    wire.on('have', index => log.push(index))
    wire._write(messages.have(1), () => log.push('first'))
    wire._write(new Uint8Array(messages.have(2)), 'buffer', () => log.push('second'))
    wire._write(messages.have(3).subarray(0, 5), error => log.push(error ?? 'third'))
    wire._write(messages.have(3).subarray(5), error => log.push(error ?? 'fourth'))
    expect(log).toEqual([1, 'first', 2, 'second', 'third', 3, 'fourth'])
  })

  test('write takes any bytes that a stream takes', () => {
    const log = peer.note('have', 'port')
    wire.write(new Uint8Array(messages.have(1)))
    wire.write(messages.have(2).toString('hex'), 'hex')
    wire.write('\u0000\u0000\u0000\u0003\u0009\u0001\u0002')
    expect(log).toEqual([['have', 1], ['have', 2], ['port', 0x102]])
  })

  test('an empty chunk is nothing', async () => {
    const called = []
    wire.write(Buffer.alloc(0), () => called.push('written'))
    wire._write(Buffer.alloc(0), () => called.push('_write'))
    await turn()
    expect(called.sort()).toEqual(['_write', 'written'])
  })

  test('a writable that waits: the callback of a chunk comes when extensions\' answers drain', async () => {
    const waiting = await ScriptedPeer.connect({ extended: true, options: { highWaterMark: 1000 } })
    waiting.stopReading()
    waiting.say(messages.extended(0, Buffer.from('d1:md1:ai1eee')))
    waiting.wire.on('extended', () => waiting.wire.extended('a', Buffer.alloc(50_000)))
    const count = 20
    const asks = Buffer.concat(Array.from({ length: count }, () => messages.extended(9, Buffer.from('more'))))
    const written = jest.fn()
    waiting.wire.write(asks, written)
    await turn()
    expect(written).not.toHaveBeenCalled()
    waiting.read()
    waiting.wire.resume()
    for (let i = 0; i < 1000 && written.mock.calls.length === 0; i++) await turn()
    expect(written).toHaveBeenCalledTimes(1)
    await turn()
    expect(await waiting.heard()).toHaveLength(count * 50_006)
    await close(waiting.wire)
  })
})

describe('closing', () => {
  const EVENTS = ['uninterested', 'choke', 'finish', 'end', 'close', 'error', 'violation']

  test.each([
    ['destroy()', wire => wire.destroy()],
    ['destroy() with an error', wire => wire.destroy(new Error('is not emitted'))],
    ['end()', wire => wire.end()],
    ['both, and again', wire => wire.end().destroy().destroy().end()]
  ])('%s: its events come once and in order', async (_, end) => {
    const log = peer.note(...EVENTS)
    end(wire)
    expect(log).toEqual([['uninterested'], ['choke']])
    await once(wire, 'close')
    await turn()
    expect(log.map(([event]) => event)).toEqual(['uninterested', 'choke', 'finish', 'end', 'close'])
    expect([wire.destroyed, wire.closed, wire.closeReason]).toEqual([true, true, null])
  })

  test('destroy() and end() give the wire back', () => {
    expect(wire.destroy()).toBe(wire)
    expect(wire.destroy()).toBe(wire)
    expect(wire.end()).toBe(wire)
  })

  test('end(chunk, callback) takes the chunk first', async () => {
    const log = peer.note('have', 'uninterested')
    await new Promise(resolve => wire.end(messages.have(1), resolve))
    expect(log).toEqual([['have', 1], ['uninterested']])
  })

  test('what was sent before still goes out', async () => {
    wire.have(1)
    wire.destroy()
    wire.have(2)
    await once(wire, 'close')
    expect((await peer.heard()).subarray(0, 9)).toEqual(messages.have(1))
  })

  test('sending afterwards does nothing, silently', async () => {
    wire.destroy()
    await once(wire, 'close')
    await peer.heard()
    wire.hasFast = true
    for (const call of [
      () => wire.keepAlive(), () => wire.handshake(INFO_HASH, OUR_ID), () => wire.choke(),
      () => wire.unchoke(), () => wire.interested(), () => wire.uninterested(), () => wire.have(1),
      () => wire.bitfield(Buffer.alloc(1)), () => wire.piece(0, 0, Buffer.alloc(1)),
      () => wire.cancel(0, 0, 1), () => wire.port(1), () => wire.suggest(1), () => wire.haveAll(),
      () => wire.haveNone(), () => wire.reject(0, 0, 1), () => wire.allowedFast(1),
      () => wire.extended(0, {}), () => wire.startEncryption(INFO_HASH), () => wire.setInfoHash(INFO_HASH),
      () => wire.setTimeout(1), () => wire.setKeepAlive(true), () => { wire.peerPieces = new Wire().peerPieces },
      () => wire._onHaveAll(), () => wire._callback(null)
    ]) expect(call).not.toThrow()
    expect(await peer.heard()).toHaveLength(0)
  })

  test('a socket may go on writing: nothing happens', async () => {
    const log = peer.note('have', 'error')
    wire.destroy()
    const callbacks = []
    wire.write(messages.have(1), () => callbacks.push('during'))
    await once(wire, 'close')
    expect(wire.write(messages.have(2), 'buffer', error => callbacks.push(error ?? 'after'))).toBe(true)
    await turn()
    expect([log, callbacks]).toEqual([[], ['during', 'after']])
  })

  test('a wire that nobody reads closes all the same', async () => {
    const unread = new Wire()
    unread.handshake(INFO_HASH, OUR_ID)
    unread.destroy()
    await once(unread, 'close')
  })

  test('in the middle of a message', async () => {
    const log = peer.note('piece', 'close')
    peer.say(messages.piece(0, 0, Buffer.alloc(1000)).subarray(0, 500))
    wire.destroy()
    await once(wire, 'close')
    expect(log).toEqual([['close']])
  })

  test('when the readable side of the socket ends', async () => {
    const log = peer.note('have', 'finish', 'end', 'close')
    const source = new PassThrough()
    source.pipe(wire)
    source.end(messages.have(1))
    await once(wire, 'close')
    expect(log.map(([event]) => event)).toEqual(['have', 'finish', 'end', 'close'])
  })
})

describe('a socket that is lost', () => {
  let server, near, far

  beforeEach(async () => {
    server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    near = net.connect(server.address().port, '127.0.0.1')
    const [[socket]] = await Promise.all([once(server, 'connection'), once(near, 'connect')])
    far = socket
    near.pipe(wire).pipe(near)
    peer.say(messages.unchoke())
  })

  afterEach(() => {
    near.destroy()
    far.destroy()
    server.close()
  })

  test.each([
    ['is reset by the peer', () => far.resetAndDestroy()],
    ['is destroyed', () => near.destroy()],
    ['is destroyed with an error', () => near.destroy(new Error('lost'))],
    ['is ended by the peer', () => far.end()]
  ])('%s: requests are settled, and the wire closes', async (_, lose) => {
    const results = []
    for (const piece of [1, 2]) wire.request(piece, 0, 10, error => results.push([piece, error.message]))
    const closed = once(wire, 'close')
    lose()
    await closed
    expect(results).toEqual([[2, 'peer is choking'], [1, 'peer is choking']])
  })

  test('a destination that was unpiped is none any more', async () => {
    wire.unpipe(near)
    const other = new PassThrough()
    wire.pipe(other)
    near.unpipe(wire)
    near.destroy()
    await once(near, 'close')
    await turn()
    wire.have(1)
    const [chunk] = await once(other, 'data')
    expect(chunk).toEqual(messages.have(1))
  })
})
