'use strict'

/** Random sessions on axon-bittorrent-protocol 3.4.2 and on the relative of 3.x here. */

const Original = require('axon-bittorrent-protocol')
const Ours = require('../../compat/v3')
const messages = require('../world/support/messages')
const { playAll, show } = require('./support/lockstep')
const { PIECES, block, call, chunk } = require('./support/vocabulary')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'

const game = {
  original: () => withExtension(new Original('tcpOutgoing')),
  ours: () => withExtension(new Ours('tcpOutgoing')),
  events: [
    'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece', 'cancel',
    'port', 'extended', 'keep-alive', 'unknownmessage', 'download', 'upload', 'finish', 'end'
  ],
  state: wire => show([
    wire.type, wire.peerId, wire.peerIdBuffer, wire.amChoking, wire.amInterested, wire.peerChoking, wire.peerInterested,
    wire.uploaded, wire.downloaded, wire.requests.map(block), wire.peerRequests.map(block).sort(),
    Array.from({ length: PIECES }, (_, i) => Number(wire.peerPieces.get(i))), wire.peerExtendedMapping
  ]),
  open: random => [
    { call: ['handshake', INFO_HASH, '41'.repeat(20), random.pick([undefined, { dht: true }])] },
    { feed: messages.handshake(INFO_HASH, '42'.repeat(20), { dht: random.below(2) === 0, extended: true }) },
    ...(random.below(2) === 0 ? [{ feed: messages.bitfield(random.bytes(PIECES / 8)) }] : []),
    { feed: messages.extended(0, messages.bencode({ m: { ut_test: 1 + random.below(9), ut_other: 2 }, v: 'x' })) }
  ],
  next: (random, player) => random.below(3) === 0
    ? { call: call(random, player, { bitfield: bits => bits, extensions: ['ut_test', 7] }) }
    : {
        feed: chunk(random, player, {
          have: () => messages.have(random.below(PIECES)),
          extended: () => messages.extended(1 + random.below(2), random.bytes(9))
        })
      },
  close: [{ call: ['end'] }]
}

test('the same sessions on both', async () => {
  const seen = await playAll(100, () => game)
  expect([...game.events, 'callback', 'sent'].filter(event => !seen.has(event))).toEqual([])
}, 60_000)

function withExtension (wire) {
  function Extension () {}
  Extension.prototype.name = 'ut_test'
  wire.use(Extension)
  // Ours says it by itself.
  wire.extendedHandshake.reqq = 2000
  return wire
}
