'use strict'

const Inbound = require('../receiving/inbound.js')
const Wire = require('../wire.js')
const Link = require('./link.js')
const { kInbound, kIsEnding, kOutbound, kPushMore } = require('../symbols.js')
const { typeError } = require('../errors.js')

const kLink = Symbol('link')
const kEndpoints = Symbol('endpoints')
const kIsReferenced = Symbol('isReferenced')

/** Gives the ciphers away where the crypto handshake ends. */
class NetInbound extends Inbound {
  endNegotiation (received) {
    super.endNegotiation(received)
    this.wire[kLink].moveCiphers()
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
    this[kEndpoints] = null
    this[kIsReferenced] = true
    this[kOutbound].pipes = [this[kLink]]
    this.connecting = true
    // After its last bytes.
    this.once('end', () => {
      this.connecting = false
      this[kLink].connection?.finish()
    })
    this.resume()
  }

  get remoteAddress () {
    return this[kEndpoints]?.remote.address
  }

  get remotePort () {
    return this[kEndpoints]?.remote.port
  }

  get remoteFamily () {
    return family(this.remoteAddress)
  }

  get localAddress () {
    return this[kEndpoints]?.local.address
  }

  get localPort () {
    return this[kEndpoints]?.local.port
  }

  /** A process with nothing else to do waits for the connection. */
  ref () {
    this[kIsReferenced] = true
    this[kLink].connection?.ref()
    return this
  }

  /** It does not. */
  unref () {
    this[kIsReferenced] = false
    this[kLink].connection?.unref()
    return this
  }

  push (chunk) {
    if (chunk === null) return super.push(null)
    this[kLink].write(chunk)
    return true
  }

  [kPushMore] (chunk) {
    this[kLink].write(chunk)
    return true
  }

  pipe () {
    throw typeError('this wire has a connection of its own: it cannot be piped')
  }

  unpipe () {
    return this
  }

  //
  // WHAT ITS CONNECTION TELLS: see link.js
  //

  /**
   * Takes a connection that is open.
   * @param {import('./connection.js').Connection} connection
   * @param {() => void} begin sends what comes before all else
   */
  attach (connection, begin) {
    if (!this[kIsReferenced]) connection.unref()
    this.connecting = false
    this[kEndpoints] = connection.endpoints
    this[kLink].attach(connection)
    begin()
    this.emit('connect')
  }

  onConnectionError (error) {
    if (this[kIsEnding]) return
    this.closeReason = error
    try {
      if (this.listenerCount('error') > 0) this.emit('error', error)
    } finally {
      this.destroy()
    }
  }

  onDisconnect () {
    this.emit('disconnect')
  }
}

/** @returns {'IPv4' | 'IPv6' | undefined} */
function family (address) {
  return address && (address.includes(':') ? 'IPv6' : 'IPv4')
}

module.exports = { NetWire, family }
