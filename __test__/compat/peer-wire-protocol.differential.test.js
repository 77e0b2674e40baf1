'use strict'

/** Random sessions on peer-wire-protocol 0.7.1 and on its relative here. */

const original = require('peer-wire-protocol')
const ours = require('../../compat/peer-wire-protocol')
const messages = require('../world/support/messages')
const { playAll, show } = require('./support/lockstep')
const { PIECES, block, call, chunk } = require('./support/vocabulary')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'

const game = {
  original: () => original({ speed: 10 }),
  ours: () => ours({ speed: 10 }),
  events: [
    'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece', 'cancel',
    'port', 'extended', 'keep-alive', 'unknownmessage', 'download', 'upload', 'finish', 'end'
  ],
  state: wire => show([
    // Our main wire takes a peer that is gone for one that wants nothing.
    wire.amChoking, wire.amInterested, wire.peerInterested && !wire.writableEnded, wire.uploaded, wire.downloaded,
    wire.requests.map(block), wire.peerRequests.map(block).sort(), wire.peerPieces, wire.peerExtensions
  ]),
  open: random => {
    const bits = random.bytes(PIECES / 8)
    game.haves = Array.from({ length: PIECES }, (_, i) => i).filter(i => !(bits[i >> 3] & (0x80 >> (i & 7))))
    return [
      { call: ['handshake', INFO_HASH, '-AA0000-000000000000', random.pick([undefined, { dht: true }])] },
      { feed: messages.handshake(INFO_HASH, '42'.repeat(20), { dht: random.below(2) === 0, extended: true }) },
      ...(random.below(2) === 0 ? [{ feed: messages.bitfield(bits) }] : [])
    ]
  },
  next: (random, player) => random.below(3) === 0
    ? { call: call(random, player, { bitfield: bits => ({ buffer: bits }), extensions: [0, 1, 2, 255] }) }
    : {
        feed: chunk(random, player, {
          // A repeated one is no news here.
          have: () => game.haves.length > 0 ? messages.have(game.haves.pop()) : messages.keepAlive(),
          extended: () => messages.extended(random.below(3), messages.bencode({ m: { ut_test: random.below(9) }, v: 'x' }))
        })
      },
  close: [{ call: ['end'] }]
}

test('the same sessions on both', async () => {
  const seen = await playAll(100, () => game)
  expect([...game.events, 'callback', 'sent'].filter(event => !seen.has(event))).toEqual([])
}, 60_000)
