'use strict'

/** `wire.peerPieces`: the API of the npm package `bitfield`, and what the engine knows of it. */

const { ScriptedPeer, close } = require('./helpers/scripted-peer')
const { Random } = require('./helpers/random')
const messages = require('./world/support/messages')

let peer, wire, BitField

beforeAll(async () => { BitField = (await importOutside('bitfield')).default })

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true })
  wire = peer.wire
})

afterEach(() => close(wire))

const haves = () => peer.note('have')

test('the same calls give the same answers as bitfield\'s', () => {
  const random = new Random(1)
  for (let round = 0; round < 50; round++) {
    const bytes = random.bytes(random.below(20))
    peer.say(messages.bitfield(bytes))
    const ours = wire.peerPieces
    const theirs = new BitField(new Uint8Array(bytes), { grow: 400_000 })
    for (let i = 0; i < 30; i++) {
      const index = random.below(200)
      const value = random.pick([true, false, undefined])
      ours.set(index, value)
      theirs.set(index, value)
      const values = Array.from({ length: random.below(5) }, () => random.below(2) === 1)
      ours.setAll(values, index)
      theirs.setAll(values, index)
      const bits = pieces => Array.from({ length: 256 }, (_, at) => pieces.get(at)).join()
      expect([bits(ours), ours.isEmpty()]).toEqual([bits(theirs), theirs.isEmpty()])
    }
    const seen = [ours, theirs].map(pieces => {
      const list = []
      pieces.forEach((value, index) => list.push([value, index]), 3, 40)
      return list
    })
    expect(seen[0]).toEqual(seen[1])
  }
})

test('before any message it is empty', () => {
  const { peerPieces } = wire
  expect([peerPieces.length, peerPieces.buffer.length, peerPieces.get(0), peerPieces.isEmpty()]).toEqual([0, 0, false, true])
  expect(wire.peerPieces).toBe(peerPieces)
})

test('after a bitfield it has exactly its bytes', () => {
  for (const length of [0, 1, 2, 100, 4096]) {
    peer.say(messages.bitfield(Buffer.alloc(length, 0xa5)))
    expect(wire.peerPieces.buffer).toBeInstanceOf(Uint8Array)
    expect(wire.peerPieces.buffer).toHaveLength(length)
    expect(wire.peerPieces.length).toBe(8 * length)
    expect([0, 1, 2].map(index => wire.peerPieces.get(index))).toEqual(length > 0 ? [true, false, true] : [false, false, false])
  }
})

test('its bytes are not those of the chunk', () => {
  const chunk = messages.bitfield(Buffer.from([0x80]))
  wire.write(chunk)
  chunk.fill(0)
  expect(wire.peerPieces.get(0)).toBe(true)
})

test('forEach walks all bits, or some', () => {
  peer.say(messages.bitfield(Buffer.from([0x41])))
  const seen = []
  wire.peerPieces.forEach((value, index) => value && seen.push(index))
  wire.peerPieces.forEach((value, index) => value && seen.push(index), 2, 7)
  wire.peerPieces.forEach((value, index) => value && seen.push(index), 7)
  expect(seen).toEqual([1, 7, 7])
})

test('a have sets its bit before the event, and grows the bits', () => {
  const seen = []
  wire.on('have', index => seen.push([index, wire.peerPieces.get(index), wire.peerPieces.length > index]))
  peer.say(messages.bitfield(Buffer.from([0])), messages.have(3), messages.have(8), messages.have(100_000))
  expect(seen).toEqual([[3, true, true], [8, true, true], [100_000, true, true]])
  expect(wire.peerPieces.get(9)).toBe(false)
})

test('what the caller sets, the engine knows', () => {
  const events = haves()
  peer.say(messages.bitfield(Buffer.from([0xf0])))
  wire.peerPieces.set(4)
  wire.peerPieces.set(0, false)
  wire.peerPieces.setAll([true, true], 5)
  for (let i = 0; i < 8; i++) peer.say(messages.have(i))
  expect(events).toEqual([['have', 0], ['have', 7]])
})

test('a bitfield that was replaced by a newer one is on its own', () => {
  peer.say(messages.bitfield(Buffer.from([0x80])))
  const old = wire.peerPieces
  peer.say(messages.bitfield(Buffer.from([0x40])))
  expect([old.get(0), old.get(1)]).toEqual([true, false])
  expect([wire.peerPieces.get(0), wire.peerPieces.get(1)]).toEqual([false, true])
  const events = haves()
  old.set(5)
  peer.say(messages.have(5))
  expect(events).toEqual([['have', 5]])
})

test('it stays readable when the wire is closed', async () => {
  peer.say(messages.bitfield(Buffer.from([0x80])))
  await close(wire)
  wire.peerPieces.set(1)
  expect([wire.peerPieces.get(0), wire.peerPieces.get(1), wire.peerPieces.get(2)]).toEqual([true, true, false])
})

describe('assigned by the caller', () => {
  test('one of bitfield\'s', () => {
    const pieces = new BitField(new Uint8Array([0x80]), { grow: 100 })
    wire.peerPieces = pieces
    expect(wire.peerPieces).toBe(pieces)
    const events = haves()
    peer.say(messages.have(0), messages.have(1), messages.have(20))
    expect(events).toEqual([['have', 1], ['have', 20]])
    expect([pieces.get(1), pieces.get(20)]).toEqual([true, true])
  })

  test('anything with get, set and a buffer', () => {
    const set = []
    wire.peerPieces = { buffer: new Uint8Array(0), get: index => index === 2, set: (index, value) => set.push([index, value]) }
    peer.say(messages.have(2), messages.have(3))
    expect(set).toEqual([[3, true]])
  })

  test('another wire\'s', async () => {
    const other = await ScriptedPeer.connect({ fast: true })
    peer.say(messages.haveAll())
    other.wire.peerPieces = wire.peerPieces
    const events = other.note('have')
    other.say(messages.have(3))
    expect([other.wire.peerPieces.get(9), events]).toEqual([true, []])
    await close(other.wire)
  })
})
