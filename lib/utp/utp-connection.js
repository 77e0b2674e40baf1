'use strict'

const { WINDOW } = require('../net/connection.js')
const Dial = require('../net/dial.js')
const { Socket } = require('../net/socket.js')
const { family } = require('../net/wire.js')
const { kConnection } = require('../net/symbols.js')

const { nextTick } = process

/** The codes of `utp-native`, by those of the system; their places are its numbers. */
const CODES = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']

/** Stands for the dial of one whose socket is not bound yet. */
const UNBOUND = { abort () {}, ref () {}, unref () {} }

/** A connection of uTP, with the shape of those of `utp-native`: see utp.d.ts. */
class UtpConnection extends Socket {
  /**
   * @param {import('./utp-socket.js')} utp
   * @param {{ address: string, port: number }=} target what it is to connect to
   */
  constructor (utp, target) {
    super({ allowHalfOpen: utp.allowHalfOpen })
    this.utp = utp
    this.target = target
    this.dial = UNBOUND
    this.connecting = true
    this.hasConnected = false
    this.hasClosed = false
  }

  /** The peer, or what is yet to be it. */
  get remote () {
    return this[kConnection]?.endpoints?.remote ?? this.target
  }

  get remoteAddress () {
    return this.remote?.address
  }

  get remotePort () {
    return this.remote?.port
  }

  get remoteFamily () {
    return family(this.remoteAddress)
  }

  /** Where its socket is bound; `null` once it is destroyed. */
  address () {
    return this.destroyed || this.hasClosed ? null : this.utp.address()
  }

  /** Connects over a socket that is bound. */
  dialOver (handle) {
    if (this.destroyed || handle === null) return
    const { address: host, port } = this.target
    const options = { host, port, utp: handle, family: this.utp.isIPv4 ? 4 : 0, window: WINDOW }
    this.dial = new Dial(options, (error, connection) => {
      this.dial = null
      if (error) {
        this.destroy(error)
        return
      }
      this.hasConnected = true
      this.onConnect(connection)
    })
    if (!this.isReferenced) this.dial.unref()
    nextTick(() => this.dial?.start())
  }

  accept (connection) {
    this.dial = null
    super.accept(connection)
  }

  onBytes (bytes) {
    // One that was accepted is connected, to `utp-native`, when the peer has spoken.
    if (!this.hasConnected) {
      this.hasConnected = true
      this.emit('connect')
    }
    super.onBytes(bytes)
  }

  _destroy (error, callback) {
    if (!this.hasClosed) return super._destroy(error && toUtpError(error), callback)
    callback(error)
  }

  /** As of `utp-native`, one that nobody has begun to read closes all the same; what came may be read after that. */
  onConnectionClose () {
    const isRead = this.readableFlowing !== null || this.listenerCount('readable') > 0
    if (isRead || this.destroyed || !this.hasUnread()) return super.onConnectionClose()
    this.hasClosed = true
    this.setTimeout(0)
    this.tellClose()
  }

  tellClose () {
    nextTick(() => {
      this.utp.remove(this)
      this.emit('close', this.hasError)
    })
  }

  //
  // HINTS OF `utp-native` FOR ITS OWN BUFFERS
  //

  setInteractive () {}

  setContentSize () {}

  setPacketSize () {}
}

/** An error as `utp-native` has it. */
function toUtpError (error) {
  const errno = CODES.indexOf(error.code)
  if (errno === -1) return error
  const code = `UTP_${error.code}`
  return Object.assign(new Error(code, { cause: error }), { code, errno })
}

module.exports = UtpConnection
