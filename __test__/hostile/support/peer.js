'use strict'

const messages = require('../../world/support/messages')

const INFO_HASH = '11'.repeat(20)
const OUR_ID = '22'.repeat(20)
const PEER_ID = '33'.repeat(20)

/**
 * A wire of either class, and the stranger at its other end, written in bytes.
 */
class Peer {
  /**
   * @param {Function} Wire
   * @param {object} [setup]
   * @param {boolean} [setup.fast] both announce BEP 6
   * @param {boolean} [setup.extended] the peer announces BEP 10
   * @param {boolean} [setup.v2] the peer announces BEP 52
   * @param {boolean} [setup.isGreeted] the handshakes are done; default
   * @param {boolean} [setup.isReading] the peer reads what it is sent; default
   * @param {object} [setup.options] the third argument of the constructor
   */
  constructor (Wire, { fast = false, extended = true, v2 = false, isGreeted = true, isReading = true, options } = {}) {
    this.wire = new Wire('tcpIncoming', 0, options)
    /** What the wire has emitted: names, and their arguments. */
    this.events = []
    this.chunks = []
    const { emit } = this.wire
    this.wire.emit = (name, ...args) => {
      this.events.push([name, ...args])
      return emit.call(this.wire, name, ...args)
    }
    if (isReading) this.wire.on('data', chunk => this.chunks.push(Buffer.from(chunk)))
    if (isGreeted) {
      this.wire.handshake(INFO_HASH, OUR_ID, { fast })
      this.hear(messages.handshake(INFO_HASH, PEER_ID, { fast, extended, v2 }))
      this.events.length = 0
    }
  }

  /** The wire gets these bytes, as one chunk. */
  hear (...parts) {
    return this.hearChunk(Buffer.concat(parts))
  }

  hearChunk (chunk) {
    this.wire._write(chunk, () => {})
    return this
  }

  /** @returns {Array[]} the events of that name: their arguments */
  all (name) {
    return this.events.filter(event => event[0] === name).map(event => event.slice(1))
  }

  /** @returns {string[]} the names of the events of the protocol, in order */
  get names () {
    return this.events.map(event => event[0]).filter(name => !STREAM_EVENTS.has(name))
  }

  /**
   * @returns {Promise<string[]>} every message that the wire has sent, in hex, without its
   *   handshake and its extended handshake
   */
  async sent () {
    await turn()
    const bytes = Buffer.concat(this.chunks)
    const found = []
    let at = bytes.subarray(0, 20).toString('latin1') === '\x13BitTorrent protocol' ? 68 : 0
    while (at < bytes.length) {
      const end = at + 4 + bytes.readUInt32BE(at)
      const message = bytes.toString('hex', at + 4, end)
      if (!message.startsWith('1400')) found.push(message)
      at = end
    }
    return found
  }

  /** The wire has ended for a violation of that code, and said so once. */
  expectViolation (code) {
    expect(this.all('violation').map(([error]) => error.code)).toEqual([code])
    expect(this.wire.closeReason.code).toBe(code)
    expect(this.wire.closeReason.message).not.toBe('')
    expect(this.all('error')).toEqual([])
    const ended = this.events.findIndex(([name]) => name === 'violation')
    const after = this.events.slice(ended + 1).map(([name]) => name).filter(name => !STREAM_EVENTS.has(name))
    expect(after).toEqual(['uninterested', 'choke'])
  }

  expectAlive () {
    expect(this.all('violation')).toEqual([])
    expect(this.wire.closeReason ?? null).toBe(null)
    const before = this.all('port').length
    this.hear(messages.port(4242))
    expect(this.all('port').slice(before)).toEqual([[4242]])
  }
}

const STREAM_EVENTS = new Set([
  'newListener', 'removeListener', 'data', 'readable', 'resume', 'pause', 'drain', 'prefinish',
  'finish', 'end', 'close', 'pipe', 'unpipe', 'piping'
])

/** All that was put off to a later tick has happened. */
async function turn () {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

module.exports = { Peer, turn, INFO_HASH, OUR_ID, PEER_ID, ...messages }
