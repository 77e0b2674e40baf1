'use strict'

/** Random sessions on bittorrent-wire 0.9.3 and on its relative here. */

const { createHash } = require('node:crypto')
const { default: Original } = require('bittorrent-wire')
const Ours = require('../../compat/bittorrent-wire')
const messages = require('../world/support/messages')
const { playAll, show, turn } = require('./support/lockstep')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const ID = '-EM0022-PEANUTS4AITH'
const PIECES = 40
const BLOCK = 16384
const PEERS = ['10.10.10.5:128', '100.56.58.99:28525', '65.156.3.75:2000', '1.2.3.4:5']

/** @returns {object} what `play` wants, with the state of one session */
function game () {
  /** Blocks that were asked for and have not come. */
  let outstanding = []
  /** The peer's requests that are open. */
  const theirs = new Map()
  const haves = Array.from({ length: PIECES }, (_, i) => i)

  function message (random, choked) {
    const index = random.below(PIECES)
    switch (random.below(11)) {
      case 0: return choked.is || outstanding.length > 0 ? messages.keepAlive() : choked.set(true, messages.choke())
      case 1: return choked.set(false, messages.unchoke())
      case 2: return choked.set(false, messages.interested())
      case 3: case 4: return haves.length > 0 ? messages.have(haves.pop()) : messages.keepAlive()
      case 5: case 6: {
        const request = [index, BLOCK * random.below(4), BLOCK]
        if (theirs.has(String(request))) return messages.keepAlive()
        if (!choked.is) theirs.set(String(request), request)
        return messages.request(...request)
      }
      case 7: {
        if (theirs.size === 0) return messages.keepAlive()
        const [key, request] = random.pick([...theirs])
        theirs.delete(key)
        return messages.cancel(...request)
      }
      case 8: return messages.port(random.below(65536))
      case 9: return messages.extended(1, messages.bencode(pexMessage(random)))
      default: {
        if (outstanding.length === 0) return messages.message(99, random.bytes(9))
        const [piece, offset, length] = outstanding.splice(random.below(outstanding.length), 1)[0]
        return messages.piece(piece, offset, Buffer.alloc(length, piece + offset))
      }
    }
  }

  function call (random, wire) {
    const index = random.below(PIECES)
    switch (random.below(10)) {
      case 0: return wire.choked ? ['sendInterested'] : ['sendKeepActive']
      case 1: return ['sendHave', index]
      case 2: return ['sendBitfield', random.pick([random.bytes(5), random.bytes(5).toString('hex')])]
      case 3: return ['sendCancel', 0, 0, 7]
      case 4: return ['sendPort', random.below(65536)]
      case 5: return ['sendPexPeers', pick(random), null, pick(random), null]
      case 6: {
        if (theirs.size === 0) return ['sendKeepActive']
        const [key, [piece, offset]] = random.pick([...theirs])
        theirs.delete(key)
        return ['sendPiece', messages.piece(piece, offset, Buffer.alloc(BLOCK, 7))]
      }
      default: {
        if (outstanding.length > 0) return ['sendKeepActive']
        const count = 1 + random.below(4)
        outstanding = Array.from({ length: count }, (_, i) => [index, i * BLOCK, i < count - 1 ? BLOCK : 1 + random.below(BLOCK)])
        return ['sendRequest', Buffer.concat(outstanding.map(block => messages.request(...block))), count]
      }
    }
  }

  return {
    original: () => new Original(INFO_HASH, ID),
    ours: () => new Ours(INFO_HASH, ID),
    events: [
      'handshake', 'interested', 'have', 'bitfield', 'request', 'finished_piece', 'cancel', 'dht_port',
      'pex_added', 'pex_added6', 'pex_dropped', 'pex_dropped6'
    ],
    state: (wire, event) => show([
      wire.isActive, wire.peerID, wire.peerHasExt, wire.peerHasDHT, wire.busy, event === 'request' && wire.inRequests.at(-1),
      wire.ext.ut_pex, wire.ext.ut_metadata, wire.metaHandshook
    ]),
    open: random => [
      { call: ['sendHandshake'] },
      { feed: messages.handshake(INFO_HASH, '41'.repeat(20), { dht: random.below(2) === 0, extended: true }) },
      { feed: messages.bitfield(Buffer.alloc(5)) },
      { feed: messages.extended(0, messages.bencode({ m: { ut_pex: 1 + random.below(9), ut_metadata: 3 } })) }
    ],
    next: (random, { wire }) => {
      if (random.below(3) === 0) return { call: call(random, wire) }
      const choked = {
        is: wire.choked,
        set (is, bytes) {
          this.is = is
          if (is) theirs.clear()
          return bytes
        }
      }
      return { feed: Buffer.concat(Array.from({ length: 1 + random.below(5) }, () => message(random, choked))) }
    }
  }
}

test('the same sessions on both', async () => {
  const seen = await playAll(60, game)
  expect([...game().events, 'sent'].filter(event => !seen.has(event))).toEqual([])
}, 60_000)

test.each([[1000], [40000]])('metadata of %d bytes go from each to each', async length => {
  const info = { length: 1, name: 'a file', 'piece length': 16384, pieces: Buffer.alloc(20 * Math.ceil(length / 20), 1) }
  const infoBuffer = messages.bencode(info)
  const infoHash = createHash('sha1').update(infoBuffer).digest('hex')
  const told = []
  for (const [Leecher, Seeder] of [[Original, Original], [Original, Ours], [Ours, Original], [Ours, Ours]]) {
    const leecher = new Leecher(infoHash, ID)
    const seeder = new Seeder(infoHash, ID, {
      metadata_handshake: { m: { ut_metadata: 2, ut_pex: 1 }, metadata_size: infoBuffer.length }
    })
    seeder.createExtensions(infoBuffer.length, info)
    leecher.pipe(seeder).pipe(leecher)
    seeder.on('handshake', () => seeder.sendHandshake())
    leecher.on('handshake', () => process.nextTick(() => leecher.metaDataRequest()))
    leecher.on('metadata', torrent => told.push(torrent))
    leecher.sendHandshake()
    for (let i = 0; i < 20; i++) await turn()
    leecher.destroy()
    seeder.destroy()
  }
  expect(told.length).toBe(4)
  const { infoHashBuffer, lastPieceLength, ...same } = told[0]
  for (const torrent of told) expect(torrent).toMatchObject(same)
}, 20_000)

function pexMessage (random) {
  return { added: compact(random), 'added.f': '', added6: '', 'added6.f': '', dropped: compact(random), dropped6: '' }
}

function compact (random) {
  return random.bytes(6 * random.below(4))
}

function pick (random) {
  return random.below(3) === 0 ? null : PEERS.slice(random.below(PEERS.length))
}
