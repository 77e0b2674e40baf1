'use strict'

const Acceptor = require('./acceptor.js')
const ListeningServer = require('./listening-server.js')
const { NEGOTIATING_WINDOW, WINDOW } = require('./connection.js')
const { TIMEOUT } = require('./connect.js')
const { readRateLimit } = require('./rate-limit.js')
const { NetWire } = require('./wire.js')
const { closeFor } = require('../closing.js')
const { findInfoHash } = require('../encryption/info-hashes.js')
const { skeyHashHex } = require('../native/index.js')
const readWireOptions = require('../options.js')
const { WireError, typeError } = require('../errors.js')
const { kIsEnding } = require('../symbols.js')
const {
  readEncryption, readFunction, readHost, readObject, readPeerId, readPort, readSignal, readTimeout
} = require('./options.js')

const { nextTick } = process

/** How many ports are tried until one is free of TCP and of UDP. */
const MAX_TRIES = 10

function noop () {}

/** Accepts peers: see net.d.ts. */
class WireServer extends ListeningServer {
  /** @param {object} options as `listen` has read them */
  constructor (options) {
    super()
    this.options = options
    this.maxConnections = options.maxConnections
    /** @type {Set<NetWire>} */
    this.wires = new Set()
    this.isClosing = false
    /** On the same port. @type {Acceptor | null} */
    this.utpAcceptor = options.utp ? new Acceptor(this.forUtp(), true) : null
    this.tries = 0
    this.onAbort = () => this.close()
  }

  start () {
    const { host, port, backlog, ipv6Only, signal } = this.options
    if (signal?.aborted) return this.close()
    signal?.addEventListener('abort', this.onAbort, { once: true })
    this.acceptor.listen(host, port, backlog, ipv6Only)
    return this
  }

  /** What the acceptor of uTP tells goes here, but for what concerns its port. */
  forUtp () {
    const server = this
    return {
      get window () { return server.window },
      onListening: () => this.emit('listening'),
      onError: error => this.onUtpError(error),
      onAcceptError: error => this.onAcceptError(error),
      onConnection: (connection, isUtp) => this.onConnection(connection, isUtp),
      onClosed: () => this.maybeClosed()
    }
  }

  /** The port that was free of TCP may not be free of UDP. */
  onUtpError (error) {
    const { port, host } = this.options
    if (this.isClosing) return
    if (error.code === 'EADDRINUSE' && port === 0 && ++this.tries < MAX_TRIES) {
      const address = host === undefined ? undefined : this.acceptor.address.address
      this.acceptor.close()
      this.acceptor.listen(address, 0, this.options.backlog, this.options.ipv6Only)
      return
    }
    if (!this.utpAcceptor.isListening) this.close()
    this.emit('error', error)
  }

  close (callback) {
    if (callback !== undefined) this.once('close', callback)
    if (this.isClosing) return this
    this.isClosing = true
    this.options.signal?.removeEventListener('abort', this.onAbort)
    this.acceptor.close()
    this.utpAcceptor?.close()
    this.maybeClosed()
    return this
  }

  ref () {
    this.utpAcceptor?.setReferenced(true)
    return super.ref()
  }

  unref () {
    this.utpAcceptor?.setReferenced(false)
    return super.unref()
  }

  //
  // WHAT ITS ACCEPTOR TELLS
  //

  get window () {
    return this.options.encryption.level > 0 ? NEGOTIATING_WINDOW : WINDOW
  }

  get rateLimit () {
    return this.options.rateLimit
  }

  onListening () {
    if (this.utpAcceptor === null) return super.onListening()
    const { address, port } = this.acceptor.address
    this.utpAcceptor.listen(address, port, undefined, this.options.ipv6Only)
  }

  onConnection (connection, isUtp) {
    if (this.wires.size >= this.maxConnections) return this.drop(connection)
    const { encryption: { level }, peerId, wire: options } = this.options
    const wire = new NetWire(isUtp ? 'utpIncoming' : 'tcpIncoming', level, options)
    this.wires.add(wire)
    wire.once('close', () => {
      this.wires.delete(wire)
      this.maybeClosed()
    })
    this.watch(wire)
    if (peerId !== null) wire.holdUntilHandshake()
    wire.once('handshake', infoHash => this.onHandshake(wire, infoHash))
    wire.attach(connection, noop)
    this.emit('wire', wire)
  }

  /** Closes a wire whose peer does not say within a while what it wants. */
  watch (wire) {
    const { handshakeTimeout } = this.options
    if (handshakeTimeout === 0) return
    const timer = setTimeout(() => {
      closeFor(wire, new WireError('ERR_HANDSHAKE_TIMEOUT', `no handshake within ${handshakeTimeout} ms`))
    }, handshakeTimeout).unref()
    wire.once('handshake', () => clearTimeout(timer))
    wire.once('end', () => clearTimeout(timer))
  }

  onHandshake (wire, infoHash) {
    let isServed
    try {
      isServed = this.serves(infoHash, wire)
    } catch (error) {
      return refuse(wire, infoHash, error)
    }
    if (typeof isServed?.then !== 'function') return this.answer(wire, infoHash, isServed)
    // Not from within the promise: what a listener throws is an exception, and no rejection.
    isServed.then(result => nextTick(() => this.answer(wire, infoHash, result)),
      error => nextTick(() => refuse(wire, infoHash, error)))
  }

  serves (infoHash, wire) {
    const { onInfoHash, infoHashes } = this.options
    if (onInfoHash !== undefined) return onInfoHash(infoHash, wire)
    if (infoHashes === undefined) return true
    const found = findInfoHash(infoHashes, skeyHashHex(Buffer.from(infoHash, 'hex')))
    return typeof found?.then === 'function' ? found : found !== undefined
  }

  answer (wire, infoHash, isServed) {
    if (wire[kIsEnding]) return
    if (!isServed) return refuse(wire, infoHash)
    const { peerId, extensions } = this.options
    if (peerId !== null) wire.handshake(infoHash, peerId, extensions)
  }

  maybeClosed () {
    const isPortTaken = this.utpAcceptor !== null && this.utpAcceptor.isClosing
    if (!this.isClosing || this.wires.size > 0 || isPortTaken || this.isClosed) return
    this.isClosed = true
    nextTick(() => this.emit('close'))
  }
}

function refuse (wire, infoHash, cause) {
  // Listeners of the handshake that come later may speak: to a peer that has not got ours.
  wire.mute()
  closeFor(wire, new WireError('ERR_UNKNOWN_INFO_HASH', `the peer wants ${infoHash}, which is not served`, cause && { cause }))
}

/**
 * Listens for peers: see net.d.ts.
 * @param {import('../../net.js').ListenOptions} options
 * @param {((wire: NetWire) => void)=} onWire
 * @returns {WireServer}
 */
function listen (options, onWire) {
  readFunction(onWire, 'onWire')
  const server = new WireServer(readListenOptions(options))
  if (onWire) server.on('wire', onWire)
  return server.start()
}

function readListenOptions (options) {
  readObject(options)
  const { infoHashes, extensions, backlog, ipv6Only = false, maxConnections = Infinity } = options
  if (typeof maxConnections !== 'number' || !(maxConnections >= 0)) {
    throw typeError('maxConnections must be a number that is not negative')
  }
  const encryption = readEncryption(options.encryption, 'allow')
  // Checks the others as well.
  const wire = { ...options, requireEncryption: encryption.requireEncryption }
  readWireOptions(wire)
  return {
    host: readHost(options.host, undefined),
    port: readPort(options.port ?? 0, 0),
    backlog: backlog === undefined ? undefined : readTimeout(backlog, 'backlog'),
    ipv6Only: Boolean(ipv6Only),
    utp: Boolean(options.utp),
    maxConnections,
    encryption,
    infoHashes,
    onInfoHash: readFunction(options.onInfoHash, 'onInfoHash'),
    peerId: readPeerId(options.peerId),
    extensions,
    handshakeTimeout: readTimeout(options.handshakeTimeout, 'handshakeTimeout', TIMEOUT),
    signal: readSignal(options.signal),
    rateLimit: readRateLimit(options.rateLimit),
    wire
  }
}

module.exports = { listen, WireServer }
