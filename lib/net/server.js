'use strict'

const { EventEmitter } = require('node:events')
const native = require('./native.js')
const { Connection, NEGOTIATING_WINDOW, WINDOW } = require('./connection.js')
const { NetWire, family } = require('./wire.js')
const { socketError } = require('./errors.js')
const { readEncryption, readFunction, readHost, readObject, readPeerId, readPort } = require('./options.js')

const { nextTick } = process

function noop () {}

/** As many as `net` of Node.js lets the system keep. */
const BACKLOG = 511

/** Accepts peers: see net.d.ts. */
class WireServer extends EventEmitter {
  /**
   * @param {import('../../net.js').ListenOptions} options
   * @param {((wire: NetWire) => void)=} onWire listens to `wire`
   */
  constructor (options, onWire) {
    super()
    this.options = options
    this.encryption = readEncryption(options.encryption)
    this.peerId = readPeerId(options.peerId)
    this.handle = null
    this.listening = false
    /** @type {Set<NetWire>} */
    this.wires = new Set()
    this.isClosing = false
    this.isReferenced = true
    if (onWire !== undefined) this.on('wire', onWire)
  }

  start (host, port) {
    const { backlog = BACKLOG, ipv6Only = false } = this.options
    let address = host ?? '::'
    let { handle, fault } = native.listen(this, { address, port, backlog, ipv6Only })
    // There may be no IPv6 here.
    if (fault && host === undefined && fault.code !== 'EADDRINUSE' && fault.code !== 'EACCES') {
      address = '0.0.0.0'
      ;({ handle, fault } = native.listen(this, { address, port, backlog, ipv6Only }))
    }
    if (fault) {
      const error = socketError(fault, { address, port })
      nextTick(() => this.emit('error', error))
      return this
    }
    this.handle = handle
    this.listening = true
    if (this.isReferenced) native.addReference(1)
    nextTick(() => { if (this.handle !== null) this.emit('listening') })
    return this
  }

  onNews (events) {
    if ((events & native.FAILED) !== 0) {
      const fault = native.takeFault(this.handle)
      if (fault !== null) this.emit('error', socketError(fault))
    }
    if ((events & native.ACCEPTED) !== 0) while (this.acceptNext());
    if ((events & native.CLOSED) !== 0) this.onListenerClosed()
  }

  acceptNext () {
    if (this.handle === null) return false
    const connection = new Connection(null)
    connection.owner = new Accepting(this, connection)
    return connection.accept(this.handle, this.encryption.level > 0 ? NEGOTIATING_WINDOW : WINDOW)
  }

  /** @returns {{ address: string, port: number, family: string } | null} where it listens */
  address () {
    if (this.handle === null) return null
    const { address, port } = native.addressOf(this.handle)
    return { address, family: family(address), port }
  }

  /** Accepts nobody any more; `close` comes when all wires have closed. */
  close (callback) {
    if (callback !== undefined) this.once('close', callback)
    if (this.isClosing) return this
    this.isClosing = true
    if (this.handle !== null) {
      native.destroy(this.handle)
      this.onListenerClosed()
    } else {
      this.maybeClosed()
    }
    return this
  }

  ref () {
    return this.setReferenced(true)
  }

  unref () {
    return this.setReferenced(false)
  }

  setReferenced (isReferenced) {
    if (this.isReferenced !== isReferenced && this.handle !== null) native.addReference(isReferenced ? 1 : -1)
    this.isReferenced = isReferenced
    return this
  }

  onListenerClosed () {
    if (this.handle === null) return
    native.release(this.handle)
    this.handle = null
    this.listening = false
    this.isClosing = true
    if (this.isReferenced) native.addReference(-1)
    this.maybeClosed()
  }

  onConnection (connection) {
    const { level, requireEncryption } = this.encryption
    const wire = new NetWire('tcpIncoming', level, { ...this.options, requireEncryption })
    this.wires.add(wire)
    wire.once('close', () => {
      this.wires.delete(wire)
      this.maybeClosed()
    })
    if (this.peerId !== null) {
      wire.once('handshake', infoHash => wire.handshake(infoHash, this.peerId, this.options.extensions))
    }
    wire.attach(connection, noop)
    this.emit('wire', wire)
  }

  maybeClosed () {
    if (this.isClosing && this.handle === null && this.wires.size === 0) nextTick(() => this.emit('close'))
  }
}

/** The owner of a connection that was accepted, until its task says that it is open. */
class Accepting {
  constructor (server, connection) {
    this.server = server
    this.connection = connection
  }

  onOpen () {
    this.server.onConnection(this.connection)
  }

  onBytes () {}
  onDrain () {}
  onEnd () {}
  onError () {}
  onClose () {}
}

/**
 * Listens for peers: see net.d.ts.
 * @param {import('../../net.js').ListenOptions} options
 * @param {((wire: NetWire) => void)=} onWire
 * @returns {WireServer}
 */
function listen (options, onWire) {
  readObject(options)
  const port = readPort(options.port ?? 0, 0)
  const host = readHost(options.host, undefined)
  return new WireServer(options, readFunction(onWire, 'onWire')).start(host, port)
}

module.exports = { listen, WireServer }
