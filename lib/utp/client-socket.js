'use strict'

const native = require('../net/native.js')
const { socketError } = require('../net/errors.js')

/** The socket of this thread for connections that name no local address. @type {ClientSocket | null} */
let shared = null

/** A socket of uTP that wires connect over; it closes when the last of them has given it back. */
class ClientSocket {
  /** @param {{ localAddress?: string, localPort?: number }} options */
  constructor ({ localAddress, localPort = 0 }) {
    /** Who connects, or is connected, over it. */
    this.users = new Set()
    const open = address => native.bindUtp(this, { address, port: localPort, ipv6Only: false })
    let { handle, fault } = open(localAddress ?? '::')
    // There may be no IPv6 here.
    if (fault && localAddress === undefined && fault.code !== 'EADDRINUSE') ({ handle, fault } = open('0.0.0.0'))
    this.handle = handle
    this.error = fault && socketError(fault, { address: localAddress ?? '::', port: localPort })
  }

  onNews (events) {
    if ((events & native.CLOSED) !== 0) this.close()
  }

  close () {
    if (shared === this) shared = null
    if (this.handle !== null) native.release(this.handle)
    this.handle = null
  }

  /** `user` needs it no more. */
  release (user) {
    if (this.users.delete(user) && this.users.size === 0) this.close()
  }
}

/**
 * A socket to connect over, to be released when the connection has ended.
 * @param {{ localAddress?: string, localPort?: number }} options
 * @param {object} user is given to `release` as well
 * @returns {ClientSocket} without a handle but with an error, where none could be opened
 */
function takeClientSocket (options, user) {
  const isOwn = options.localAddress !== undefined || options.localPort !== undefined
  const socket = isOwn ? new ClientSocket(options) : shared ??= new ClientSocket({})
  if (socket.handle === null && shared === socket) shared = null
  socket.users.add(user)
  return socket
}

module.exports = takeClientSocket
