'use strict'

/** Random sessions on peer-wire-protocol 0.7.1 and on its relative here. */

const original = require('peer-wire-protocol')
const ours = require('../../compat/peer-wire-protocol')
const messages = require('../world/support/messages')
const { play, show } = require('./support/lockstep')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const PIECES = 40

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
  next: (random, player) => random.below(3) === 0 ? { call: call(random, player) } : { feed: chunk(random, player) },
  close: [{ call: ['end'] }]
}

const seeds = Array.from({ length: 150 }, (_, i) => i + 1)

test('the same sessions on both', async () => {
  const lines = []
  for (const seed of seeds) lines.push(...await play(seed, game))
  const seen = new Set(lines.map(line => line.split(' ')[0]))
  expect([...game.events, 'callback', 'sent'].filter(event => !seen.has(event))).toEqual([])
}, 60_000)

function chunk (random, player) {
  const outstanding = player.wire.requests.map(({ piece, offset, length }) => [piece, offset, length])
  const theirs = new Set(player.wire.peerRequests.map(block).map(String))
  return Buffer.concat(Array.from({ length: 1 + random.below(6) }, () => message(random, outstanding, theirs)))
}

function message (random, outstanding, theirs) {
  const index = random.below(PIECES)
  switch (random.below(14)) {
    case 0:
      outstanding.length = 0
      return messages.choke()
    case 1: case 2: return messages.unchoke()
    case 3: return messages.interested()
    case 4: return messages.uninterested()
    case 5: // a repeated `have` is no news here
      return game.haves.length > 0 ? messages.have(game.haves.pop()) : messages.keepAlive()
    case 6: case 7: {
      const request = [index, 16 * random.below(4), 1 + random.below(60)]
      if (theirs.has(String(request))) return messages.keepAlive()
      theirs.add(String(request))
      return messages.request(...request)
    }
    case 8: case 9: {
      if (outstanding.length === 0) return messages.keepAlive()
      const [piece, offset, length] = outstanding.splice(random.below(outstanding.length), 1)[0]
      return messages.piece(piece, offset, random.bytes(length))
    }
    case 10: {
      if (theirs.size === 0) return messages.keepAlive()
      const request = random.pick([...theirs])
      theirs.delete(request)
      return messages.cancel(...request.split(',').map(Number))
    }
    case 11: return messages.port(random.below(65536))
    case 12: return messages.extended(random.below(3), messages.bencode({ m: { ut_test: random.below(9) }, v: 'x' }))
    default: return messages.message(random.pick([10, 18, 99]), random.bytes(random.below(30)))
  }
}

function call (random, player) {
  const index = random.below(PIECES)
  switch (random.below(14)) {
    case 0: return ['choke']
    case 1: case 2: return ['unchoke']
    case 3: return ['interested']
    case 4: return ['uninterested']
    case 5: return ['have', index]
    case 6: return ['bitfield', { buffer: random.bytes(5) }]
    case 7: return ['piece', index, 0, random.bytes(random.below(50))]
    case 8: return ['port', random.below(65536)]
    case 9: return ['extended', random.below(4), random.pick([random.bytes(5), { msg_type: 1, piece: 2 }])]
    case 10: {
      if (player.wire.requests.length === 0) return ['interested']
      return ['cancel', ...block(random.pick(player.wire.requests))]
    }
    case 11: {
      if (player.responders.length === 0) return ['unchoke']
      const answer = random.below(4) === 0 ? [new Error('no')] : [null, random.bytes(20)]
      return ['respond', random.below(player.responders.length), ...answer]
    }
    default: return ['request', index, 16 * random.below(4), 1 + random.below(60)]
  }
}

function block ({ piece, offset, length }) {
  return [piece, offset, length]
}
