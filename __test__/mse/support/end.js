'use strict'

const { RawPeer } = require('../../helpers/mse')
const { INFO_HASH } = require('../../world/support/pair')

/**
 * A wire, and a peer written in bytes at its other end.
 *
 * @returns {{ wire: import('node:stream').Duplex, peer: RawPeer, log: Array }} `log` is of what the
 *   wire emits of the handshakes, with what it says of its encryption then
 */
function open (Wire, type, level, options) {
  const wire = new Wire(type, level, options)
  return { wire, peer: new RawPeer(wire, INFO_HASH), log: record(wire) }
}

/** @returns {Array} the events of the handshakes, as they come */
function record (wire) {
  const log = []
  for (const event of ['crypto-infohash', 'crypto-handshake', 'handshake']) {
    wire.on(event, () => log.push([event, wire._cryptoHandshakeDone, wire._encryptionMethod]))
  }
  return log
}

/** Resolves once the wire is closed. (Node's `once` would listen for errors, too.) */
function closed (wire) {
  return new Promise(resolve => wire.on('close', resolve))
}

/** Lets the event loop turn so many times. */
async function turns (count) {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

module.exports = { closed, open, record, turns }
