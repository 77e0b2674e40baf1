'use strict'

const messages = require('./messages')
const { INFO_HASH, PEER_IDS } = require('./pair')

/**
 * The other end of a wire of either class, in bytes: what the peer says is applied at once, what
 * the wire sends is kept.
 */
class Peer {
  /**
   * @param {import('node:stream').Duplex} wire
   * @param {object} [options]
   * @param {boolean} [options.isReading] takes what the wire sends; default true
   */
  constructor (wire, { isReading = true } = {}) {
    this.wire = wire
    this.chunks = []
    if (isReading) wire.on('data', chunk => this.chunks.push(chunk))
  }

  /**
   * A wire after both handshakes, of which nothing is kept.
   *
   * @param {import('node:stream').Duplex} wire
   * @param {object} [options]
   * @param {boolean} [options.fast] both announce BEP 6; default false
   * @param {boolean} [options.extended] the peer announces BEP 10; default false
   * @returns {Promise<Peer>}
   */
  static async greet (wire, { fast = false, extended = false } = {}) {
    const peer = new Peer(wire)
    wire.handshake(INFO_HASH, PEER_IDS[0], { fast })
    peer.say(messages.handshake(INFO_HASH, PEER_IDS[1], { fast, extended }))
    await peer.heard()
    return peer
  }

  /** The peer says this, in one chunk. */
  say (...bytes) {
    this.wire._write(Buffer.concat(bytes), () => {})
  }

  /** @returns {Promise<Buffer>} what the wire has sent since the last time */
  async heard () {
    await turn()
    return Buffer.concat(this.chunks.splice(0))
  }

  /** @returns {Promise<string[]>} the messages that the wire has sent since the last time */
  async told () {
    return split(await this.heard())
  }
}

/**
 * An independent decoder: the messages of a stream, by name and with their numbers; of longer
 * payloads the length and the first byte.
 *
 * @param {Uint8Array} bytes
 * @returns {string[]} a rest that is no whole message comes last, as `cut`
 */
function split (bytes) {
  bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = []
  let at = 0
  if (bytes.toString('latin1', 1, 20) === 'BitTorrent protocol') {
    found.push('handshake')
    at = 68
  }
  while (at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    found.push(name(bytes.subarray(at + 4, end)))
    at = end
  }
  if (at < bytes.length) found.push(`cut ${bytes.toString('hex', at, Math.min(at + 16, bytes.length))}`)
  return found
}

const NUMBERED = {
  4: 'have', 6: 'request', 8: 'cancel', 13: 'suggest', 16: 'reject', 17: 'allowed-fast'
}
const PLAIN = { 0: 'choke', 1: 'unchoke', 2: 'interested', 3: 'uninterested', 14: 'have-all', 15: 'have-none' }

function name (message) {
  if (message.length === 0) return 'keep-alive'
  const [id] = message
  const numbers = []
  for (let at = 1; at + 4 <= message.length && numbers.length < 3; at += 4) numbers.push(message.readUInt32BE(at))
  if (id in PLAIN) return PLAIN[id]
  if (id in NUMBERED) return [NUMBERED[id], ...numbers].join(' ')
  if (id === 7) return `piece ${numbers[0]} ${numbers[1]} ${message.length - 9} of ${filling(message.subarray(9))}`
  if (id === 20) return `extended ${message[1]} ${message.length - 2} of ${filling(message.subarray(2))}`
  return `message ${id} of ${message.length}`
}

/** What all of the bytes are, or that they are not alike. */
function filling (bytes) {
  return bytes.every(byte => byte === bytes[0]) ? `${bytes[0]}` : 'many'
}

/** Everything that is already under way, microtasks and ticks, happens before this resolves. */
async function turn () {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

module.exports = { Peer, split, turn }
