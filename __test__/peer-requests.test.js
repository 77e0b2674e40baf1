'use strict'

/** The peer's requests: `wire.peerRequests`, their answers, and how they wait for output. */

const { ScriptedPeer, turn, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire
/** The peer's requests as they came, each with its `respond`. */
let asked

async function connect (options) {
  peer = await ScriptedPeer.connect(options)
  wire = peer.wire
  asked = []
  wire.on('request', (piece, offset, length, respond) => asked.push({ piece, offset, length, respond }))
  wire.unchoke()
  await peer.heard()
}

const requests = (...pieces) => Buffer.concat(pieces.map(piece => messages.request(piece, 0, 10)))
const pieces = () => wire.peerRequests.map(request => request.piece)
const block = piece => Buffer.alloc(10, piece)

beforeEach(() => connect())

afterEach(() => close(wire))

describe('the list', () => {
  test('has the request before its event', () => {
    const seen = []
    wire.on('request', () => seen.push(pieces()))
    peer.say(requests(1, 2))
    expect(seen).toEqual([[1], [1, 2]])
    expect(wire.peerRequests[0]).toEqual({ piece: 1, offset: 0, length: 10, callback: asked[0].respond })
  })

  test('holds objects that stay the same; the last fills a hole', () => {
    peer.say(requests(1, 2, 3, 4))
    const before = [...wire.peerRequests]
    asked[1].respond(null, block(2))
    expect(pieces()).toEqual([1, 4, 3])
    expect(wire.peerRequests.every(request => before.includes(request))).toBe(true)
  })

  test('may be edited by the caller', async () => {
    peer.say(requests(1, 2, 3))
    wire.peerRequests.shift()
    asked[2].respond(null, block(3))
    expect(pieces()).toEqual([2])
    wire.peerRequests = []
    peer.say(requests(4))
    expect(pieces()).toEqual([4])
    asked[3].respond(null, block(4))
    expect(pieces()).toEqual([])
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.piece(3, 0, block(3)), messages.piece(4, 0, block(4))
    ]))
  })
})

describe('respond', () => {
  test('sends the block, counts it, and tells', async () => {
    const events = peer.note('upload')
    peer.say(messages.request(1, 5, 10))
    asked[0].respond(null, block(1))
    expect([wire.uploaded, events]).toEqual([10, [['upload', 10]]])
    expect(await peer.heard()).toEqual(messages.piece(1, 5, block(1)))
  })

  test('answers once, whatever is called later', async () => {
    peer.say(requests(1, 2))
    asked[0].respond(null, block(1))
    asked[0].respond(null, block(1))
    asked[0].respond(new Error('no'))
    asked[1].respond(new Error('no'))
    asked[1].respond(null, block(2))
    expect(await peer.heard()).toEqual(messages.piece(1, 0, block(1)))
    expect(wire.uploaded).toBe(10)
  })

  test('in any order, of alike requests too', async () => {
    peer.say(requests(1, 1, 2))
    asked[2].respond(null, block(2))
    asked[1].respond(null, block(1))
    asked[0].respond(null, block(1))
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.piece(2, 0, block(2)), messages.piece(1, 0, block(1)), messages.piece(1, 0, block(1))
    ]))
    expect(pieces()).toEqual([])
  })

  test('with an error drops it', async () => {
    peer.say(requests(1))
    asked[0].respond(new Error('no'))
    expect(pieces()).toEqual([])
    expect(await peer.heard()).toHaveLength(0)
  })

  test.each([[undefined], [null], ['block'], [{ length: 10 }], [new ArrayBuffer(10)]])(
    'with %p for a block throws, and leaves it open', async value => {
      peer.say(requests(1))
      expect(() => asked[0].respond(null, value)).toThrow(TypeError)
      expect(pieces()).toEqual([1])
      asked[0].respond(null, block(1))
      expect(await peer.heard()).toEqual(messages.piece(1, 0, block(1)))
    }
  )

  test('when the wire is closed does nothing', async () => {
    peer.say(requests(1, 2))
    await close(wire)
    expect(wire.peerRequests).toEqual([])
    await peer.heard()
    asked[0].respond(null, block(1))
    asked[1].respond(new Error('no'))
    expect(await peer.heard()).toHaveLength(0)
    expect(wire.uploaded).toBe(0)
  })

  test('the list\'s own callback is the same', async () => {
    peer.say(requests(1))
    wire.peerRequests[0].callback(null, block(1))
    expect(await peer.heard()).toEqual(messages.piece(1, 0, block(1)))
  })
})

describe('piece() settles a request too', () => {
  test('and its respond does nothing then', async () => {
    peer.say(requests(1, 2))
    wire.piece(1, 0, block(1))
    expect(pieces()).toEqual([2])
    asked[0].respond(null, block(1))
    expect(await peer.heard()).toEqual(messages.piece(1, 0, block(1)))
  })

  test('or is sent though nobody asked', async () => {
    wire.piece(7, 0, block(7))
    expect(await peer.heard()).toEqual(messages.piece(7, 0, block(7)))
    expect(wire.uploaded).toBe(10)
  })
})

describe('choke', () => {
  test('without the fast extension drops all requests', async () => {
    peer.say(requests(1, 2))
    wire.choke()
    expect(pieces()).toEqual([])
    asked[0].respond(null, block(1))
    expect(await peer.heard()).toEqual(messages.choke())
    peer.say(requests(3))
    expect(asked).toHaveLength(2)
    expect(wire.statistics.refusedRequests).toBe(1)
  })

  test('with it rejects all but allowed-fast ones', async () => {
    await close(wire)
    await connect({ fast: true })
    wire.allowedFast(2)
    await peer.heard()
    peer.say(requests(1, 2, 3))
    wire.choke()
    expect(pieces()).toEqual([2])
    peer.say(requests(2, 4))
    expect(pieces()).toEqual([2, 2])
    asked[0].respond(null, block(1))
    asked[1].respond(null, block(2))
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.choke(), messages.reject(1, 0, 10), messages.reject(3, 0, 10),
      messages.reject(4, 0, 10), messages.piece(2, 0, block(2))
    ]))
  })
})

describe('cancel', () => {
  test('without the fast extension drops the request', async () => {
    peer.say(requests(1, 2))
    const events = peer.note('cancel')
    wire.on('cancel', () => events.push(pieces()))
    peer.say(messages.cancel(1, 0, 10))
    expect(events).toEqual([['cancel', 1, 0, 10], [2]])
    asked[0].respond(null, block(1))
    expect(await peer.heard()).toHaveLength(0)
  })

  test('with it rejects the request', async () => {
    await close(wire)
    await connect({ fast: true })
    peer.say(requests(1), messages.cancel(1, 0, 10))
    asked[0].respond(null, block(1))
    expect(await peer.heard()).toEqual(messages.reject(1, 0, 10))
  })

  test('of what was not asked for, or is answered, is an event and no more', async () => {
    await close(wire)
    await connect({ fast: true })
    const events = peer.note('cancel')
    peer.say(requests(1))
    asked[0].respond(null, block(1))
    await peer.heard()
    peer.say(messages.cancel(1, 0, 10), messages.cancel(9, 0, 10))
    expect(events).toHaveLength(2)
    expect(await peer.heard()).toHaveLength(0)
  })
})

describe('while much is unsent', () => {
  const BLOCK = 16384
  const HIGH = 100_000

  /** Answers every request at once. */
  const answerAll = () => wire.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length)))

  beforeEach(async () => {
    await close(wire)
    await connect({ fast: true, options: { highWaterMark: HIGH } })
    peer.stopReading()
    answerAll()
  })

  const flood = count => Buffer.concat(Array.from({ length: count }, (_, i) => messages.request(i, 0, BLOCK)))

  test('requests wait; their events come as the output drains, in order', async () => {
    peer.say(flood(100))
    await turn()
    const first = asked.length
    expect(first).toBeGreaterThan(3)
    expect(first * BLOCK).toBeLessThan(3 * HIGH)

    peer.read()
    wire.resume()
    while (asked.length < 100) await turn()
    expect(asked.map(request => request.piece)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    const bytes = await peer.heard()
    expect(bytes).toHaveLength(100 * (13 + BLOCK))
    expect(wire.peerRequests).toEqual([])
  })

  test('a cancelled one of those that wait is rejected and has no event', async () => {
    peer.say(flood(100))
    await turn()
    peer.say(messages.cancel(99, 0, BLOCK))
    peer.read()
    wire.resume()
    while (asked.length < 99) await turn()
    const bytes = await peer.heard()
    expect(bytes.includes(messages.reject(99, 0, BLOCK))).toBe(true)
    expect(asked.some(request => request.piece === 99)).toBe(false)
  })

  test('a choke rejects those that wait', async () => {
    peer.say(flood(100))
    await turn()
    const first = asked.length
    wire.choke()
    peer.read()
    wire.resume()
    for (let i = 0; i < 20; i++) await turn()
    expect(asked).toHaveLength(first)
    const rejects = Buffer.concat(Array.from({ length: 100 - first }, (_, i) => messages.reject(first + i, 0, BLOCK)))
    expect((await peer.heard()).subarray(first * (13 + BLOCK))).toEqual(Buffer.concat([messages.choke(), rejects]))
  })

  test('of those that a choke left for their pieces, what is not allowed fast any more is rejected in its turn', async () => {
    peer.say(flood(100))
    await turn()
    const first = asked.length
    wire.allowedFast(98)
    wire.allowedFast(99)
    wire.choke()
    wire.allowedFastSet.pop()
    peer.read()
    wire.resume()
    for (let i = 0; i < 20; i++) await turn()
    expect(asked.slice(first).map(request => request.piece)).toEqual([98])
    expect((await peer.heard()).subarray(-(17 + 13 + BLOCK))).toEqual(Buffer.concat([
      messages.piece(98, 0, Buffer.alloc(BLOCK)), messages.reject(99, 0, BLOCK)
    ]))
  })

  test('what is no request goes on', async () => {
    peer.say(flood(100))
    await turn()
    const events = peer.note('have', 'piece')
    peer.say(messages.have(1), messages.piece(0, 0, block(0)))
    expect(events.map(([event]) => event)).toEqual(['have', 'piece'])
  })

  test('closing drops those that wait', async () => {
    peer.say(flood(100))
    await turn()
    const first = asked.length
    await close(wire)
    expect(asked).toHaveLength(first)
    expect(wire.peerRequests).toEqual([])
  })
})
