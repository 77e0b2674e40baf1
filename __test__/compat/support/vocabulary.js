'use strict'

/** What peers say and applications call in sessions of the wires that are alike. */

const messages = require('../../world/support/messages')

const PIECES = 40

/**
 * Some messages that a correct peer may send now.
 * @param {import('../../helpers/random').Random} random
 * @param {object} player of `play`
 * @param {object} own
 * @param {() => Buffer} own.have a have
 * @param {() => Buffer} own.extended an extended message
 */
function chunk (random, player, own) {
  const outstanding = player.wire.requests.map(block)
  const theirs = new Set(player.wire.peerRequests.map(block).map(String))
  return Buffer.concat(Array.from({ length: 1 + random.below(6) }, () => message(random, outstanding, theirs, own)))
}

function message (random, outstanding, theirs, own) {
  switch (random.below(14)) {
    case 0:
      outstanding.length = 0
      return messages.choke()
    case 1: case 2: return messages.unchoke()
    case 3: return messages.interested()
    case 4: return messages.uninterested()
    case 5: return own.have()
    case 6: case 7: {
      const request = anyBlock(random)
      // The same again while it is open is answered once here, and never there.
      if (theirs.has(String(request))) return messages.keepAlive()
      theirs.add(String(request))
      return messages.request(...request)
    }
    case 8: case 9: {
      // Blocks that nobody asked for are not counted here.
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
    case 12: return own.extended()
    default: return messages.message(random.pick([10, 18, 99]), random.bytes(random.below(30)))
  }
}

/**
 * Something that an application may call now.
 * @param {import('../../helpers/random').Random} random
 * @param {object} player of `play`
 * @param {object} own
 * @param {(bits: Buffer) => *} own.bitfield what to give to `bitfield`
 * @param {*[]} own.extensions what to give to `extended`
 */
function call (random, player, own) {
  const index = random.below(PIECES)
  const { wire, responders } = player
  switch (random.below(14)) {
    case 0: return ['choke']
    case 1: case 2: return ['unchoke']
    case 3: return ['interested']
    case 4: return ['uninterested']
    case 5: return ['have', index]
    case 6: return ['bitfield', own.bitfield(random.bytes(5))]
    case 7: return ['piece', index, 0, random.bytes(random.below(50))]
    case 8: return ['port', random.below(65536)]
    case 9: return ['extended', random.pick(own.extensions), random.pick([random.bytes(5), { msg_type: 1, piece: 2 }])]
    case 10: return wire.requests.length > 0 ? ['cancel', ...block(random.pick(wire.requests))] : ['interested']
    case 11: {
      const answer = random.below(4) === 0 ? [new Error('no')] : [null, random.bytes(20)]
      return responders.length > 0 ? ['respond', random.below(responders.length), ...answer] : ['unchoke']
    }
    default: return ['request', ...anyBlock(random)]
  }
}

function anyBlock (random) {
  return [random.below(PIECES), 16 * random.below(4), 1 + random.below(60)]
}

function block ({ piece, offset, length }) {
  return [piece, offset, length]
}

module.exports = { PIECES, block, call, chunk }
