'use strict'

const dns = require('node:dns')
const { isIP } = require('node:net')

const native = require('./native.js')
const { Connection } = require('./connection.js')
const { socketError } = require('./errors.js')
const openAt = require('./open-at.js')

const { nextTick } = process

/** As many as `net` of Node.js lets the system keep that were not accepted. */
const BACKLOG = 511

/**
 * Listens at one address, and gives what it accepts to its owner.
 * @typedef {object} AcceptorOwner
 * @property {number} window of the connections
 * @property {(import('./rate-limit.js').RateLimit | null)=} rateLimit of the connections
 * @property {() => void} onListening
 * @property {(error: Error) => void} onError it could not listen
 * @property {(error: Error) => void} onAcceptError it could not accept one connection, and goes on
 * @property {(connection: Connection, isUtp: boolean) => void} onConnection it is open, and needs an
 *   owner at once
 * @property {() => void=} onClosed of uTP: the port is free
 */
class Acceptor {
  /**
   * @param {AcceptorOwner} owner
   * @param {boolean=} isUtp over uTP, and not TCP
   */
  constructor (owner, isUtp = false) {
    this.owner = owner
    this.isUtp = isUtp
    /** Of uTP: it waits for the ends of its connections, which share its port. */
    this.isClosing = false
    /** The name of its address is being looked up. */
    this.isLookingUp = false
    this.handle = null
    this.isReferenced = true
    this.isCounted = false
  }

  get isListening () {
    return this.handle !== null && !this.isClosing
  }

  /** @returns {{ address: string, port: number } | null} where it listens */
  get address () {
    return this.isListening ? native.addressOf(this.handle) : null
  }

  /**
   * @param {string | undefined} host a name or an address; all of this machine by default
   * @param {number} port 0 for any that is free
   * @param {number=} backlog
   * @param {boolean=} ipv6Only
   */
  listen (host, port, backlog = BACKLOG, ipv6Only = false) {
    if (host === undefined || isIP(host)) return this.listenAt(host, port, backlog, ipv6Only)
    this.isLookingUp = true
    dns.lookup(host, (error, address) => {
      if (!this.isLookingUp) return
      this.isLookingUp = false
      if (error) this.owner.onError(error)
      else this.listenAt(address, port, backlog, ipv6Only)
    })
  }

  listenAt (host, port, backlog, ipv6Only) {
    const open = this.isUtp ? native.bindUtp : native.listen
    const { handle, fault, address } = openAt(open, this, host, { port, backlog, ipv6Only })
    if (fault) {
      const error = socketError(fault, { address, port })
      nextTick(() => this.owner.onError(error))
      return
    }
    this.handle = handle
    if (this.isUtp) native.setAccepting(handle, true)
    this.count()
    nextTick(() => { if (this.handle === handle) this.owner.onListening() })
  }

  onNews (events) {
    if (this.isClosing) {
      if ((events & native.CLOSED) !== 0) this.onClosed()
      return
    }
    if ((events & native.FAILED) !== 0) {
      const fault = native.takeFault(this.handle)
      if (fault !== null) this.owner.onAcceptError(socketError(fault))
    }
    if ((events & native.ACCEPTED) !== 0) while (this.acceptNext());
  }

  acceptNext () {
    if (!this.isListening) return false
    const connection = new Connection(null)
    connection.owner = new Accepting(this, connection)
    return connection.accept(this.handle, this.owner.window, this.owner.rateLimit ?? null)
  }

  close () {
    this.isLookingUp = false
    if (!this.isListening) return
    if (this.isUtp) {
      this.isClosing = true
      native.destroy(this.handle)
    } else {
      native.release(this.handle)
      this.handle = null
    }
    this.count()
  }

  onClosed () {
    native.release(this.handle)
    this.handle = null
    this.isClosing = false
    this.owner.onClosed()
  }

  setReferenced (isReferenced) {
    this.isReferenced = isReferenced
    this.count()
  }

  count () {
    const isCounted = this.isReferenced && this.isListening
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
    if (!this.acceptor.isListening) this.connection.destroy()
    else this.acceptor.owner.onConnection(this.connection, this.acceptor.isUtp)
  }

  onBytes () {}
  onDrain () {}
  onEnd () {}
  onError () {}
  onClose () {}
}

module.exports = Acceptor
