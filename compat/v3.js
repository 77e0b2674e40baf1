'use strict'

const Wire = require('../lib/wire.js')
const keepShape = require('../lib/v8/keep-shape.js')
const { kInbound } = require('../lib/symbols.js')

const { nextTick } = process

/** RC4 and nothing else is what bittorrent-protocol 3.x offers and selects. */
const RC4_ONLY = 2

/**
 * The main wire with the constructor of bittorrent-protocol 3.x and its calls for the crypto
 * handshake (MSE). There the application drives it step by step; here the engine does, and the
 * calls and events tell it what it needs to know: the torrent. See v3.d.ts.
 */
class WireV3 extends Wire {
  #isInitiator
  #isResponder

  constructor (type = null, retries = 0, peEnabled = false, options = undefined) {
    // A peer that did not take the crypto handshake is tried again without.
    const isInitiator = Boolean(peEnabled) && type === 'tcpOutgoing' && retries === 0
    const isResponder = Boolean(peEnabled) && type === 'tcpIncoming'
    super(type, isInitiator || isResponder ? RC4_ONLY : 0, options)
    this.#isInitiator = isInitiator
    this.#isResponder = isResponder
    if (isInitiator) this.on('crypto-handshake', () => this.emit('pe4'))
    if (isResponder) this.on('crypto-infohash', hash => this.#onInfoHash(hash))
  }

  /** Step 1 goes out with `sendPe3`: only that names the torrent. */
  sendPe1 () {
    if (this.#isInitiator) nextTick(() => this.#emitOpen('pe2'))
  }

  /** The engine has answered step 1 by itself. */
  sendPe2 () {}

  sendPe3 (infoHash) {
    if (this.#isInitiator) this.startEncryption(infoHash)
  }

  sendPe4 (infoHash) {
    if (this.#isResponder) this.setInfoHash(infoHash)
  }

  /** The engine has agreed on the secret with the peer; what it lacks is the info hash. */
  setEncrypt (sharedSecret, infoHash) {
    this.sendPe3(infoHash)
    this.sendPe4(infoHash)
    return this.#isInitiator || this.#isResponder
  }

  #onInfoHash (hash) {
    try {
      this.#emitOpen('pe1')
    } finally {
      this.#emitOpen('pe3', hash)
    }
  }

  #emitOpen (event, ...args) {
    if (!this[kInbound].isClosed) this.emit(event, ...args)
  }
}

keepShape(WireV3, wire => wire.destroy())

module.exports = WireV3
