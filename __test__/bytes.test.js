'use strict'

/**
 * Bytes of callers: which are taken, when they are read, and that they are never changed. Those of
 * SharedArrayBuffers are in shared-memory.test.js.
 */

const { ScriptedPeer, close, INFO_HASH, OUR_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true })
  wire = peer.wire
})

afterEach(() => close(wire))

/** Every method that takes bytes, with the message that they make. */
const SENDERS = [
  ['bitfield', bytes => wire.bitfield(bytes), bytes => messages.bitfield(bytes)],
  ['bitfield of an object', bytes => wire.bitfield({ buffer: bytes }), bytes => messages.bitfield(bytes)],
  ['extended', bytes => wire.extended(3, bytes), bytes => messages.extended(3, bytes)],
  ['piece', bytes => wire.piece(1, 2, bytes), bytes => messages.piece(1, 2, bytes)],
  ['respond', bytes => {
    wire.once('request', (piece, offset, length, respond) => respond(null, bytes))
    wire.amChoking = false
    peer.say(messages.request(1, 2, bytes.byteLength))
  }, bytes => messages.piece(1, 2, bytes)]
]

describe.each(SENDERS)('%s', (_, send, message) => {
  test.each([
    ['a Buffer', Buffer.alloc(8, 'abcdefgh')],
    ['a Uint8Array', Uint8Array.of(1, 2, 3, 4)],
    ['a Buffer of a part', Buffer.alloc(20, 'abc').subarray(5, 15)],
    ['an empty Uint8Array', new Uint8Array(0)],
    ['an Int8Array', new Int8Array([-1, 2, -3])],
    ['a Float64Array', new Float64Array([1.5, -2])],
    ['a DataView', new DataView(new ArrayBuffer(16), 3, 5)]
  ])('takes %s, and changes none of it', async (_, view) => {
    const bytes = Buffer.from(Buffer.from(view.buffer, view.byteOffset, view.byteLength))
    const all = Buffer.from(Buffer.from(view.buffer))
    send(view)
    expect(await peer.heard()).toEqual(message(bytes))
    expect(Buffer.from(view.buffer).equals(all)).toBe(true)
  })

  test('throws a TypeError for a detached view, and sends nothing', async () => {
    const view = new Uint8Array(8)
    structuredClone(view.buffer, { transfer: [view.buffer] })
    const buffer = Buffer.from(new ArrayBuffer(8))
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] })
    for (const detached of [view, buffer]) {
      expect(() => send(detached)).toThrow(TypeError)
      expect(await peer.heard()).toHaveLength(0)
      wire.peerRequests.length = 0
      wire.removeAllListeners('request')
    }
  })
})

test.each([
  ['bitfield', value => wire.bitfield(value)],
  ['piece', value => wire.piece(0, 0, value)]
])('%s throws a TypeError for what is no view', async (_, send) => {
  for (const value of [undefined, null, 'abc', 5, [1, 2], {}, { length: 1 }, new ArrayBuffer(1)]) {
    expect(() => send(value)).toThrow(TypeError)
  }
  expect(await peer.heard()).toHaveLength(0)
})

test.each([
  ['infoHash', value => wire.handshake(value, OUR_ID)], ['peerId', value => wire.handshake(INFO_HASH, value)]
])('handshake throws a TypeError where the %s is neither text nor view', async (_, send) => {
  for (const value of [undefined, null, 5, [1, 2], {}]) expect(() => send(value)).toThrow(TypeError)
  expect(await peer.heard()).toHaveLength(0)
})

test('what was given is sent as it was at the call', async () => {
  const bits = Buffer.from([1, 2, 3])
  const message = new Uint8Array([4, 5, 6])
  const infoHash = Buffer.from(INFO_HASH, 'hex')
  const peerId = Buffer.from(OUR_ID, 'hex')
  const dictionary = { list: [1], bytes: Buffer.from('abc') }
  wire.bitfield(bits)
  wire.extended(1, message)
  wire.extended(2, dictionary)
  wire.handshake(infoHash, peerId)
  for (const bytes of [bits, message, infoHash, peerId, dictionary.bytes]) bytes.fill(0xff)
  dictionary.list.push(2)
  expect(await peer.heard()).toEqual(Buffer.concat([
    messages.bitfield(Buffer.from([1, 2, 3])), messages.extended(1, Buffer.from([4, 5, 6])),
    messages.extended(2, Buffer.from('d5:bytes3:abc4:listli1eee')),
    messages.handshake(INFO_HASH, OUR_ID, { extended: true })
  ]))
})

test('a block may be sent from the caller\'s own memory, unchanged', async () => {
  const block = Buffer.alloc(16384, 7)
  wire.piece(0, 0, block)
  await peer.heard()
  expect(block.every(byte => byte === 7)).toBe(true)
})

test('what the peer sent is not changed in the chunk that it came in', () => {
  const chunk = Buffer.concat([
    messages.bitfield(Buffer.from([0xff, 0x01])), messages.piece(0, 0, Buffer.from('block')),
    messages.extended(7, Buffer.from('payload')), messages.have(3)
  ])
  const before = Buffer.from(chunk)
  wire.on('have', index => wire.peerPieces.set(index, false))
  wire.write(chunk)
  wire.peerPieces.setAll([false, false, false])
  expect(chunk).toEqual(before)
})

test('payloads are Buffers that hold nothing else', () => {
  const seen = []
  wire.on('piece', (piece, offset, block) => seen.push(block))
  wire.on('extended', (id, message) => seen.push(message))
  wire.on('unknownmessage', message => seen.push(message))
  wire.on('bitfield', pieces => seen.push(Buffer.from(pieces.buffer)))
  const payload = Buffer.from('payload')
  const bytes = Buffer.concat([
    messages.piece(0, 0, payload), messages.message(0x63, payload), messages.bitfield(payload)
  ])
  wire.write(bytes)
  for (const byte of bytes) wire.write(Buffer.from([byte]))
  expect(seen.every(Buffer.isBuffer)).toBe(true)
  const whole = [payload, Buffer.from('cpayload'), payload]
  expect(seen).toEqual([...whole, ...whole])
})
