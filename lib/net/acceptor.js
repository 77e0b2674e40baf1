'use strict'

const native = require('./native.js')
const { Connection } = require('./connection.js')
const { socketError } = require('./errors.js')

const { nextTick } = process

/** As many as `net` of Node.js lets the system keep that were not accepted. */
const BACKLOG = 511

/**
 * Listens at one address, and gives what it accepts to its owner.
 * @typedef {object} AcceptorOwner
 * @property {number} window of the connections
 * @property {() => void} onListening
 * @property {(error: Error) => void} onError it could not listen, or not accept one connection
 * @property {(connection: Connection) => void} onConnection it is open, and needs an owner at once
 */
class Acceptor {
  /** @param {AcceptorOwner} owner */
  constructor (owner) {
    this.owner = owner
    this.handle = null
    this.isReferenced = true
    this.isCounted = false
  }

  get isListening () {
    return this.handle !== null
  }

  /** @returns {{ address: string, port: number } | null} where it listens */
  get address () {
    return this.handle === null ? null : native.addressOf(this.handle)
  }

  /**
   * @param {string | undefined} host an IP address; all of this machine by default
   * @param {number} port 0 for any that is free
   * @param {number=} backlog
   * @param {boolean=} ipv6Only
   */
  listen (host, port, backlog = BACKLOG, ipv6Only = false) {
    let address = host ?? '::'
    let { handle, fault } = native.listen(this, { address, port, backlog, ipv6Only })
    // There may be no IPv6 here.
    if (fault && host === undefined && fault.code !== 'EADDRINUSE' && fault.code !== 'EACCES') {
      address = '0.0.0.0'
      ;({ handle, fault } = native.listen(this, { address, port, backlog, ipv6Only: false }))
    }
    if (fault) {
      const error = socketError(fault, { address, port })
      nextTick(() => this.owner.onError(error))
      return
    }
    this.handle = handle
    this.count()
    nextTick(() => { if (this.handle === handle) this.owner.onListening() })
  }

  onNews (events) {
    if ((events & native.FAILED) !== 0) {
      const fault = native.takeFault(this.handle)
      if (fault !== null) this.owner.onError(socketError(fault))
    }
    if ((events & native.ACCEPTED) !== 0) while (this.acceptNext());
  }

  acceptNext () {
    if (this.handle === null) return false
    const connection = new Connection(null)
    connection.owner = new Accepting(this, connection)
    return connection.accept(this.handle, this.owner.window)
  }

  close () {
    if (this.handle === null) return
    native.release(this.handle)
    this.handle = null
    this.count()
  }

  setReferenced (isReferenced) {
    this.isReferenced = isReferenced
    this.count()
  }

  count () {
    const isCounted = this.isReferenced && this.handle !== null
    if (isCounted === this.isCounted) return
    this.isCounted = isCounted
    native.addReference(isCounted ? 1 : -1)
  }
}

/** The owner of a connection that was accepted, until its task says that it is open. */
class Accepting {
  constructor (acceptor, connection) {
    this.acceptor = acceptor
    this.connection = connection
  }

  onOpen () {
    if (this.acceptor.handle === null) this.connection.destroy()
    else this.acceptor.owner.onConnection(this.connection)
  }

  onBytes () {}
  onDrain () {}
  onEnd () {}
  onError () {}
  onClose () {}
}

module.exports = Acceptor
