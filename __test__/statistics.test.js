'use strict'

/** What a wire counts: bytes, blocks, messages and speeds. */

const { ScriptedPeer, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire

beforeEach(() => {
  peer = new ScriptedPeer()
  wire = peer.wire
})

afterEach(() => close(wire))

test('a fresh wire has counted nothing', () => {
  const names = [
    'handshake', 'keepAlive', 'choke', 'unchoke', 'interested', 'notInterested', 'have', 'bitfield', 'request', 'piece',
    'cancel', 'port', 'suggest', 'haveAll', 'haveNone', 'reject', 'allowedFast', 'extended', 'hashRequest', 'hashes',
    'hashReject', 'unknown'
  ]
  const nothing = { bytes: 0, payload: 0, messages: 0, byMessage: Object.fromEntries(names.map(name => [name, 0])) }
  expect(wire.statistics).toEqual({
    received: nothing, sent: nothing, unsolicitedPieces: 0, unsolicitedBytes: 0, refusedRequests: 0, refusedExtended: 0
  })
  expect([wire.uploaded, wire.downloaded, wire.uploadSpeed(), wire.downloadSpeed()]).toEqual([0, 0, 0, 0])
})

test('every byte and message, both ways', async () => {
  wire.handshake(INFO_HASH, OUR_ID)
  wire.keepAlive()
  wire.have(1)
  wire.piece(0, 0, Buffer.alloc(100))
  expect(wire.statistics.sent).toMatchObject({
    bytes: 68 + 4 + 9 + 113, payload: 100, messages: 4, byMessage: { handshake: 1, keepAlive: 1, have: 1, piece: 1, choke: 0 }
  })
  expect(await peer.heard()).toHaveLength(68 + 4 + 9 + 113)

  peer.say(messages.handshake(INFO_HASH, PEER_ID), messages.keepAlive(), messages.unchoke())
  wire.request(1, 2, 50)
  peer.say(messages.piece(1, 2, Buffer.alloc(50)), messages.have(1), messages.have(1))
  expect(wire.statistics.received).toMatchObject({
    bytes: 68 + 4 + 5 + 63 + 9 + 9, payload: 50, messages: 6, byMessage: { keepAlive: 1, unchoke: 1, piece: 1, have: 2, request: 0 }
  })
  expect([wire.uploaded, wire.downloaded]).toEqual([100, 50])
})

test('bytes of a message that is cut count as they come', () => {
  peer.say(messages.handshake(INFO_HASH, PEER_ID), messages.piece(0, 0, Buffer.alloc(1000)).subarray(0, 500))
  expect(wire.statistics.received.bytes).toBe(568)
  peer.say(Buffer.alloc(100))
  peer.say(Buffer.alloc(413))
  expect(wire.statistics.received).toMatchObject({ bytes: 68 + 1013, payload: 1000, messages: 2 })
})

test('blocks that nobody asked for have their events and a count of their own', () => {
  const events = peer.note('download', 'piece')
  peer.say(messages.handshake(INFO_HASH, PEER_ID), messages.piece(1, 2, Buffer.alloc(50)))
  expect(events.map(([event]) => event)).toEqual(['download', 'piece'])
  expect(wire.downloaded).toBe(0)
  expect(wire.downloadSpeed()).toBe(0)
  expect(wire.unsolicited).toEqual({ pieces: 1, bytes: 50 })
  expect(wire.statistics).toMatchObject({ unsolicitedPieces: 1, unsolicitedBytes: 50, received: { payload: 50 } })
})

test('the count comes between the callback and the events', () => {
  const seen = []
  peer.say(messages.handshake(INFO_HASH, PEER_ID), messages.unchoke())
  wire.request(0, 0, 10, () => seen.push(['callback', wire.downloaded]))
  wire.on('download', bytes => seen.push(['download', bytes, wire.downloaded]))
  wire.on('piece', () => seen.push(['piece', wire.downloaded]))
  peer.say(messages.piece(0, 0, Buffer.alloc(10)))
  expect(seen).toEqual([['callback', 0], ['download', 10, 10], ['piece', 10]])

  wire.on('upload', bytes => seen.push(['upload', bytes, wire.uploaded]))
  wire.piece(0, 0, Buffer.alloc(10))
  expect(seen.at(-1)).toEqual(['upload', 10, 10])
})

test('speeds are of blocks alone, and may be fed by hand', async () => {
  wire.have(1)
  expect(wire.uploadSpeed()).toBe(0)
  wire.piece(0, 0, Buffer.alloc(50_000))
  expect(wire.uploadSpeed()).toBeGreaterThan(0)
  expect(wire.downloadSpeed()).toBe(0)
  const speed = wire.downloadSpeed(1_000_000)
  expect(speed).toBeGreaterThan(100_000)
  expect(wire.downloaded).toBe(0)
})

test('stay readable when the wire is closed', async () => {
  peer.say(messages.handshake(INFO_HASH, PEER_ID))
  wire.piece(0, 0, Buffer.alloc(100))
  await close(wire)
  expect(wire.statistics).toMatchObject({ received: { bytes: 68 }, sent: { payload: 100 } })
  expect([wire.uploadSpeed(), wire.downloadSpeed(5)]).toEqual([0, 0])
  wire.have(1)
  wire.piece(0, 0, Buffer.alloc(100))
  expect(wire.statistics.sent.payload).toBe(100)
  expect(wire.uploaded).toBe(100)
})
