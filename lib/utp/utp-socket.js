'use strict'

const dns = require('node:dns')
const { EventEmitter } = require('node:events')
const { isIP } = require('node:net')

const native = require('../net/native.js')
const { Connection } = require('../net/connection.js')
const { socketError, textOf } = require('../net/errors.js')
const openAt = require('../net/open-at.js')
const { readPort } = require('../net/options.js')
const { family } = require('../net/wire.js')
const { typeError } = require('../errors.js')
const UtpConnection = require('./utp-connection.js')

const { nextTick } = process

/**
 * A UDP socket and its connections of uTP, with the shape of `utp-native`: it listens, connects, and
 * sends and receives packets of others on the same port. See utp.d.ts.
 */
class UtpSocket extends EventEmitter {
  /** @param {{ allowHalfOpen?: boolean }=} options */
  constructor (options) {
    super()
    this.allowHalfOpen = options?.allowHalfOpen !== false
    /** Those that have not closed. @type {UtpConnection[]} */
    this.connections = []
    /** With so many connections, others are not accepted; 0 for any number. */
    this.maxConnections = 0
    this.handle = null
    this.isBinding = false
    /** It could not be bound where it was to be. */
    this.hasFailed = false
    this.isClosing = false
    this.isClosed = false
    this.isReferenced = true
    this.isCounted = false
    this.isAccepting = false
    this.on('newListener', event => { if (event === 'message') this.setMessages(true) })
  }

  //
  // OPENING
  //

  /** `bind([port[, host]][, onListening])` */
  bind (port, host, onListening) {
    if (typeof port === 'function') return this.bind(0, undefined, port)
    if (typeof host === 'function') return this.bind(port, undefined, host)
    if (this.isClosing) return
    if (this.handle !== null || this.isBinding) {
      this.emit('error', new Error('Socket already bound'))
      return
    }
    const number = readPort(port ?? 0, 0)
    if (onListening) this.once('listening', onListening)
    if (!host || isIP(host)) return this.open(number, host || undefined)
    this.isBinding = true
    dns.lookup(host, (error, address) => {
      this.isBinding = false
      if (this.isClosing) return this.closeMaybe()
      if (error) this.emit('error', error)
      else this.open(number, address)
    })
  }

  /** `listen([port[, host]][, onListening])`: binds if it is not bound, and accepts connections. */
  listen (port, host, onListening) {
    this.firewall(false)
    if (this.handle === null && !this.isBinding) this.bind(port, host, onListening)
  }

  open (port, host) {
    const { handle, fault, address } = openAt(native.bindUtp, this, host, { port, ipv6Only: false })
    if (fault) {
      this.hasFailed = true
      nextTick(() => this.emit('error', bindError(fault, { address, port })))
      return
    }
    this.handle = handle
    this.count()
    native.setAccepting(handle, this.isAccepting)
    this.setMessages(this.listenerCount('message') > 0)
    nextTick(() => { if (this.handle !== null) this.emit('listening') })
  }

  /**
   * Connects.
   * @param {number} port
   * @param {string=} host this machine by default
   * @returns {UtpConnection}
   */
  connect (port, host = '127.0.0.1') {
    if (this.isClosing) throw Object.assign(new Error('Socket is closed'), { code: 'ERR_SOCKET_CLOSED' })
    const number = readPort(port, 1)
    if (this.handle === null && !this.isBinding) this.bind()
    const connection = new UtpConnection(this, { address: host || '127.0.0.1', port: number })
    this.add(connection)
    if (this.handle !== null) connection.dialOver(this.handle)
    else this.once('listening', () => connection.dialOver(this.handle)).once('error', error => connection.destroy(error))
    return connection
  }

  //
  // CONNECTIONS
  //

  /** Accepts no connections of others, or does again. */
  firewall (isClosed) {
    this.isAccepting = !isClosed
    this.updateAccepting()
  }

  updateAccepting () {
    if (this.handle === null) return
    const isFull = this.maxConnections > 0 && this.connections.length >= this.maxConnections
    native.setAccepting(this.handle, this.isAccepting && !isFull && !this.isClosing)
  }

  add (connection) {
    this.connections.push(connection)
    if (!this.isReferenced) connection.unref()
    this.updateAccepting()
  }

  /** It has closed. */
  remove (connection) {
    this.connections.splice(this.connections.indexOf(connection), 1)
    this.updateAccepting()
    this.closeMaybe()
  }

  onConnection (opened) {
    const isFull = this.maxConnections > 0 && this.connections.length >= this.maxConnections
    if (this.isClosing || isFull) {
      opened.destroy()
      return
    }
    const connection = new UtpConnection(this)
    this.add(connection)
    connection.accept(opened)
    this.emit('connection', connection)
  }

  //
  // PACKETS OF OTHERS
  //

  setMessages (areWanted) {
    if (this.handle !== null) native.wantMessages(this.handle, areWanted)
  }

  /**
   * Sends a packet that is none of uTP.
   * @param {Uint8Array} bytes `length` of them from `offset` on
   * @param {(error: Error | null) => void=} callback
   */
  send (bytes, offset, length, port, host, callback = () => {}) {
    if (!ArrayBuffer.isView(bytes)) throw typeError('the packet must be a view of bytes')
    if (!isIP(host)) {
      dns.lookup(host, { family: this.isIPv4 ? 4 : 0 }, (error, address) => {
        if (error) callback(error)
        else this.send(bytes, offset, length, port, address, callback)
      })
      return
    }
    if (this.isClosing) return nextTick(callback, new Error('Socket is closed'))
    if (this.handle === null && !this.isBinding) this.bind()
    if (this.handle === null) {
      this.once('listening', () => this.send(bytes, offset, length, port, host, callback))
      return
    }
    const packet = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(offset, offset + length)
    const fault = native.sendMessage(this.handle, packet, host, readPort(port, 1))
    nextTick(callback, fault === null ? null : socketError({ ...fault, syscall: 'send' }, { address: host, port }))
  }

  //
  // THE SOCKET ITSELF
  //

  /** @returns {{ address: string, family: string, port: number }} where it is bound */
  address () {
    if (this.handle === null || this.isClosing) throw new Error('Socket not bound')
    const { address, port } = native.addressOf(this.handle)
    return { address, family: family(address), port }
  }

  get isIPv4 () {
    return this.handle !== null && isIP(native.addressOf(this.handle).address) === 4
  }

  getRecvBufferSize () {
    return this.bufferSize('getRecvBufferSize', false, 0)
  }

  /** How many bytes the system keeps that have come. */
  setRecvBufferSize (bytes) {
    return this.bufferSize('setRecvBufferSize', false, bytes)
  }

  getSendBufferSize () {
    return this.bufferSize('getSendBufferSize', true, 0)
  }

  /** How many bytes the system keeps that are to go. */
  setSendBufferSize (bytes) {
    return this.bufferSize('setSendBufferSize', true, bytes)
  }

  bufferSize (what, isSending, bytes) {
    return this.mayAsk(what) ? native.systemBuffer(this.handle, isSending, bytes) : 0
  }

  /** For how many routers a packet lives. */
  setTTL (ttl) {
    if (this.mayAsk('setTTL')) native.setTtl(this.handle, ttl)
  }

  /** Whether there is a socket of the system's to ask. Who comes before its error is told hears it by that. */
  mayAsk (what) {
    if (this.isClosing) return false
    if (this.handle === null && !this.hasFailed) throw Object.assign(new Error(`${what} EBADF`), { code: 'EBADF', syscall: what })
    return this.handle !== null
  }

  ref () {
    this.setReferenced(true)
  }

  unref () {
    this.setReferenced(false)
  }

  setReferenced (isReferenced) {
    this.isReferenced = isReferenced
    this.count()
    for (const connection of this.connections) {
      if (isReferenced) connection.ref()
      else connection.unref()
    }
  }

  count () {
    const isCounted = this.isReferenced && this.handle !== null
    if (isCounted === this.isCounted) return
    this.isCounted = isCounted
    native.addReference(isCounted ? 1 : -1)
  }

  //
  // CLOSING
  //

  /** Accepts nobody any more; `close` comes when all connections have closed, and the port is free. */
  close (callback) {
    if (this.isClosed) {
      if (callback) nextTick(() => callback.call(this))
      return
    }
    if (callback) this.once('close', callback)
    if (this.isClosing) return
    this.isClosing = true
    this.updateAccepting()
    this.closeMaybe()
  }

  closeMaybe () {
    if (!this.isClosing || this.isClosed || this.isBinding || this.connections.length > 0) return
    if (this.handle !== null) return native.destroy(this.handle)
    this.isClosed = true
    nextTick(() => this.emit('close'))
  }

  //
  // WHAT THE TRANSPORT TELLS
  //

  onNews (events) {
    if ((events & native.FAILED) !== 0) {
      const fault = native.takeFault(this.handle)
      if (fault !== null) this.emit('error', socketError(fault))
    }
    if ((events & native.ACCEPTED) !== 0) while (this.acceptNext());
    if ((events & native.BYTES) !== 0) while (this.takeNext());
    if ((events & native.CLOSED) !== 0) this.onClose()
  }

  acceptNext () {
    if (this.handle === null) return false
    const connection = new Connection(null)
    connection.owner = new Accepting(this, connection)
    return connection.accept(this.handle)
  }

  takeNext () {
    const message = this.handle === null ? null : native.takeMessage(this.handle)
    if (message === null) return false
    const { bytes, from: { address, port } } = message
    this.emit('message', bytes, { address, family: family(address), port })
    return true
  }

  onClose () {
    if (this.handle === null) return
    native.release(this.handle)
    this.handle = null
    this.count()
    this.isClosing = true
    this.isClosed = true
    this.emit('close')
  }
}

/** The owner of a connection that was accepted, until it is open. */
class Accepting {
  constructor (socket, connection) {
    this.socket = socket
    this.connection = connection
  }

  onOpen () {
    this.socket.onConnection(this.connection)
  }

  onBytes () {}
  onDrain () {}
  onEnd () {}
  onError () {}
  onClose () {}
}

/** As utp-native words it. */
function bindError (fault, where) {
  const error = socketError(fault, where)
  error.message = textOf(error.code) ?? error.message
  return error
}

module.exports = UtpSocket
