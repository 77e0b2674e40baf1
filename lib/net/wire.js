'use strict'

const native = require('../native/index.js')
const Inbound = require('../receiving/inbound.js')
const Wire = require('../wire.js')
const keepShape = require('../v8/keep-shape.js')
const OwnRequests = require('../requests/own-requests.js')
const PeerRequests = require('../requests/peer-requests.js')
const { free } = require('../closing.js')
const Link = require('./link.js')
const { readRateLimit } = require('./rate-limit.js')
const { kCrypto, kHandle, kInbound, kIsEnding, kMoveCiphers, kOutbound, kSurvives } = require('../symbols.js')
const { kOpening } = require('./symbols.js')
const { typeError } = require('../errors.js')

const { nextTick } = process

const kLink = Symbol('link')
const kIsReferenced = Symbol('isReferenced')
const kWasConnected = Symbol('wasConnected')
const kIsMute = Symbol('isMute')
const kRateLimit = Symbol('rateLimit')

/** What comes from the peer, on one connection after the other. */
class NetInbound extends Inbound {
  /** Forgets what came on a connection that is given up. */
  restart () {
    this.chunk = this.queue = this.assembly = this.collected = null
    this.isPaused = false
  }
}

/**
 * A wire with a connection of its own: its bytes come and go without a stream. See net.d.ts for what
 * it has besides a `Wire`.
 */
class NetWire extends Wire {
  constructor (type, peEnabled, options) {
    super(type, peEnabled, options)
    this[kInbound] = new NetInbound(this)
    this[kLink] = new Link(this)
    this[kIsReferenced] = true
    this[kRateLimit] = options?.rateLimit ?? null
    this[kWasConnected] = false
    this[kIsMute] = false
    /** What opens the connection, and may open another one; `null` once the peer's handshake is there. @type {import('./opening.js') | null} */
    this[kOpening] = null
    this[kOutbound].pipes = [this[kLink]]
    if (this[kCrypto] !== null) this[kCrypto].isToCome = true
    this.connecting = true
    this.connectionError = null
    this.resume()
  }

  get remoteAddress () {
    return this[kLink].connection?.endpoints?.remote.address
  }

  get remotePort () {
    return this[kLink].connection?.endpoints?.remote.port
  }

  get remoteFamily () {
    return family(this.remoteAddress)
  }

  get localAddress () {
    return this[kLink].connection?.endpoints?.local.address
  }

  get localPort () {
    return this[kLink].connection?.endpoints?.local.port
  }

  get localFamily () {
    return family(this.localAddress)
  }

  get rateLimit () {
    return this[kRateLimit]
  }

  set rateLimit (rateLimit) {
    this[kRateLimit] = readRateLimit(rateLimit)
    this[kLink].connection?.setRateLimit(this[kRateLimit])
  }

  ref () {
    this[kIsReferenced] = true
    this[kOpening]?.ref()
    this[kLink].connection?.ref()
    return this
  }

  unref () {
    this[kIsReferenced] = false
    this[kOpening]?.unref()
    this[kLink].connection?.unref()
    return this
  }

  push (chunk) {
    if (chunk === null) return this.pushLast()
    if (!this[kIsMute]) this[kLink].write(chunk)
    return true
  }

  /** All that it has said is with the connection. */
  pushLast () {
    this.connecting = false
    this[kOpening]?.stop()
    const { connection } = this[kLink]
    if (connection !== null) connection.finish()
    // It was given up for another one, which is not there.
    else if (this[kWasConnected]) this.onDisconnect()
    return super.push(null)
  }

  /** Has whatever is said before our handshake wait for it: who made the wire sends that. */
  holdUntilHandshake () {
    native.holdUntilHandshake(this[kHandle])
  }

  /** Has nothing leave that is said from now on. */
  mute () {
    this[kOutbound].flush(true)
    this[kIsMute] = true
  }

  pipe () {
    throw typeError('this wire has a connection of its own: it cannot be piped')
  }

  unpipe () {
    return this
  }

  [kMoveCiphers] () {
    this[kLink].moveCiphers()
  }

  /** A fault of the peer's in the crypto handshake may only mean that it does not know it. */
  [kSurvives] (error) {
    return error.code.startsWith('ERR_MSE_') && this.retry()
  }

  //
  // ITS CONNECTION: see link.js
  //

  /**
   * Takes a connection that is open.
   * @param {import('./connection.js').Connection} connection
   * @param {() => void} begin sends what comes before all else
   */
  attach (connection, begin) {
    if (!this[kIsReferenced]) connection.unref()
    connection.setRateLimit(this[kRateLimit])
    this.connecting = false
    this[kLink].attach(connection)
    begin()
    if (this[kWasConnected]) return
    this[kWasConnected] = true
    this.emit('connect')
  }

  /** Whether another connection is being opened instead of the one that is lost. */
  retry () {
    return !this[kIsEnding] && this[kOpening] !== null && this[kOpening].retry()
  }

  /** Whether a crypto handshake is to come, or has begun and not ended. */
  get isNegotiating () {
    return this[kCrypto] !== null && !this[kCrypto].isDone
  }

  /** Gives the connection up, and makes ready for another one in plaintext; tells whether it may. */
  fallBack () {
    if (!this.isNegotiating || !native.fallBack(this[kHandle])) return false
    this[kCrypto].close()
    this[kCrypto] = null
    this[kInbound].restart()
    this[kLink].detach()
    this.connecting = true
    return true
  }

  onConnectionError (error) {
    if (this[kIsEnding] || this.retry()) return
    this.connectionError = error
    try {
      if (this.listenerCount('error') > 0) this.emit('error', error)
    } finally {
      this.destroy()
    }
  }

  onConnectionEnd () {
    if (!this.retry()) this.end()
  }

  onDisconnect () {
    if (!this[kIsEnding]) this.destroy()
    const tell = () => nextTick(() => this.emit('disconnect'))
    // Where the connection is lost it is gone before the wire is closed.
    if (this.closed) tell()
    else this.once('close', tell)
  }
}

/** @returns {'IPv4' | 'IPv6' | undefined} */
function family (address) {
  return address && (address.includes(':') ? 'IPv6' : 'IPv4')
}

keepShape(NetWire, wire => {
  OwnRequests.of(wire).stop()
  PeerRequests.of(wire).clear()
  free(wire[kHandle])
}, 'tcpOutgoing')

module.exports = { NetWire, family }
