'use strict'

/** What callers of bittorrent-protocol 3.x rely on: its constructor and its crypto handshake. */

const { createHash } = require('node:crypto')
const { once } = require('node:events')
const Original = require('axon-bittorrent-protocol')
const Wire = require('../..')
const Wire3 = require('../../compat/v3')
const { Peer, note, turn, messages, INFO_HASH } = require('./support/peer')

const IDS = ['11'.repeat(20), '22'.repeat(20)]

/** Now and then a crypto handshake of 3.4.2 fails, with itself too: it misreads some keys. */
const ATTEMPTS = 6

let wires

beforeEach(() => { wires = [] })

afterEach(async () => {
  for (const wire of wires) wire.destroy()
  await turn()
})

function create (Class, ...args) {
  const wire = new Class(...args)
  wires.push(wire)
  return wire
}

/** Does on the steps what webtorrent 1.x does. */
function applyAsWebtorrent (outgoing, incoming) {
  const log = note(outgoing, 'pe1', 'pe2', 'pe3', 'pe4')
  incoming.on('pe1', () => {
    log.push(['pe1'])
    incoming.sendPe2()
  })
  incoming.on('pe3', hash => {
    log.push(['pe3', hash])
    incoming.sendPe4(INFO_HASH)
  })
  incoming.on('pe4', () => log.push(['pe4 of the incoming']))
  outgoing.on('pe2', () => outgoing.sendPe3(INFO_HASH))
  outgoing.on('pe4', () => outgoing.handshake(INFO_HASH, IDS[0]))
  incoming.on('handshake', () => incoming.handshake(INFO_HASH, IDS[1]))
  return log
}

/** Whether a crypto handshake and the handshakes in it work. */
async function meet (Outgoing, Incoming) {
  const outgoing = create(Outgoing, 'tcpOutgoing', 0, true)
  const incoming = create(Incoming, 'tcpIncoming', 0, true)
  const log = applyAsWebtorrent(outgoing, incoming)
  const seen = []
  outgoing.on('data', chunk => seen.push(chunk))
  outgoing.pipe(incoming).pipe(outgoing)
  const met = Promise.race([
    once(outgoing, 'handshake').then(() => true),
    once(outgoing, 'close').then(() => false),
    // Where the original takes a key for the beginning of a plaintext handshake.
    once(incoming, 'handshake').then(([infoHash]) => infoHash === INFO_HASH && new Promise(() => {})),
    new Promise(resolve => { setTimeout(resolve, 2000, false).unref() })
  ])
  outgoing.sendPe1()
  const isMet = await met
  return { isMet, log, outgoing, incoming, seen: Buffer.concat(seen) }
}

test('the type is null by default, and Buffers come', () => {
  const wire = create(Wire3)
  expect(wire).toBeInstanceOf(Wire)
  expect(wire.type).toBe(null)
  const log = note(wire, 'bitfield', 'piece', 'extended')
  new Peer(wire).greet(
    messages.bitfield(Buffer.from([1])), messages.piece(0, 0, Buffer.from('a')), messages.extended(0, messages.bencode({ v: 'x' }))
  )
  expect(log.map(([, ...args]) => args.at(-1))).toMatchObject([{ buffer: expect.any(Buffer) }, expect.any(Buffer), { v: expect.any(Buffer) }])
  expect(wire.peerIdBuffer).toEqual(expect.any(Buffer))
})

test('both ends: the steps in order, and everything is RC4', async () => {
  const { isMet, log, outgoing, incoming, seen } = await meet(Wire3, Wire3)
  expect(isMet).toBe(true)
  const hash = createHash('sha1').update('req2').update(INFO_HASH, 'hex').digest('hex')
  expect(log).toEqual([['pe2'], ['pe1'], ['pe3', hash], ['pe4']])
  expect([outgoing._encryptionMethod, incoming._encryptionMethod]).toEqual([2, 2])
  expect([outgoing._cryptoHandshakeDone, incoming._cryptoHandshakeDone]).toEqual([true, true])
  expect(seen.includes('BitTorrent protocol')).toBe(false)
})

test.each([['connects to', Wire3, Original], ['is connected to by', Original, Wire3]])('%s 3.4.2', async (does, Outgoing, Incoming) => {
  let met
  for (let i = 0; i < ATTEMPTS && !met?.isMet; i++) met = await meet(Outgoing, Incoming)
  expect(met.isMet).toBe(true)
  expect([met.outgoing._encryptionMethod, met.incoming._encryptionMethod]).toEqual([2, 2])
}, 20_000)

test('connects to the main wire, and is connected to by it', async () => {
  const outgoing = create(Wire3, 'tcpOutgoing', 0, true)
  const incoming = create(Wire, 'tcpIncoming', 2, { infoHashes: [INFO_HASH] })
  applyAsWebtorrent(outgoing, incoming)
  outgoing.pipe(incoming).pipe(outgoing)
  outgoing.sendPe1()
  await once(outgoing, 'handshake')
  expect(outgoing._encryptionMethod).toBe(2)

  const other = create(Wire, 'tcpOutgoing', 2)
  const third = create(Wire3, 'tcpIncoming', 0, true)
  applyAsWebtorrent(other, third)
  other.pipe(third).pipe(other)
  other.startEncryption(INFO_HASH)
  await once(other, 'crypto-handshake')
  other.handshake(INFO_HASH, IDS[0])
  await once(other, 'handshake')
  expect(third._encryptionMethod).toBe(2)
})

test.each([
  ['tcpOutgoing', 1, true], ['tcpOutgoing', 0, false], ['tcpIncoming', 0, false], ['utpOutgoing', 0, true], ['webrtc', 0, true]
])('plaintext: %s, %d retries, %s', async (type, retries, peEnabled) => {
  const wire = create(Wire3, type, retries, peEnabled)
  const peer = new Peer(wire)
  const log = note(wire, 'pe1', 'pe2', 'pe3', 'pe4', 'handshake')
  expect(wire.setEncrypt('secret', INFO_HASH)).toBe(false)
  wire.sendPe1()
  wire.sendPe2()
  wire.sendPe3(INFO_HASH)
  wire.sendPe4(INFO_HASH)
  expect(await peer.heard()).toHaveLength(0)
  wire.handshake(INFO_HASH, IDS[0])
  expect(await peer.heard()).toHaveLength(68)
  peer.greet()
  expect(log.map(([event]) => event)).toEqual(['handshake'])
})

test('a peer that connects in plaintext is taken', () => {
  const wire = create(Wire3, 'tcpIncoming', 0, true)
  const log = note(wire, 'pe1', 'pe3', 'pe4', 'handshake')
  new Peer(wire).greet()
  expect(log.map(([event]) => event)).toEqual(['handshake'])
})

test('a peer that answers in plaintext ends the crypto handshake', async () => {
  const wire = create(Wire3, 'tcpOutgoing', 0, true)
  const peer = new Peer(wire)
  const log = note(wire, 'pe2', 'pe4', 'handshake')
  wire.on('pe2', () => wire.sendPe3(INFO_HASH))
  wire.sendPe1()
  await once(wire, 'pe2')
  peer.greet()
  await turn()
  expect(log.map(([event]) => event)).toEqual(['pe2', 'pe4', 'handshake'])
})

test('setEncrypt names the torrent too', async () => {
  const outgoing = create(Wire3, 'tcpOutgoing', 0, true)
  const incoming = create(Wire3, 'tcpIncoming', 0, true)
  outgoing.pipe(incoming).pipe(outgoing)
  incoming.on('pe3', () => expect(incoming.setEncrypt('', INFO_HASH)).toBe(true))
  expect(outgoing.setEncrypt('', INFO_HASH)).toBe(true)
  await once(outgoing, 'pe4')
})

test('a torrent that is not here: the caller hangs up', async () => {
  const outgoing = create(Wire3, 'tcpOutgoing', 0, true)
  const incoming = create(Wire3, 'tcpIncoming', 0, true)
  outgoing.pipe(incoming).pipe(outgoing)
  const log = note(incoming, 'pe1', 'pe3')
  incoming.on('pe1', () => incoming.destroy())
  outgoing.sendPe3(INFO_HASH)
  await once(outgoing, 'close')
  expect(log).toEqual([['pe1']])
})

test('destroyed after sendPe1: no step follows', async () => {
  const wire = create(Wire3, 'tcpOutgoing', 0, true)
  const log = note(wire, 'pe2')
  wire.sendPe1()
  wire.destroy()
  await turn()
  expect(log).toEqual([])
})
