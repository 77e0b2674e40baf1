'use strict'

/** BEP 6: the canonical allowed-fast set, and how much a choked peer may have of it. */

const { ScriptedPeer, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

/** Of the info hash 0123…4567 and 1313 pieces, by Python's hashlib from the text of the BEP. */
const OF_80_4_4_X = [570, 1258, 755, 61, 860, 503, 8, 312, 937, 332]
const OF_2001_DB8__1 = [1241, 59, 1244, 1281, 1093, 553, 911, 839, 344, 1218]

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true })
  wire = peer.wire
})

afterEach(() => close(wire))

const allowed = set => Buffer.concat(set.map(piece => messages.allowedFast(piece)))

test.each([
  ['80.4.4.200', OF_80_4_4_X],
  ['80.4.4.1', OF_80_4_4_X],
  ['::ffff:80.4.4.200', OF_80_4_4_X],
  ['2001:db8::1', OF_2001_DB8__1],
  ['2001:0db8:0::0001%eth0', OF_2001_DB8__1]
])('the peer at %s is told its set', async (address, set) => {
  expect(wire.allowFastFor(address, { pieces: 1313 })).toEqual(set)
  expect(await peer.heard()).toEqual(allowed(set))
  expect(wire.allowedFastSet).toEqual(set)
})

test('a larger set is the same and some more: only these are sent', async () => {
  wire.allowFastFor('80.4.4.200', { pieces: 1313, k: 7 })
  await peer.heard()
  expect(wire.allowFastFor('80.4.4.200', { pieces: 1313, k: 9 })).toEqual(OF_80_4_4_X.slice(0, 9))
  expect(await peer.heard()).toEqual(allowed(OF_80_4_4_X.slice(7, 9)))
})

test('of a torrent of few pieces it is all of them', () => {
  expect(wire.allowFastFor('80.4.4.200', { pieces: 3 })).toEqual([0, 1, 2])
})

describe('while we choke the peer', () => {
  const [piece] = OF_80_4_4_X

  test.each([[16384, 16384], [65536, 16384], [40000, 16384]])(
    'pieces of %d bytes in blocks of %d: it gets each of them three times, and a reject then', async (pieceLength, length) => {
      const asked = []
      wire.on('request', (index, offset, length, respond) => asked.push([index, offset, length]) && respond(null, Buffer.alloc(length)))
      wire.allowFastFor('80.4.4.200', { pieces: 1313, pieceLength })
      const blocks = []
      for (let offset = 0; offset < pieceLength; offset += length) blocks.push([piece, offset, Math.min(length, pieceLength - offset)])
      for (let times = 0; times < 4; times++) for (const block of blocks) peer.say(messages.request(...block))
      expect(asked).toEqual([...blocks, ...blocks, ...blocks])
      const heard = await peer.heard()
      expect(heard.subarray(-17 * blocks.length)).toEqual(Buffer.concat(blocks.map(block => messages.reject(...block))))
      expect(wire.statistics.refusedRequests).toBe(blocks.length)
      // Another piece has its own.
      peer.say(messages.request(OF_80_4_4_X[1], 0, 16384))
      expect(asked).toHaveLength(3 * blocks.length + 1)
      // What it asks for once it is unchoked is none of it.
      wire.unchoke()
      peer.say(messages.request(...blocks[0]))
      expect(asked).toHaveLength(3 * blocks.length + 2)
    })

  test('pieces that the application allows by itself are its own business', () => {
    let asked = 0
    wire.on('request', () => asked++)
    wire.allowedFast(5)
    for (let i = 0; i < 10; i++) peer.say(messages.request(5, 0, 4))
    expect(asked).toBe(10)
  })
})

test.each([
  [[undefined, { pieces: 1 }], TypeError, 'ERR_INVALID_ARG_TYPE'],
  [['localhost', { pieces: 1 }], RangeError, 'ERR_OUT_OF_RANGE'],
  [['80.4.4', { pieces: 1 }], RangeError, 'ERR_OUT_OF_RANGE'],
  [['80.4.4.200'], TypeError, 'ERR_INVALID_ARG_TYPE'],
  [['80.4.4.200', {}], TypeError, 'ERR_INVALID_ARG_TYPE'],
  [['80.4.4.200', { pieces: 0 }], RangeError, 'ERR_OUT_OF_RANGE'],
  [['80.4.4.200', { pieces: 2 ** 31 }], RangeError, 'ERR_OUT_OF_RANGE'],
  [['80.4.4.200', { pieces: 10, k: 101 }], RangeError, 'ERR_OUT_OF_RANGE'],
  [['80.4.4.200', { pieces: 10, k: 1.5 }], RangeError, 'ERR_OUT_OF_RANGE'],
  [['80.4.4.200', { pieces: 10, pieceLength: '16384' }], TypeError, 'ERR_INVALID_ARG_TYPE']
])('what cannot be meant sends nothing: %#', async (args, type, code) => {
  expect(() => wire.allowFastFor(...args)).toThrow(type)
  expect(() => wire.allowFastFor(...args)).toThrow(expect.objectContaining({ code }))
  expect(await peer.heard()).toHaveLength(0)
})

test('a peer without the fast extension cannot be told', async () => {
  const other = await ScriptedPeer.connect()
  expect(() => other.wire.allowFastFor('80.4.4.200', { pieces: 10 })).toThrow(expect.objectContaining({ code: 'ERR_FAST_DISABLED' }))
  expect(await other.heard()).toHaveLength(0)
  await close(other.wire)
})
