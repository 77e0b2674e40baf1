'use strict'

const messages = require('../../world/support/messages')
const { turn } = require('./lockstep')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const ID = '-EM0022-PEANUTS4AITH'
const PEER_ID = '-PE0001-000000000000'

/** The other end of a wire, in bytes. */
class Peer {
  /** @param {import('node:stream').Duplex} wire */
  constructor (wire) {
    this.wire = wire
    this.sent = []
    wire.on('data', chunk => this.sent.push(chunk))
  }

  /** Sends a handshake with BEP 10 and all of `rest`. */
  greet (...rest) {
    this.say(messages.handshake(INFO_HASH, Buffer.from(PEER_ID).toString('hex'), { dht: true, extended: true }), ...rest)
  }

  say (...chunks) {
    this.wire.write(Buffer.concat(chunks))
  }

  /** @returns {Promise<Buffer>} what the wire has sent since the last time */
  async heard () {
    await turn()
    await turn()
    return Buffer.concat(this.sent.splice(0))
  }
}

/** Notes events with their arguments. */
function note (wire, ...events) {
  const log = []
  for (const event of events) wire.on(event, (...args) => log.push([event, ...args]))
  return log
}

module.exports = { Peer, note, turn, messages, INFO_HASH, ID, PEER_ID }
