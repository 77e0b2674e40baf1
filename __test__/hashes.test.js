'use strict'

/** BEP 52: hash request, hashes and hash reject. */

const { ScriptedPeer, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const ROOT = Buffer.alloc(32, 0xab)
const RANGE = { piecesRoot: ROOT, baseLayer: 1, index: 512, length: 4, proofLayers: 3 }
/** The range as on the wire. */
const HEAD = Buffer.concat([ROOT, Buffer.from([0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 4, 0, 0, 0, 3])])
const HASHES = Buffer.alloc(6 * 32, i => i)

let peer, wire

/** A peer's handshake that announces BEP 52, or does not. */
function handshake (isV2) {
  const bytes = messages.handshake(INFO_HASH, PEER_ID, { extended: true })
  if (isV2) bytes[27] |= 0x10
  return bytes
}

beforeEach(() => {
  peer = new ScriptedPeer()
  wire = peer.wire
  peer.say(handshake(true))
})

afterEach(() => close(wire))

test('are announced in the handshake', async () => {
  expect(wire.peerExtensions).toEqual({ dht: false, fast: false, extended: true })
  expect(wire.peerExtensions.v2).toBe(true)
  wire.handshake(INFO_HASH, OUR_ID, { v2: true })
  expect((await peer.heard())[27]).toBe(0x10)
  expect(wire.extensions).toEqual({ dht: false, fast: false, extended: true, v2: true })
})

test('of a peer that did not announce them are unknown messages', () => {
  const old = new ScriptedPeer()
  const events = old.note('unknownmessage', 'hash-request', 'violation')
  old.say(handshake(false), messages.message(21, HEAD), messages.message(22, Buffer.from('x')))
  expect(events.map(([event]) => event)).toEqual(['unknownmessage', 'unknownmessage'])
  expect(old.wire.peerExtensions.v2).toBe(false)
  return close(old.wire)
})

test('of a peer that names the torrent by its v2 info hash, without the bit, count where we announced them', () => {
  const libtorrent = new ScriptedPeer()
  const events = libtorrent.note('unknownmessage', 'hash-reject', 'violation')
  libtorrent.wire.handshake(INFO_HASH, OUR_ID, { v2: true })
  libtorrent.say(handshake(false), messages.message(23, HEAD))
  expect(events).toEqual([['hash-reject', RANGE]])
  expect(libtorrent.wire.peerExtensions.v2).toBe(false)
  return close(libtorrent.wire)
})

test('are sent as BEP 52 lays them out', async () => {
  wire.hashRequest(RANGE)
  wire.hashes(RANGE, HASHES)
  wire.hashReject({ ...RANGE, piecesRoot: new Uint8Array(ROOT) })
  expect(await peer.heard()).toEqual(Buffer.concat([
    messages.message(21, HEAD), messages.message(22, Buffer.concat([HEAD, HASHES])), messages.message(23, HEAD)
  ]))
  expect(wire.statistics.sent.byMessage).toMatchObject({ hashRequest: 1, hashes: 1, hashReject: 1 })
})

test.each([1, 7, 33, 60, 1000])('have their events, in chunks of %d bytes', size => {
  const events = peer.note('hash-request', 'hashes', 'hash-reject')
  const bytes = Buffer.concat([
    messages.message(21, HEAD), messages.message(22, Buffer.concat([HEAD, HASHES])), messages.message(23, HEAD)
  ])
  for (let at = 0; at < bytes.length; at += size) peer.say(bytes.subarray(at, at + size))
  expect(events).toEqual([['hash-request', RANGE], ['hashes', RANGE, HASHES], ['hash-reject', RANGE]])
  expect(wire.statistics.received.byMessage).toMatchObject({ hashRequest: 1, hashes: 1, hashReject: 1 })
})

test.each([
  ['a length that is no power of two', 21, { length: 3 }, 0],
  ['no hashes at all', 21, { length: 0 }, 0],
  ['too many hashes', 21, { length: 16384 }, 0],
  ['more layers than a tree has', 23, { proofLayers: 65 }, 0],
  ['fewer hashes than it says', 22, {}, 3],
  ['more uncles than layers', 22, {}, 8]
])('%s: a violation', (_, id, change, hashes) => {
  const range = { ...RANGE, ...change }
  const head = Buffer.from(HEAD)
  head.writeUInt32BE(range.length, 40)
  head.writeUInt32BE(range.proofLayers, 44)
  const events = peer.note('violation', 'hashes', 'hash-request', 'hash-reject')
  peer.say(messages.message(id, Buffer.concat([head, Buffer.alloc(hashes * 32)])))
  expect(events.map(([event, error]) => [event, error.code])).toEqual([['violation', 'ERR_BAD_HASH_RANGE']])
})

test('a message of another length: a violation', () => {
  const events = peer.note('violation')
  peer.say(messages.message(21, HEAD.subarray(1)))
  expect(events.map(([, error]) => error.code)).toEqual(['ERR_BAD_LENGTH'])
})

test.each([
  [{ ...RANGE, piecesRoot: ROOT.subarray(1) }, RangeError],
  [{ ...RANGE, piecesRoot: 'ab' }, TypeError],
  [{ ...RANGE, index: -1 }, RangeError],
  [{ ...RANGE, index: '1' }, TypeError],
  [{ ...RANGE, length: 6 }, RangeError],
  [{ ...RANGE, baseLayer: 65 }, RangeError]
])('a range that cannot be meant sends nothing: %#', async (range, type) => {
  for (const send of [() => wire.hashRequest(range), () => wire.hashes(range, HASHES), () => wire.hashReject(range)]) {
    expect(send).toThrow(type)
  }
  expect(await peer.heard()).toHaveLength(0)
})

test('hashes of another number send nothing', async () => {
  for (const hashes of [HASHES.subarray(1), HASHES.subarray(0, 96), Buffer.alloc(8 * 32)]) {
    expect(() => wire.hashes(RANGE, hashes)).toThrow(RangeError)
  }
  expect(await peer.heard()).toHaveLength(0)
})
