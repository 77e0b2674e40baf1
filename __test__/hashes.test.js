'use strict'

/** BEP 52: hash request, hashes and hash reject. */

const { getEventListeners } = require('node:events')

const { ScriptedPeer, close, turn, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const { MerkleTree, hashBlocks, verify } = require('bittorrent-protocol-native/merkle')
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
  expect(events).toEqual([['hash-request', RANGE, expect.any(Function)], ['hashes', RANGE, HASHES], ['hash-reject', RANGE]])
  expect(wire.statistics.received.byMessage).toMatchObject({ hashRequest: 1, hashes: 1, hashReject: 1 })
})

test.each([
  ['a length that is no power of two', 21, { length: 3 }, 0],
  ['no hashes at all', 21, { length: 0 }, 0],
  ['an index that is no multiple of the length', 21, { index: 511 }, 0],
  ['a layer that has no such index', 21, { baseLayer: 60, index: 16 }, 0],
  ['too many hashes', 21, { length: 16384 }, 0],
  ['more layers than a tree has', 23, { proofLayers: 65 }, 0],
  ['fewer hashes than it says', 22, {}, 3],
  ['more uncles than layers', 22, {}, 8]
])('%s: a violation', (_, id, change, hashes) => {
  const range = { ...RANGE, ...change }
  const head = Buffer.from(HEAD)
  head.writeUInt32BE(range.baseLayer, 32)
  head.writeUInt32BE(range.index, 36)
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
  [{ ...RANGE, baseLayer: 65 }, RangeError],
  [{ ...RANGE, baseLayer: 62, proofLayers: 3 }, RangeError],
  [{ ...RANGE, index: 514 }, RangeError],
  [{ ...RANGE, baseLayer: 55 }, RangeError],
  [null, TypeError]
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

describe('a request of ours as a promise', () => {
  const message = (id, range = RANGE, ...hashes) => {
    const head = Buffer.from(HEAD)
    head.writeUInt32BE(range.index, 36)
    return messages.message(id, Buffer.concat([head, ...hashes]))
  }
  const code = promise => promise.then(() => 'resolved', error => error.code ?? error)

  test('is sent, and resolves to the hashes', async () => {
    const promise = wire.requestHashes(RANGE)
    expect(await peer.heard()).toEqual(message(21))
    peer.say(message(22, RANGE, HASHES))
    expect(await promise).toEqual(HASHES)
  })

  test('rejects with ERR_REJECTED, ERR_TIMED_OUT and ERR_CLOSED', async () => {
    const rejected = code(wire.requestHashes(RANGE))
    await turn()
    peer.say(message(23))
    expect(await rejected).toBe('ERR_REJECTED')
    expect(await code(wire.requestHashes(RANGE, { timeout: 1 }))).toBe('ERR_TIMED_OUT')
    const open = code(wire.requestHashes(RANGE))
    await turn()
    wire.destroy()
    expect(await open).toBe('ERR_CLOSED')
    expect(await code(wire.requestHashes(RANGE))).toBe('ERR_CLOSED')
  })

  test('says why the wire was closed', async () => {
    const promise = wire.requestHashes(RANGE)
    await turn()
    peer.say(messages.message(21, HEAD.subarray(1)))
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CLOSED', cause: { code: 'ERR_BAD_LENGTH' } })
  })

  test('each gets the answer for its range, two for the same one in turn', async () => {
    const other = { ...RANGE, index: 516 }
    const got = []
    const note = (name, promise) => promise.then(bytes => got.push([name, bytes[0]]), error => got.push([name, error.code]))
    const all = [note('a', wire.requestHashes(RANGE)), note('b', wire.requestHashes(other)), note('c', wire.requestHashes(RANGE))]
    await turn()
    peer.say(message(22, other, Buffer.alloc(128, 2)))
    peer.say(message(22, RANGE, Buffer.alloc(128, 1)), message(23))
    await Promise.all(all)
    expect(got).toEqual([['b', 2], ['a', 1], ['c', 'ERR_REJECTED']])
  })

  test('given up by its signal, it leaves nothing, and what comes is an event alone', async () => {
    const events = peer.note('hashes')
    const controller = new AbortController()
    const first = code(wire.requestHashes(RANGE, { signal: controller.signal }))
    const second = code(wire.requestHashes(RANGE, { signal: controller.signal }))
    await turn()
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort('enough')
    expect([await first, await second]).toEqual(['enough', 'enough'])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await code(wire.requestHashes(RANGE, { signal: controller.signal }))).toBe('enough')
    const third = wire.requestHashes(RANGE)
    await turn()
    peer.say(message(22, RANGE, HASHES))
    expect(await third).toEqual(HASHES)
    expect(events).toHaveLength(1)
    expect((await peer.heard()).length).toBe(3 * message(21).length)
  })

  test('settled, it leaves no listener', async () => {
    const { signal } = new AbortController()
    const promise = wire.requestHashes(RANGE, { signal })
    await turn()
    peer.say(message(22, RANGE, HASHES))
    await promise
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('is sent to a peer that does not announce BEP 52, if we do: libtorrent does not for a v2 info hash', async () => {
    const other = new ScriptedPeer()
    other.say(handshake(false))
    other.wire.handshake(INFO_HASH, OUR_ID, { v2: true })
    await other.heard()
    const promise = other.wire.requestHashes(RANGE)
    expect((await other.heard()).subarray(-53)).toEqual(message(21))
    other.say(message(22, RANGE, HASHES))
    expect(await promise).toEqual(HASHES)
    await close(other.wire)
  })

  test('to a peer that speaks no BEP 52, or of what cannot be meant, it is not sent', async () => {
    const old = new ScriptedPeer()
    expect(await code(old.wire.requestHashes(RANGE))).toBe('ERR_V2_DISABLED')
    old.say(handshake(false))
    expect(await code(old.wire.requestHashes(RANGE))).toBe('ERR_V2_DISABLED')
    expect(await old.heard()).toHaveLength(0)
    await close(old.wire)
    expect(await code(wire.requestHashes({ ...RANGE, length: 3 }))).toBe('ERR_OUT_OF_RANGE')
    expect(await code(wire.requestHashes(RANGE, { timeout: '1' }))).toBe('ERR_INVALID_ARG_TYPE')
    expect(await code(wire.requestHashes(RANGE, { timeout: -1 }))).toBe('ERR_OUT_OF_RANGE')
    expect(await code(wire.requestHashes(RANGE, { signal: 'abort' }))).toBe('ERR_INVALID_ARG_TYPE')
    expect(await peer.heard()).toHaveLength(0)
  })
})

describe('a request of the peer', () => {
  const ask = messages.message(21, HEAD)
  const hashes = messages.message(22, Buffer.concat([HEAD, HASHES]))
  const reject = messages.message(23, HEAD)

  /** @returns {Function[]} grows by the answer to each request */
  function serving () {
    const respond = []
    wire.on('hash-request', (range, callback) => respond.push(callback))
    return respond
  }

  test('is answered through its callback, once', async () => {
    const respond = serving()
    peer.say(ask, ask)
    respond[1](null, HASHES)
    respond[1](null, HASHES)
    respond[1](new Error('no'))
    expect(await peer.heard()).toEqual(hashes)
    respond[0](new Error('no'))
    respond[0](null, HASHES)
    expect(await peer.heard()).toEqual(reject)
  })

  test('is answered by the methods as well', async () => {
    const respond = serving()
    peer.say(ask, ask)
    wire.hashes(RANGE, HASHES)
    wire.hashReject(RANGE)
    expect(await peer.heard()).toEqual(Buffer.concat([hashes, reject]))
    respond[0](null, HASHES)
    respond[1](null, HASHES)
    expect(await peer.heard()).toHaveLength(0)
  })

  test('stays open where its answer cannot be meant', async () => {
    const respond = serving()
    peer.say(ask)
    expect(() => respond[0](null, HASHES.subarray(0, 96))).toThrow(RangeError)
    expect(() => respond[0](null)).toThrow(TypeError)
    respond[0](null, HASHES)
    expect(await peer.heard()).toEqual(hashes)
  })

  test('is rejected where nobody listens: BEP 52 wants an answer', async () => {
    peer.say(ask)
    expect(await peer.heard()).toEqual(reject)
  })

  test('is rejected if 1000 are not answered', async () => {
    const respond = serving()
    for (let i = 0; i < 1003; i++) peer.say(ask)
    expect(respond).toHaveLength(1000)
    expect(await peer.heard()).toEqual(Buffer.concat([reject, reject, reject]))
    respond[7](null, HASHES)
    peer.say(ask)
    expect(respond).toHaveLength(1001)
  })

  test('is answered no more once the wire is closed', async () => {
    const respond = serving()
    peer.say(ask)
    await close(wire)
    respond[0](null, HASHES)
    expect(await peer.heard()).toHaveLength(0)
  })
})

test('two wires exchange what proves a file', async () => {
  const data = Buffer.alloc(16384 * 9, 'a file of nine blocks')
  const tree = new MerkleTree(hashBlocks(data))
  const other = new ScriptedPeer({ type: 'tcpIncoming', isReading: false })
  other.wire.on('data', chunk => peer.say(chunk))
  other.wire.on('hash-request', (range, respond) => {
    const found = tree.hashes(range)
    if (found === null) respond(new Error('no such hashes'))
    else respond(null, found)
  })
  wire.on('data', chunk => other.say(chunk))
  wire.handshake(INFO_HASH, OUR_ID, { v2: true })
  await turn()
  for (let index = 0; index < 16; index += 4) {
    const range = { piecesRoot: tree.root, baseLayer: 0, index, length: 4, proofLayers: 3 }
    expect(verify(range, await wire.requestHashes(range))).toBe(true)
  }
  const missing = { piecesRoot: Buffer.alloc(32), baseLayer: 0, index: 0, length: 4, proofLayers: 3 }
  await expect(wire.requestHashes(missing)).rejects.toMatchObject({ code: 'ERR_REJECTED' })
  await close(other.wire)
})
