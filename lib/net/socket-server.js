'use strict'

const ListeningServer = require('./listening-server.js')
const { WINDOW } = require('./connection.js')
const { Socket, normalize } = require('./socket.js')
const { readHost, readPort, readSignal } = require('./options.js')

const { nextTick } = process

/** A server with the shape of `net.Server`, over the native transport: see net.d.ts. */
class Server extends ListeningServer {
  /** `new Server([options][, connectionListener])` */
  constructor (options, onConnection) {
    super()
    if (typeof options === 'function') [options, onConnection] = [{}, options]
    this.options = options ?? {}
    this.maxConnections = undefined
    /** @type {Set<Socket>} */
    this.sockets = new Set()
    if (onConnection) this.on('connection', onConnection)
  }

  /** `listen([port[, host[, backlog]]][, listener])` or `listen(options[, listener])` */
  listen (...args) {
    const [options, listener] = normalize(args)
    if (this.listening || this.acceptor.isLookingUp) {
      throw Object.assign(new Error('Listen method has been called more than once without closing.'), { code: 'ERR_SERVER_ALREADY_LISTEN' })
    }
    const { ipv6Only, signal } = options
    const host = readHost(options.host, undefined)
    const port = readPort(typeof options.port === 'function' ? 0 : options.port ?? 0, 0)
    const backlog = options.backlog ?? args.slice(1).find(argument => typeof argument === 'number')
    if (listener) this.once('listening', listener)
    if (signal !== undefined) readSignal(signal).addEventListener('abort', () => this.close(), { once: true })
    this.acceptor.listen(host, port, backlog, ipv6Only)
    return this
  }

  getConnections (callback) {
    nextTick(callback, null, this.sockets.size)
    return this
  }

  close (callback) {
    const wasOpen = this.listening || this.acceptor.isLookingUp
    if (callback) {
      if (wasOpen) this.once('close', callback)
      else nextTick(callback, Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' }))
    }
    this.acceptor.close()
    if (wasOpen) this.maybeClosed()
    return this
  }

  //
  // WHAT ITS ACCEPTOR TELLS
  //

  get window () {
    return WINDOW
  }

  onConnection (connection) {
    if (this.sockets.size >= this.maxConnections) return this.drop(connection)
    const { pauseOnConnect, noDelay, keepAlive, keepAliveInitialDelay, allowHalfOpen, highWaterMark } = this.options
    const socket = new Socket({ allowHalfOpen, highWaterMark })
    socket.server = this
    this.sockets.add(socket)
    socket.once('close', () => {
      this.sockets.delete(socket)
      this.maybeClosed()
    })
    if (noDelay !== undefined) socket.setNoDelay(noDelay)
    if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay)
    if (pauseOnConnect) socket.pause()
    socket.accept(connection)
    this.emit('connection', socket)
  }

  maybeClosed () {
    if (this.listening || this.acceptor.isLookingUp || this.sockets.size > 0) return
    nextTick(() => { if (!this.listening) this.emit('close') })
  }
}

module.exports = Server
