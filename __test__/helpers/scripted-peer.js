'use strict'

const Wire = require('../..')
const messages = require('../world/support/messages')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const OUR_ID = '2d4f55303030302d' + '11'.repeat(12)
const PEER_ID = '2d5045303030302d' + '22'.repeat(12)

/** A wire and the bytes of its peer: what the wire sends is kept, what the peer says is written. */
class ScriptedPeer {
  /**
   * @param {object} [options]
   * @param {string} [options.type] of the wire
   * @param {object} [options.options] of the wire
   * @param {boolean} [options.isReading] takes what the wire sends; default true
   */
  constructor ({ type = 'tcpOutgoing', options, isReading = true } = {}) {
    this.wire = new Wire(type, 0, options)
    /** What the wire has sent, as it came. @type {Buffer[]} */
    this.chunks = []
    if (isReading) this.read()
  }

  /**
   * A wire after both handshakes; what they sent is forgotten.
   *
   * @param {object} [options] those of the constructor, and
   * @param {boolean} [options.fast] both announce BEP 6; default false
   * @param {boolean} [options.extended] the peer announces BEP 10; default false
   */
  static async connect ({ fast = false, extended = false, ...options } = {}) {
    const peer = new ScriptedPeer({ ...options, isReading: true })
    peer.wire.handshake(INFO_HASH, OUR_ID, { fast })
    peer.say(messages.handshake(INFO_HASH, PEER_ID, { fast, extended }))
    await peer.heard()
    if (options.isReading === false) peer.stopReading()
    return peer
  }

  read () {
    this.listener = chunk => this.chunks.push(chunk)
    this.wire.on('data', this.listener)
  }

  stopReading () {
    this.wire.off('data', this.listener)
    this.wire.pause()
  }

  /** The peer says this, in one chunk. */
  say (...bytes) {
    return this.wire.write(Buffer.concat(bytes))
  }

  /** @returns {Promise<Buffer>} what the wire has sent since the last time */
  async heard () {
    await turn()
    return Buffer.concat(this.chunks.splice(0))
  }

  /**
   * Notes events from now on.
   * @param {string[]} events
   * @returns {Array[]} grows by the event's name and its arguments
   */
  note (...events) {
    const log = []
    for (const event of events) this.wire.on(event, (...args) => log.push([event, ...args]))
    return log
  }
}

/** Everything that is already under way, microtasks and ticks, happens before this resolves. */
function turn () {
  return new Promise(resolve => setImmediate(resolve))
}

/** Closes a wire and waits for it. */
async function close (wire) {
  wire.resume()
  const closed = wire.destroyed ? null : new Promise(resolve => wire.once('close', resolve))
  wire.destroy()
  await closed
}

module.exports = { ScriptedPeer, turn, close, INFO_HASH, OUR_ID, PEER_ID }
