'use strict'

/**
 * X: what a peer can do to an extension, on this package's wire: with ours, and, to show that it can
 * fail, with the npm package, where it must.
 */

const { createHash } = require('node:crypto')
const holdClock = require('../helpers/held-clock')
const { importOutside } = require('../helpers/wire')
const { Random, seed } = require('../helpers/random')
const Wire = require('../..')
const ltDonthave = require('../../extensions/lt_donthave')
const utHolepunch = require('../../extensions/ut_holepunch')
const utMetadata = require('../../extensions/ut_metadata')
const utPex = require('../../extensions/ut_pex')
const { SOUND } = require('./support/extension-payloads')
const { mutate } = require('./support/mutate')
const { Peer, turn, PEER_ID, OUR_ID, ...p } = require('./support/peer')

const OURS = { ut_metadata: utMetadata, ut_pex: utPex, lt_donthave: ltDonthave }

/**
 * @param {string} title begins with the row's id
 * @param {string} name of the extension
 * @param {(makeExtension: Function) => *} body
 * @param {{ npmFails?: boolean }} [options] false where the npm package would take the process with it
 */
function row (title, name, body, { npmFails = true } = {}) {
  test(title, () => body(OURS[name]))
  if (!npmFails) return
  test(`${title} — which the npm package fails`, async () => {
    const { default: makeExtension } = await importOutside(name)
    let failure = null
    try {
      await body(makeExtension)
    } catch (error) {
      failure = error
    }
    expect(failure).not.toBe(null)
  })
}

const INFO = p.bencode({ length: 5, name: 'a file', 'piece length': 16384, pieces: Buffer.alloc(20, 7) })
const hashOf = bytes => createHash('sha1').update(bytes).digest('hex')

/** A peer that is greeted with the extension in place, which it maps to 3. */
function greet (makeExtension, { infoHash = hashOf(INFO), handshake = {}, metadata, ...setup } = {}) {
  const peer = new Peer(Wire, { isGreeted: false, ...setup })
  peer.wire.use(makeExtension(metadata))
  peer.wire.handshake(infoHash, OUR_ID)
  const [name] = Object.values(peer.wire.extendedMapping)
  peer.hear(p.handshake(infoHash, PEER_ID, { extended: true }), p.extended(0, p.bencode({ m: { [name]: 3 }, ...handshake })))
  peer.extension = peer.wire[name]
  return peer
}

const data = (piece, bytes) => p.extended(1, Buffer.concat([p.bencode({ msg_type: 1, piece, total_size: INFO.length }), bytes]))

row('X1 metadata are what was hashed, though a piece of them comes once more', 'ut_metadata', async makeExtension => {
  const peer = greet(makeExtension)
  const fetched = []
  peer.extension.on('metadata', torrent => fetched.push(Buffer.from(torrent).includes('a file')))
  peer.extension.fetch()
  peer.hear(p.extended(0, p.bencode({ m: { ut_metadata: 3 }, metadata_size: INFO.length })))
  const other = Buffer.from(INFO)
  other.write('b filf', other.indexOf('a file'))
  peer.hear(data(0, INFO), data(0, other))
  for (let i = 0; i < 100 && fetched.length === 0; i++) await turn()
  expect(fetched).toEqual([true])
})

row('X2 extended handshakes, on and on, ask for nothing anew', 'ut_metadata', async makeExtension => {
  const peer = greet(makeExtension, { handshake: { metadata_size: 1e7 } })
  peer.extension.fetch()
  const count = (await peer.sent()).length
  expect(count).toBe(Math.ceil(1e7 / 16384))
  for (let i = 0; i < 100; i++) peer.hear(p.extended(0, p.bencode({ m: { ut_metadata: 3 }, metadata_size: 1e7 })))
  expect((await peer.sent()).length).toBe(count)
  for (let i = 1; i < 100; i++) peer.hear(p.extended(0, p.bencode({ m: { ut_metadata: 3 }, metadata_size: 1e7 - i })))
  expect((await peer.sent()).length).toBeLessThanOrEqual(4 * count)
  peer.expectAlive()
})

row('X3 pieces out of range, and of any length, leave the wire open', 'ut_metadata', async makeExtension => {
  const peer = greet(makeExtension, { handshake: { metadata_size: INFO.length } })
  peer.extension.fetch()
  for (const piece of [1, 2 ** 31, Number.MAX_SAFE_INTEGER]) peer.hear(data(piece, INFO))
  for (const length of [0, INFO.length - 1, 16384]) peer.hear(data(0, Buffer.alloc(length)))
  await turn()
  peer.expectAlive()
})

row('X4 a request for what is not there is rejected', 'ut_metadata', async makeExtension => {
  const peer = greet(makeExtension, { metadata: INFO, handshake: { metadata_size: 5 } }) // which is not what we have
  for (const piece of [0, 1, 2 ** 40]) peer.hear(p.extended(1, p.bencode({ msg_type: 0, piece })))
  const sent = (await peer.sent()).map(hex => Buffer.from(hex.slice(4), 'hex'))
  expect(sent).toEqual([
    Buffer.concat([p.bencode({ msg_type: 1, piece: 0, total_size: INFO.length }), INFO]),
    ...[1, 2 ** 40].map(piece => p.bencode({ msg_type: 2, piece }))
  ])
})

row('X5 metadata that have the hash, and are no bencode, end no process', 'ut_metadata', async makeExtension => {
  for (const bad of ['no bencode', 'le', 'd1:ai1eex', 'de8:announce1:xe', `${'l'.repeat(1000)}${'e'.repeat(1000)}`, 'd-3:abci1ee'].map(text => Buffer.from(text))) {
    const peer = greet(makeExtension, { infoHash: hashOf(bad), handshake: { metadata_size: bad.length } })
    const told = []
    for (const event of ['metadata', 'warning']) peer.extension.on(event, () => told.push(event))
    peer.extension.fetch()
    for (let i = 0; i < 5; i++) peer.hear(data(0, bad))
    await turn()
    expect(told).toEqual(['warning'])
    peer.expectAlive()
  }
}, { npmFails: false }) // an unhandled rejection

row('X6 rejects, on and on, are one warning', 'ut_metadata', async makeExtension => {
  const peer = greet(makeExtension, { handshake: { metadata_size: 100_000 } })
  let warnings = 0
  peer.extension.on('warning', () => warnings++)
  peer.extension.fetch()
  const reject = p.extended(1, p.bencode({ msg_type: 2, piece: 0 }))
  for (let i = 0; i < 1000; i++) peer.hear(reject)
  expect(warnings).toBe(1)
  expect((await peer.sent()).length).toBe(7 + 14)
})

row('X7 requests, on and on, of a peer that reads nothing, wait', 'ut_metadata', async makeExtension => {
  const metadata = p.bencode({ name: 'x', pieces: Buffer.alloc(1 << 20) })
  const peer = greet(makeExtension, { metadata, isReading: false, options: { highWaterMark: 100_000 } })
  const flood = Buffer.concat(Array.from({ length: 2000 }, (_, i) => p.extended(1, p.bencode({ msg_type: 0, piece: i % 64 }))))
  let isTaken = false
  peer.wire._write(flood, () => { isTaken = true })
  await turn()
  expect(isTaken).toBe(false)
  expect(peer.wire.statistics.sent.bytes).toBeLessThan(300_000)
}, { npmFails: false }) // it is the wire that sees to it

row('X8 a list of peers that is none keeps no other from being read', 'ut_pex', makeExtension => {
  const peer = greet(makeExtension)
  const told = []
  peer.extension.on('peer', address => told.push(address))
  peer.hear(p.extended(1, p.bencode({ added: Buffer.alloc(7, 1), added6: Buffer.alloc(18, 1), dropped: Buffer.alloc(6, 1) })))
  expect(told).toEqual(['[101:101:101:101:101:101:101:101]:257'])
})

row('X9 of a million peers, few are remembered', 'ut_pex', makeExtension => {
  const peer = greet(makeExtension)
  let told = 0
  peer.extension.on('peer', () => told++)
  for (let i = 0; i < 6; i++) {
    const added = Buffer.alloc(6 * 170_000, 1)
    for (let at = 0; at < added.length; at += 6) added.writeUInt32BE(i * 170_000 + at, at)
    peer.hear(p.extended(1, p.bencode({ added })))
  }
  expect(told).toBeLessThanOrEqual(1200)
  expect(Object.keys(peer.extension._remoteAddedPeers).length).toBeLessThanOrEqual(2000)
})

row('X10 a peer that switches peer exchange off does not make its timer throw', 'ut_pex', makeExtension => {
  const peer = greet(makeExtension)
  peer.extension.addPeer('10.0.0.1:1')
  peer.hear(p.extended(0, p.bencode({ m: { ut_pex: 0 } })))
  peer.extension._sendMessage()
  peer.expectAlive()
})

row('X11 an address that is none does not make its timer throw', 'ut_pex', makeExtension => {
  const peer = greet(makeExtension)
  peer.extension.addPeer('localhost:80')
  peer.extension._sendMessage()
  peer.expectAlive()
})

row('X12 messages that waited together for some minutes are no flood', 'ut_pex', makeExtension => {
  const peer = greet(makeExtension)
  peer.hear(...Array(3).fill(p.extended(1, SOUND.ut_pex['no peers'])))
  peer.expectAlive()
})

row('X13 a donthave with more than an index in it is none', 'lt_donthave', makeExtension => {
  const peer = greet(makeExtension)
  peer.hear(p.bitfield(Buffer.from([0xff])), p.extended(1, Buffer.alloc(5)))
  expect(peer.wire.peerPieces.get(0)).toBe(true)
  peer.expectAlive()
})

row('X14 a request that is made again when it fails ends no process', 'lt_donthave', makeExtension => {
  const peer = greet(makeExtension)
  peer.hear(p.bitfield(Buffer.from([0xff])), p.unchoke())
  let asked = 0
  const ask = () => peer.wire.request(0, 0, 16, () => ask(++asked))
  ask()
  peer.hear(p.extended(1, Buffer.alloc(4)))
  expect(asked).toBe(1)
}, { npmFails: false }) // an endless loop

describe('X15 random messages', () => {
  const SAMPLES = {
    ut_metadata: Object.values(SOUND.ut_metadata),
    ut_pex: Object.values(SOUND.ut_pex),
    lt_donthave: [Buffer.alloc(4)],
    ut_holepunch: ['00000a0000011ae100000000', '010120010db80000000000000000000000011ae1', '02000a0000011ae100000002'].map(hex => Buffer.from(hex, 'hex'))
  }
  const makers = { ...OURS, ut_holepunch: utHolepunch }

  test.each(Object.keys(SAMPLES))('to %s throw nothing, and end no wire', async name => {
    const start = seed()
    const random = new Random(start)
    const clock = holdClock()
    try {
      const peer = greet(makers[name], { handshake: { metadata_size: 34256 } })
      peer.extension.fetch?.()
      for (let i = 0; i < 20_000; i++) {
        clock.now += 60_000
        const message = mutate(random, random.pick(SAMPLES[name]))
        // Without the wire, which would keep some of it back.
        peer.extension.onMessage(random.below(2) ? message : new Uint8Array(message))
        if (i % 1000 === 0) await turn()
      }
      peer.expectAlive()
      peer.wire.destroy()
    } catch (error) {
      error.message += `\nTEST_SEED=${start}`
      throw error
    } finally {
      clock.letGo()
    }
  }, 60_000)
})
