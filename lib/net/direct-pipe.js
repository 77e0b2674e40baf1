'use strict'

const native = require('../native/index.js')
const PeerStream = require('../stream/peer-stream.js')
const { kHandle, kInbound, kMoveCiphers, kOutbound, kSelf } = require('../symbols.js')
const { kConnection } = require('./symbols.js')

const { _write, pipe, push, write } = PeerStream.prototype

/**
 * A socket of ours piped to a wire of ours: what the peer sent goes to the wire without passing a
 * stream, and where the wire is piped back, the wire's ciphers move to the connection.
 */
class DirectPipe {
  /** Whether nobody can tell it from a pipe of Node.js. */
  static isPossible (socket, wire) {
    return wire instanceof PeerStream && wire[kSelf] === wire && wire._write === _write && wire.write === write &&
      wire.push === push && wire.pipe === pipe && wire.writableLength === 0 && wire.writableCorked === 0 &&
      socket.readableLength === 0 && socket.readableFlowing !== false && socket.readableEncoding === null &&
      socket.listenerCount('readable') === 0 && socket.listenerCount('data') === 0 && socket[kMoveCiphers] === undefined
  }

  /**
   * @param {import('./socket.js').Socket} socket
   * @param {import('../wire.js')} wire
   * @param {boolean} ends whether the wire ends with the socket
   */
  constructor (socket, wire, ends) {
    this.socket = socket
    this.wire = wire
    /** A chunk is at work. */
    this.isTaking = false
    this.onTaken = this.onTaken.bind(this)
    this.onEnd = () => { if (ends) wire.end() }
    this.onDone = () => socket.unpipe(wire)
    socket.once('end', this.onEnd)
    wire.once('finish', this.onDone)
    wire.once('close', this.onDone)
    wire[kMoveCiphers] = () => this.moveCiphers()
    wire.emit('pipe', socket)
  }

  /** @param {Buffer} bytes what the peer sent */
  take (bytes) {
    const { socket } = this
    this.isTaking = true
    try {
      this.wire[kInbound].take(bytes, this.onTaken)
    } finally {
      if (this.isTaking) socket[kConnection].pause()
      if (socket.listenerCount('data') > 0) socket.emit('data', bytes)
    }
  }

  onTaken () {
    this.isTaking = false
    if (this.socket.readableFlowing !== false) this.socket[kConnection].resume()
  }

  /**
   * The crypto handshake is over: the ciphers move to the connection if all that was sent before is
   * there already, and nothing comes in between.
   */
  moveCiphers () {
    const { socket, wire } = this
    const { pipes } = wire[kOutbound]
    if (pipes.length !== 1 || pipes[0].destination !== socket || socket[kConnection] === null) return
    wire[kOutbound].flush(true)
    if (socket.writableLength > 0 || socket.writableCorked > 0 || wire.readableLength > 0) return
    socket[kConnection].encrypt(native.takeCiphers(wire[kHandle]))
  }

  stop () {
    this.socket.removeListener('end', this.onEnd)
    this.wire.removeListener('finish', this.onDone)
    this.wire.removeListener('close', this.onDone)
    this.wire[kMoveCiphers] = undefined
    this.wire.emit('unpipe', this.socket, { hasUnpiped: true })
  }
}

module.exports = DirectPipe
