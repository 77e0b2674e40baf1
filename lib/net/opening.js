'use strict'

const { NEGOTIATING_WINDOW, WINDOW } = require('./connection.js')
const Dial = require('./dial.js')
const { kOpening } = require('./symbols.js')
const { abortError, timeoutError } = require('./errors.js')
const { WireError } = require('../errors.js')
const { closeFor } = require('../closing.js')
const { kIsEnding } = require('../symbols.js')
const takeClientSocket = require('../utp/client-socket.js')

/** How long an answer over uTP is waited for before TCP has its turn, in milliseconds. */
const UTP_PATIENCE = 3000

/**
 * How a wire gets from `connect` to the peer's handshake: a connection, the crypto handshake, and
 * another connection in plaintext where the peer does not know it.
 */
class Opening {
  /**
   * @param {import('./wire.js').NetWire} wire
   * @param {object} options as `connect` has read them
   */
  constructor (wire, options) {
    this.wire = wire
    this.options = options
    this.isEncrypting = options.encryption.level > 0
    this.timer = null
    /** Over uTP, and over TCP if that fails and is asked for. */
    this.isUtp = options.transport !== 'tcp'
    this.socket = null
    /** @type {Dial | null} */
    this.dial = null
    this.isReferenced = true
    this.onAbort = this.onAbort.bind(this)
    wire.once('handshake', () => this.finish())
    this.hasGreeted = false
    this.isStopped = false
    // The caller has yet to listen.
    process.nextTick(() => this.begin())
  }

  begin () {
    const { signal } = this.options
    if (this.isStopped) return
    if (signal?.aborted) return this.onAbort()
    signal?.addEventListener('abort', this.onAbort, { once: true })
    this.start()
  }

  start () {
    this.deadline = performance.now() + this.options.connectTimeout
    this.dialNext()
  }

  /** Dials over uTP or TCP, as it is its turn. */
  dialNext () {
    const { wire, options } = this
    const window = this.isEncrypting ? NEGOTIATING_WINDOW : WINDOW
    const utp = this.isUtp ? this.takeSocket() : undefined
    if (utp === null) return this.onDialError(this.socket.error)
    this.dial = new Dial({ ...options, window, utp }, (error, connection) => {
      this.dial = null
      clearTimeout(this.timer)
      // It may have been destroyed by news of another connection that came with these.
      if (wire[kIsEnding]) return connection?.destroy()
      if (error) return this.onDialError(error)
      this.watch(options.handshakeTimeout, () => this.onHandshakeTimeout())
      wire.attach(connection, () => this.greet())
    })
    if (!this.isReferenced) this.dial.unref()
    const left = options.connectTimeout > 0 ? Math.max(1, this.deadline - performance.now()) : 0
    const isImpatient = this.isUtp && options.transport === 'any' && (left === 0 || left > UTP_PATIENCE)
    this.watch(isImpatient ? UTP_PATIENCE : left, () => {
      this.dial?.abort()
      const error = timeoutError({ address: options.host, port: options.port })
      if (isImpatient) this.onDialError(error)
      else wire.onConnectionError(error)
    })
    this.dial.start()
  }

  takeSocket () {
    if (this.socket === null) {
      const socket = this.socket = takeClientSocket(this.options, this.wire)
      this.wire.once('close', () => socket.release(this.wire))
    }
    return this.socket.handle
  }

  onDialError (error) {
    if (!this.isUtp || this.options.transport !== 'any') return this.wire.onConnectionError(error)
    this.isUtp = false
    this.wire.type = 'tcpOutgoing'
    this.socket.release(this.wire)
    this.dialNext()
  }

  /** Sends what comes first. */
  greet () {
    const { wire, options: { infoHash, peerId, extensions } } = this
    if (this.isEncrypting) wire.startEncryption(infoHash)
    if (peerId !== null && !this.hasGreeted) wire.handshake(infoHash, peerId, extensions)
    this.hasGreeted = true
  }

  /** Opens another connection, in plaintext, if the peer may only not know the crypto handshake. */
  retry () {
    if (!this.isEncrypting || !this.hasGreeted || !this.wire.fallBack()) return false
    this.isEncrypting = false
    clearTimeout(this.timer)
    this.start()
    return true
  }

  onHandshakeTimeout () {
    if (this.retry()) return
    closeFor(this.wire, new WireError('ERR_HANDSHAKE_TIMEOUT', `no handshake within ${this.options.handshakeTimeout} ms`))
  }

  onAbort () {
    this.isEncrypting = false
    this.wire.onConnectionError(abortError(this.options.signal))
  }

  watch (ms, onTimeout) {
    clearTimeout(this.timer)
    if (ms > 0) this.timer = setTimeout(onTimeout, ms).unref()
  }

  /** The peer's handshake is there. */
  finish () {
    clearTimeout(this.timer)
    this.isEncrypting = false
    if (this.options.signal === undefined) this.wire[kOpening] = null
  }

  /** The wire has ended. */
  stop () {
    this.isStopped = true
    clearTimeout(this.timer)
    this.dial?.abort()
    this.options.signal?.removeEventListener('abort', this.onAbort)
  }

  ref () {
    this.isReferenced = true
    this.dial?.ref()
  }

  unref () {
    this.isReferenced = false
    this.dial?.unref()
  }
}

module.exports = Opening
