'use strict'

const { Duplex } = require('node:stream')

const { WINDOW } = require('./connection.js')
const Dial = require('./dial.js')
const DirectPipe = require('./direct-pipe.js')
const { family } = require('./wire.js')
const { abortError } = require('./errors.js')
const { readDestination, readSignal, readTimeout } = require('./options.js')
const { readRateLimit } = require('./rate-limit.js')
const { typeError } = require('../errors.js')

const { kConnection, kDirect } = require('./symbols.js')

const { nextTick } = process

/** A socket with the shape of `net.Socket`, over the native transport: see net.d.ts. */
class Socket extends Duplex {
  /** @param {import('../../net.js').SocketOptions=} options */
  constructor (options = {}) {
    const { allowHalfOpen = false, readableHighWaterMark, writableHighWaterMark, highWaterMark, signal } = options
    super({ allowHalfOpen, readableHighWaterMark, writableHighWaterMark, highWaterMark, emitClose: false, decodeStrings: true })
    /** @type {import('./connection.js').Connection | null} */
    this[kConnection] = null
    /** What it is piped to without a detour. @type {DirectPipe | null} */
    this[kDirect] = null
    /** @type {Dial | null} */
    this.dial = null
    this.connecting = false
    this.bytesRead = 0
    this.bytesAccepted = 0
    this.timeout = undefined
    this.timer = null
    this.isReferenced = true
    this.limit = readRateLimit(options.rateLimit)
    this.noDelay = undefined
    this.keepAliveSeconds = undefined
    /** What waits for the connection, or for it to drain. @type {(() => void) | null} */
    this.pendingWrite = null
    this.hasError = false
    /** The peer sends nothing more; it may not have been read. */
    this.hasEnded = false
    if (signal !== undefined) this.listenTo(readSignal(signal))
  }

  //
  // OPENING
  //

  /** `connect(options[, listener])` or `connect(port[, host][, listener])`, as of `net.Socket`. */
  connect (...args) {
    const [options, listener] = normalize(args)
    if (this.dial !== null || this[kConnection] !== null) throw Object.assign(new Error('the socket connects already, or did'), { code: 'ERR_SOCKET_CONNECTED' })
    if (options.rateLimit !== undefined) this.rateLimit = options.rateLimit
    const read = {
      ...readDestination(options, 0),
      window: WINDOW,
      rateLimit: this.limit,
      onLookup: (...found) => this.emit('lookup', ...found)
    }
    if (listener) this.once('connect', listener)
    if (options.timeout !== undefined) this.setTimeout(options.timeout)
    if (options.noDelay) this.setNoDelay(true)
    if (options.keepAlive) this.setKeepAlive(true, options.keepAliveInitialDelay)
    if (options.signal !== undefined) this.listenTo(readSignal(options.signal))
    this.connecting = true
    this.dial = new Dial(read, (error, connection) => {
      this.dial = null
      if (error) this.destroy(error)
      else this.onConnect(connection)
    })
    if (!this.isReferenced) this.dial.unref()
    nextTick(() => this.dial?.start())
    return this
  }

  onConnect (connection) {
    this.accept(connection)
    try {
      this.emit('connect')
      this.emit('ready')
    } finally {
      this.goOn()
    }
  }

  /** Takes a connection that is open. */
  accept (connection) {
    this[kConnection] = connection
    connection.owner = new SocketOwner(this)
    this.connecting = false
    if (!this.isReferenced) connection.unref()
    connection.setRateLimit(this.limit)
    if (this.noDelay === false) connection.setNoDelay(false)
    if (this.keepAliveSeconds !== undefined) connection.setKeepAlive(this.keepAliveSeconds)
    if (this.readableFlowing === false) connection.pause()
    this.refreshTimeout()
  }

  listenTo (signal) {
    const onAbort = () => this.destroy(abortError(signal))
    if (signal.aborted) return nextTick(onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    this.once('close', () => signal.removeEventListener('abort', onAbort))
  }

  //
  // READING
  //

  _read () {
    this[kConnection]?.resume()
  }

  pipe (destination, options) {
    if (!DirectPipe.isPossible(this, destination)) return super.pipe(destination, options)
    this[kDirect] = new DirectPipe(this, destination, options?.end !== false)
    return destination
  }

  unpipe (destination) {
    if (this[kDirect] !== null && (destination === undefined || destination === this[kDirect].wire)) {
      this[kDirect].stop()
      this[kDirect] = null
    }
    return super.unpipe(destination)
  }

  pause () {
    if (this[kDirect] !== null) this[kConnection]?.pause()
    return super.pause()
  }

  resume () {
    if (this[kDirect] !== null && !this[kDirect].isTaking) this[kConnection]?.resume()
    return super.resume()
  }

  onBytes (bytes) {
    this.bytesRead += bytes.length
    this.refreshTimeout()
    if (this[kDirect] !== null) this[kDirect].take(bytes)
    else if (!this.push(bytes)) this[kConnection].pause()
  }

  onEnd () {
    this.hasEnded = true
    this.push(null)
    if (this[kDirect] !== null) super.resume()
    else this.read(0)
  }

  //
  // WRITING
  //

  _write (chunk, encoding, callback) {
    this._writev([{ chunk }], callback)
  }

  _writev (chunks, callback) {
    if (this[kConnection] === null) {
      this.pendingWrite = () => this._writev(chunks, callback)
      return
    }
    for (const { chunk } of chunks) {
      this[kConnection].write(chunk)
      this.bytesAccepted += chunk.length
    }
    this.refreshTimeout()
    let mustWait = false
    this[kConnection].flush({ onFlushed: (queued, isFull) => { mustWait = isFull } })
    if (mustWait) this.pendingWrite = callback
    else callback()
  }

  _final (callback) {
    if (this[kConnection] === null) {
      if (this.dial === null) return callback()
      this.pendingWrite = () => this._final(callback)
      return
    }
    this[kConnection].end()
    callback()
  }

  /** The connection is there, or has drained. */
  goOn () {
    const { pendingWrite } = this
    this.pendingWrite = null
    pendingWrite?.()
  }

  //
  // CLOSING
  //

  _destroy (error, callback) {
    this.connecting = false
    this.hasError = Boolean(error)
    this.dial?.abort()
    this.dial = null
    this.setTimeout(0)
    this.pendingWrite = null
    const connection = this[kConnection]
    // An error is told of first.
    callback(error)
    if (connection === null || connection.handle === null) this.tellClose()
    // What was written has still to leave.
    else if (!error && this.writableFinished) connection.finish()
    else connection.destroy()
  }

  onConnectionClose () {
    if (this.destroyed) this.tellClose()
    else if (!this.hasUnread()) this.destroy()
  }

  tellClose () {
    nextTick(() => this.emit('close', this.hasError))
  }

  /** Both sides have ended, but the reader has not come to that: the stream destroys itself when it has. */
  hasUnread () {
    return this.hasEnded && !this.readableEnded && this.writableFinished
  }

  /** Closes after what was written has left. */
  destroySoon () {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  /** Closes at once; the peer sees a reset. */
  resetAndDestroy () {
    this[kConnection]?.reset()
    return this.destroy()
  }

  //
  // WHAT ELSE A SOCKET HAS
  //

  get pending () {
    return this[kConnection] === null
  }

  get readyState () {
    if (this.connecting) return 'opening'
    if (this[kConnection] === null || this.destroyed) return 'closed'
    if (this.readable && this.writable) return 'open'
    return this.readable ? 'readOnly' : this.writable ? 'writeOnly' : 'closed'
  }

  get bytesWritten () {
    return this.bytesAccepted + this.writableLength
  }

  get bufferSize () {
    return this.writableLength
  }

  get remoteAddress () {
    return this[kConnection]?.endpoints?.remote.address
  }

  get remotePort () {
    return this[kConnection]?.endpoints?.remote.port
  }

  get remoteFamily () {
    return family(this.remoteAddress)
  }

  get localAddress () {
    return this[kConnection]?.endpoints?.local.address
  }

  get localPort () {
    return this[kConnection]?.endpoints?.local.port
  }

  get localFamily () {
    return family(this.localAddress)
  }

  address () {
    const { localAddress: address, localFamily, localPort: port } = this
    return address === undefined ? {} : { address, family: localFamily, port }
  }

  setTimeout (ms, listener) {
    clearTimeout(this.timer)
    this.timeout = readTimeout(ms, 'timeout')
    this.timer = this.timeout === 0 ? null : setTimeout(() => this.emit('timeout'), this.timeout).unref()
    if (listener) {
      if (this.timeout === 0) this.removeListener('timeout', listener)
      else this.once('timeout', listener)
    }
    return this
  }

  refreshTimeout () {
    this.timer?.refresh()
  }

  /** As of a wire. */
  get rateLimit () {
    return this.limit
  }

  set rateLimit (rateLimit) {
    this.limit = readRateLimit(rateLimit)
    this[kConnection]?.setRateLimit(this.limit)
  }

  setNoDelay (isSet = true) {
    this.noDelay = Boolean(isSet)
    this[kConnection]?.setNoDelay(this.noDelay)
    return this
  }

  setKeepAlive (isSet = false, initialDelay = 0) {
    // The system's own time where the caller names none.
    this.keepAliveSeconds = isSet ? Math.trunc(initialDelay / 1000) || 7200 : 0
    this[kConnection]?.setKeepAlive(this.keepAliveSeconds)
    return this
  }

  ref () {
    this.isReferenced = true
    this.dial?.ref()
    this[kConnection]?.ref()
    return this
  }

  unref () {
    this.isReferenced = false
    this.dial?.unref()
    this[kConnection]?.unref()
    return this
  }
}

/** Hands on to a socket what its connection tells. */
class SocketOwner {
  constructor (socket) {
    this.socket = socket
  }

  onOpen () {}

  onBytes (bytes) {
    this.socket.onBytes(bytes)
  }

  onDrain () {
    this.socket.goOn()
  }

  onEnd () {
    this.socket.onEnd()
  }

  onError (error) {
    this.socket.destroy(error)
  }

  onClose () {
    this.socket.onConnectionClose()
  }
}

/** @returns {[object, Function | undefined]} the options and the listener that were given */
function normalize (args) {
  const listener = typeof args.at(-1) === 'function' ? args.at(-1) : undefined
  const [first, second] = args
  if (first !== null && typeof first === 'object') return [checkPath(first), listener]
  if (typeof first === 'string' && Number.isNaN(Number(first))) checkPath({ path: first })
  return [{ port: first, host: typeof second === 'string' ? second : undefined }, listener]
}

function checkPath (options) {
  if (options.path !== undefined) throw typeError('the native transport has no sockets of the file system: path cannot be given')
  return options
}

module.exports = { Socket, normalize }
