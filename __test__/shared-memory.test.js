'use strict'

/**
 * Views of SharedArrayBuffers, which another thread may write to at any time: they are refused with
 * a TypeError, or copied at once.
 */

const { ScriptedPeer, turn, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const LENGTH = 16384

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true, extended: true })
  wire = peer.wire
})

afterEach(() => close(wire))

function shared (bytes) {
  const view = Buffer.from(new SharedArrayBuffer(bytes.length))
  bytes.copy(view)
  return view
}

/** @returns {boolean} whether it is refused */
function isRefused (call) {
  try {
    call()
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return true
  }
}

describe('what is sent', () => {
  const block = Buffer.alloc(LENGTH, 'block')

  test.each([
    ['piece', view => wire.piece(1, 0, view), () => messages.piece(1, 0, block)],
    ['respond', view => {
      wire.amChoking = false
      wire.once('request', (piece, offset, length, respond) => respond(null, view))
      peer.say(messages.request(1, 0, LENGTH))
    }, () => messages.piece(1, 0, block)],
    ['bitfield', view => wire.bitfield(view), () => messages.bitfield(block)],
    ['extended', view => wire.extended(7, view), () => messages.extended(7, block)],
    ['handshake', view => wire.handshake(view.subarray(0, 20), view.subarray(20, 40)), () => {
      return messages.handshake(block.toString('hex', 0, 20), block.toString('hex', 20, 40), { extended: true })
    }]
  ])('%s: what is written there later is not', async (_, send, message) => {
    const view = shared(block)
    const refused = isRefused(() => send(view))
    view.fill(0xff)
    const sent = await peer.heard()
    if (refused) expect(sent).toHaveLength(0)
    else expect(sent.equals(message())).toBe(true)
  })

  test('while the output waits: what is written there later is not sent', async () => {
    peer.stopReading()
    const views = Array.from({ length: 50 }, (_, i) => shared(Buffer.alloc(LENGTH, i)))
    const refused = views.map((view, i) => isRefused(() => wire.piece(i, 0, view)))
    await turn()
    for (const view of views) view.fill(0xff)
    peer.read()
    wire.resume()
    while (wire.readableLength > 0) await turn()
    const expected = views.flatMap((_, i) => refused[i] ? [] : [messages.piece(i, 0, Buffer.alloc(LENGTH, i))])
    expect((await peer.heard()).equals(Buffer.concat(expected))).toBe(true)
  })
})

describe('what comes', () => {
  const bytes = Buffer.concat([
    messages.piece(1, 0, Buffer.alloc(LENGTH, 1)), messages.have(1), messages.extended(7, Buffer.alloc(100, 2)),
    messages.piece(2, 0, Buffer.alloc(LENGTH, 2)), messages.have(2)
  ])
  const WAYS = [
    ['_write', chunk => wire._write(chunk, () => {})],
    ['write', chunk => wire.write(chunk)]
  ]

  let payloads, haves

  beforeEach(() => {
    payloads = []
    haves = []
    wire.on('piece', (piece, offset, payload) => payloads.push(payload))
    wire.on('extended', (id, payload) => payloads.push(payload))
    wire.on('have', index => haves.push(index))
  })

  const expectWhole = () => {
    expect(haves).toEqual([1, 2])
    expect(payloads.map(payload => [payload.length, payload[0], payload.every(byte => byte === payload[0])]))
      .toEqual([[LENGTH, 1, true], [100, 2, true], [LENGTH, 2, true]])
  }

  test.each(WAYS)('by %s: payloads stay as they are', async (_, write) => {
    const chunk = shared(bytes)
    const refused = isRefused(() => write(chunk))
    chunk.fill(0xff)
    await turn()
    if (refused) expect([payloads, haves]).toEqual([[], []])
    else expectWhole()
    expect(wire.closeReason).toBe(null)
  })

  test.each(WAYS)('by %s, and is changed by a handler of its first message: the rest is as it came', async (_, write) => {
    const chunk = shared(bytes)
    wire.once('piece', () => chunk.fill(0xff))
    const refused = isRefused(() => write(chunk))
    await turn()
    if (refused) expect([payloads, haves]).toEqual([[], []])
    else expectWhole()
    expect(wire.closeReason).toBe(null)
  })

  test.each(WAYS)('by %s, in chunks that cut the blocks', async (_, write) => {
    const chunks = []
    for (let at = 0; at < bytes.length; at += 5000) chunks.push(shared(bytes.subarray(at, at + 5000)))
    const refused = chunks.map(chunk => {
      const isRefusedHere = isRefused(() => write(chunk))
      chunk.fill(0xff)
      return isRefusedHere
    })
    await turn()
    if (refused.every(Boolean)) expect([payloads, haves]).toEqual([[], []])
    else expectWhole()
    expect(wire.closeReason).toBe(null)
  })
})

test('a handshake that comes from there', async () => {
  const fresh = new ScriptedPeer()
  const events = fresh.note('handshake')
  const chunk = shared(messages.handshake(INFO_HASH, PEER_ID))
  const refused = isRefused(() => fresh.wire._write(chunk, () => {}))
  chunk.fill(0xff)
  if (!refused) {
    expect(events.map(([, infoHash, peerId]) => [infoHash, peerId])).toEqual([[INFO_HASH, PEER_ID]])
    expect(fresh.wire.peerIdBuffer.toString('hex')).toBe(PEER_ID)
  }
  fresh.wire.handshake(INFO_HASH, OUR_ID)
  await close(fresh.wire)
})
