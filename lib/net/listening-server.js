'use strict'

const { EventEmitter } = require('node:events')
const Acceptor = require('./acceptor.js')
const { family } = require('./wire.js')

/** What both servers have: that of wires, and that with the shape of `net.Server`. */
class ListeningServer extends EventEmitter {
  constructor () {
    super()
    this.acceptor = new Acceptor(this)
  }

  get listening () {
    return this.acceptor.isListening
  }

  address () {
    const where = this.acceptor.address
    return where && { address: where.address, family: family(where.address), port: where.port }
  }

  ref () {
    this.acceptor.setReferenced(true)
    return this
  }

  unref () {
    this.acceptor.setReferenced(false)
    return this
  }

  /** Closes a connection that is one too many. */
  drop (connection) {
    const { remote, local } = connection.endpoints
    connection.destroy()
    this.emit('drop', {
      localAddress: local.address,
      localPort: local.port,
      localFamily: family(local.address),
      remoteAddress: remote.address,
      remotePort: remote.port,
      remoteFamily: family(remote.address)
    })
  }

  //
  // WHAT ITS ACCEPTOR TELLS
  //

  onListening () {
    this.emit('listening')
  }

  onError (error) {
    this.emit('error', error)
  }

  onAcceptError (error) {
    // Peers that take all descriptors are not to end a process that does not listen for it.
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}

module.exports = ListeningServer
