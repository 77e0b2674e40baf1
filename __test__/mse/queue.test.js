'use strict'

/** What is sent before the crypto handshake is done: it waits, in order, and arrives whole. */

const { once } = require('node:events')
const Wire = require('../..')
const { loadUpstream } = require('../helpers/wire')
const { RC4 } = require('../helpers/mse')
const { seed } = require('../helpers/random')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { open } = require('./support/end')
const { CUTTINGS, link } = require('./support/link')

const SEED = seed()

let wires

afterEach(() => close(...wires))

describe.each([[1, 1], [1, 2], [2, 1], [2, 2]])('level %d to level %d', (levelA, levelB) => {
  describe.each(Object.keys(CUTTINGS))(`%s (TEST_SEED=${SEED})`, cutting => {
    test('both ends send all at once', async () => {
      wires = [new Wire('tcpOutgoing', levelA), new Wire('tcpIncoming', levelB, { infoHashes: [INFO_HASH] })]
      const seen = wires.map(arrivals)
      wires[0].startEncryption(INFO_HASH)
      wires.forEach(send)
      await link(...wires, cutting, SEED)
      expect(await Promise.all(seen)).toEqual([expected(PEER_IDS[1]), expected(PEER_IDS[0])])
    })

    test('to upstream that connects', async () => {
      const Upstream = await loadUpstream()
      const upstream = new Upstream('tcpOutgoing', levelA)
      const ours = new Wire('tcpIncoming', levelB, { infoHashes: [INFO_HASH] })
      wires = [upstream, ours]
      const seen = arrivals(upstream)
      send(ours, 1)
      upstream.startEncryption(INFO_HASH)
      await link(...wires, cutting, SEED)
      expect(await seen).toEqual(expected(PEER_IDS[1]))
    })

    test('to upstream that is connected to', async () => {
      const Upstream = await loadUpstream()
      const upstream = new Upstream('tcpIncoming', levelB)
      const ours = new Wire('tcpOutgoing', levelA)
      wires = [ours, upstream]
      const seen = arrivals(upstream)
      upstream.on('crypto-infohash', () => upstream.setInfoHash(INFO_HASH))
      ours.startEncryption(INFO_HASH)
      send(ours, 0)
      await link(...wires, cutting, SEED)
      expect(await seen).toEqual(expected(PEER_IDS[0]))
    })
  })
})

function send (wire, end) {
  wire.handshake(INFO_HASH, PEER_IDS[end])
  wire.bitfield(Buffer.from([0xa0]))
  wire.unchoke()
  for (let index = 10; index < 20; index++) wire.have(index)
  wire.piece(1, 2, Buffer.alloc(1000, 'block'))
  wire.port(6881)
}

/** What the wire hears until the last message of `send`. */
async function arrivals (wire) {
  const seen = []
  for (const event of ['handshake', 'bitfield', 'unchoke', 'have', 'piece']) {
    wire.on(event, (...args) => seen.push([event, ...args.slice(0, 2).map(simple)]))
  }
  const [port] = await once(wire, 'port')
  return [...seen, port]
}

function simple (value) {
  return typeof value === 'object' ? Buffer.from(value.buffer).toString('hex') : value
}

function expected (peerId) {
  return [
    ['handshake', INFO_HASH, peerId], ['bitfield', 'a0'], ['unchoke'],
    ...Array.from({ length: 10 }, (_, i) => ['have', 10 + i]), ['piece', 1, 2], 6881
  ]
}

test('what waits is as it was at the call, and what comes is left as it is', async () => {
  const { wire, peer } = open(Wire, 'tcpOutgoing', 2)
  wires = [wire]
  wire.startEncryption(INFO_HASH)
  const [infoHash, peerId] = [INFO_HASH, PEER_IDS[0]].map(hex => Buffer.from(hex, 'hex'))
  const bits = Buffer.from([0xff, 0x80])
  const payload = Buffer.from('de')
  wire.handshake(infoHash, peerId)
  wire.bitfield(bits)
  wire.extended(0, payload)
  for (const bytes of [infoHash, peerId, bits, payload]) bytes.fill(0)

  const { ia } = await peer.accept()
  expect(ia).toEqual(messages.handshake(INFO_HASH, PEER_IDS[0], { extended: true }))
  const rest = Buffer.concat([messages.bitfield(Buffer.from([0xff, 0x80])), messages.extended(0, Buffer.from('de'))])
  expect(await peer.readEncrypted(rest.length)).toEqual(rest)

  const block = Buffer.alloc(5000, 'block')
  const copy = Buffer.from(block)
  wire.piece(0, 0, block)
  const sent = messages.piece(0, 0, copy)
  expect(await peer.readEncrypted(sent.length)).toEqual(sent)
  expect(block).toEqual(copy)

  // A message that fills its chunk, and one that ends in a chunk of its block alone.
  const chunk = peer.encrypt.apply(Buffer.concat([messages.handshake(INFO_HASH, PEER_IDS[1]), messages.piece(0, 0, copy)]))
  const received = once(wire, 'piece')
  for (const part of [chunk.subarray(0, 100), chunk.subarray(100, 3000), chunk.subarray(3000)]) {
    const before = Buffer.from(part)
    await peer.send(part)
    expect(part).toEqual(before)
  }
  expect((await received)[2]).toEqual(copy)
  expect(wire._encryptionMethod).toBe(RC4)
})
