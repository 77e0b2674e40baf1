'use strict'

const native = require('./native.js')
const { nativeOf } = require('./rate-limit.js')
const { socketError } = require('./errors.js')
const { attempt } = require('../surface.js')

/** How much one buffer of what was read has at most, in bytes. */
const RECORD_LENGTH = 128 * 1024

/** How many bytes may be read and not taken; a peer that negotiates sends little. */
const WINDOW = 1 << 20
const NEGOTIATING_WINDOW = 64 * 1024

/**
 * What a connection tells of: one method for each kind of news, in the order of a connection's life.
 * @typedef {object} Owner
 * @property {() => void} onOpen
 * @property {(bytes: Buffer) => void} onBytes
 * @property {() => void} onDrain more may be written
 * @property {() => void} onEnd the peer sends nothing more
 * @property {(error: Error) => void} onError `onClose` follows
 * @property {() => void} onClose the last
 */

/** A connection of the transport. */
class Connection {
  /** @param {Owner} owner */
  constructor (owner) {
    this.owner = owner
    /** @type {object | null} */
    this.handle = null
    /** What it connects to, for errors. @type {{ address: string, port: number } | undefined} */
    this.where = undefined
    /** What it asks a proxy for, if it does. @type {{ host: string, port: number } | undefined} */
    this.proxied = undefined
    this.isOpen = false
    /** @type {object | null} */
    this.knownEndpoints = null
    this.isPaused = false
    /** Nothing of the peer's is wanted any more. */
    this.isFinished = false
    /** The peer has ended, and that was not told yet; likewise the connection. */
    this.hasEnded = false
    this.hasClosed = false
    /** @type {import('./rate-limit.js').RateLimit | null} */
    this.rateLimit = null
    /** It keeps the process alive. */
    this.isReferenced = true
    this.isCounted = false
  }

  /**
   * Begins to connect.
   * @param {{ address: string, port: number, localAddress?: string, localPort?: number, window?: number,
   *   rateLimit?: import('./rate-limit.js').RateLimit | null,
   *   proxied?: { host: string, port: number, username?: string, password?: string } }} options the address is a
   *   proxy's where something is `proxied`
   */
  connect (options) {
    this.where = { address: options.address, port: options.port }
    this.proxied = options.proxied
    this.rateLimit = options.rateLimit ?? null
    this.begin(native.connect(this, { window: WINDOW, ...options, limit: nativeOf(this.rateLimit) }))
    return this
  }

  /** Takes the next connection of a listener; tells whether there was one. */
  accept (listener, window = WINDOW, rateLimit = null) {
    this.rateLimit = rateLimit
    const handle = native.accept(listener, this, window, nativeOf(rateLimit))
    if (handle !== null) this.begin(handle)
    return handle !== null
  }

  begin (handle) {
    this.handle = handle
    this.count()
  }

  /** @returns {{ remote: { address: string, port: number }, local: { address: string, port: number } } | null} */
  get endpoints () {
    if (this.knownEndpoints === null && this.handle !== null) {
      this.knownEndpoints = native.endpoints(this.handle)
      const { proxied } = this
      if (this.knownEndpoints !== null && proxied) this.knownEndpoints.remote = { address: proxied.host, port: proxied.port }
    }
    return this.knownEndpoints
  }

  //
  // NEWS
  //

  onNews (events, available) {
    if ((events & native.OPENED) !== 0) {
      this.isOpen = true
      this.tell('onOpen')
    }
    if ((events & native.DRAINED) !== 0) this.tell('onDrain')
    if ((events & native.ENDED) !== 0) this.hasEnded = true
    if (available > 0) this.read(available)
    else if (this.hasEnded) this.tellEnd()
    if ((events & native.FAILED) !== 0) this.fail()
    if ((events & native.CLOSED) !== 0) this.close()
  }

  /** News come once: what a listener throws is the application's to see, and keeps none of them back. */
  tell (news, argument) {
    attempt(() => this.owner[news](argument))
  }

  /** Gives what is there to the owner, until it pauses. */
  read (available) {
    for (let left = available; left > 0 && !this.isPaused && !this.isFinished;) {
      const bytes = native.take(this.handle, Math.min(left, RECORD_LENGTH))
      if (bytes.length === 0) return
      left -= bytes.length
      this.tell('onBytes', bytes)
      if (left === 0) this.tellEnd()
    }
  }

  /** All that the peer sent was taken. */
  tellEnd () {
    if (!this.hasEnded || this.isFinished) return
    this.hasEnded = false
    this.tell('onEnd')
    if (this.hasClosed) this.tellClose()
  }

  fail () {
    const fault = native.takeFault(this.handle)
    if (fault === null || this.isFinished) return
    this.isFinished = true
    this.tell('onError', socketError(fault, this.whereOf(fault.syscall)))
  }

  /** What an error of the opening is about. */
  whereOf (syscall) {
    if (syscall === 'proxy') return { address: this.proxied.host, port: this.proxied.port }
    return syscall === 'connect' || syscall === 'bind' ? this.where : undefined
  }

  close () {
    this.hasClosed = true
    // The owner has still to take what came before.
    if (this.hasEnded && !this.isFinished) return
    this.tellClose()
  }

  tellClose () {
    if (this.handle === null) return
    this.isReferenced = false
    this.count()
    // A caller may still ask.
    this.knownEndpoints = this.endpoints
    native.release(this.handle)
    this.handle = null
    this.tell('onClose')
  }

  //
  // CALLS
  //

  /** Adds a copy of bytes to what is to be written. */
  write (bytes) {
    if (this.handle !== null) native.write(this.handle, bytes)
  }

  /** Has it leave: see `native.flush`. */
  flush (writer) {
    if (this.handle !== null) native.flush(this.handle, writer)
  }

  pause () {
    if (this.isPaused) return
    this.isPaused = true
    if (this.handle !== null) native.pause(this.handle)
  }

  resume () {
    if (!this.isPaused) return
    this.isPaused = false
    if (this.handle !== null) native.resume(this.handle)
  }

  /** Ends our side behind what was written. */
  end () {
    if (this.handle !== null) native.end(this.handle)
  }

  /** Likewise; what the peer still sends is dropped. */
  finish () {
    if (!this.isOpen || this.handle === null) return this.destroy()
    this.isFinished = true
    native.finish(this.handle)
    if (this.hasClosed) this.tellClose()
  }

  /** Closes at once. */
  destroy () {
    this.isFinished = true
    if (this.handle === null) return
    native.destroy(this.handle)
    if (this.hasClosed) this.tellClose()
  }

  /** Likewise; the peer sees a reset. */
  reset () {
    if (this.handle !== null) native.reset(this.handle)
    this.destroy()
  }

  /** Runs the ciphers of a wire where the bytes are; without any, only ends the negotiation. */
  encrypt (ciphers) {
    if (this.handle === null) return
    if (ciphers === null) native.setWindow(this.handle, WINDOW)
    else native.encrypt(this.handle, ciphers, WINDOW)
  }

  /** Reads and writes no faster than a limit lets it, from now on. */
  setRateLimit (rateLimit) {
    if (rateLimit === this.rateLimit) return
    this.rateLimit = rateLimit
    if (this.handle !== null) native.setRateLimit(this.handle, nativeOf(rateLimit))
  }

  setNoDelay (isSet) {
    if (this.handle !== null) native.setNoDelay(this.handle, isSet)
  }

  setKeepAlive (seconds) {
    if (this.handle !== null) native.setKeepAlive(this.handle, seconds)
  }

  ref () {
    this.isReferenced = !this.hasClosed
    this.count()
  }

  unref () {
    this.isReferenced = false
    this.count()
  }

  count () {
    const isCounted = this.isReferenced && this.handle !== null
    if (isCounted === this.isCounted) return
    this.isCounted = isCounted
    native.addReference(isCounted ? 1 : -1)
  }
}

module.exports = { Connection, NEGOTIATING_WINDOW, WINDOW }
