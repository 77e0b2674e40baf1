'use strict'

const { once } = require('node:events')
const net = require('node:net')

const Wire = require('../..')
const { peerId } = require('../../examples/demo/peer-id')

/**
 * Wires of ours that speak to libtorrent, one a connection: those that we connect to, and those that
 * connect to us.
 */
class Peer {
  /**
   * @param {import('../workspace').Workspace} workspace
   * @param {object} options
   * @param {string} options.infoHash
   * @param {boolean=} options.v2 announce BEP 52
   * @param {Function[]=} options.extensions that each wire uses
   * @param {object=} options.extendedHandshake what it says besides
   * @param {(wire: Wire) => void=} options.onWire before the handshake
   */
  constructor (workspace, { infoHash, v2 = false, extensions = [], extendedHandshake = {}, onWire = () => {} }) {
    Object.assign(this, { workspace, infoHash, v2, extensions, extendedHandshake, onWire })
    /** Why wires were closed. @type {string[]} */
    this.complaints = []
    this.sockets = new Set()
    workspace.defer(() => {
      for (const socket of this.sockets) socket.destroy()
      this.server?.close()
    })
  }

  /** Takes connections. @returns {Promise<number>} the port */
  async listen () {
    this.server = net.createServer({ noDelay: true }, socket => this.#greet(socket, new Wire('tcpIncoming')))
    this.server.listen(0, this.workspace.address)
    await once(this.server, 'listening')
    return this.server.address().port
  }

  /** Connects. @returns {Promise<Wire>} which has the peer's handshake, and its extended one */
  async connect (port) {
    const socket = net.connect({ host: this.workspace.address, port, noDelay: true })
    const wire = new Wire('tcpOutgoing')
    const isGreeted = extendedHandshakeOf(wire)
    this.#greet(socket, wire)
    await Promise.race([isGreeted, once(wire, 'close').then(() => { throw new Error('libtorrent hung up') })])
    return wire
  }

  #greet (socket, wire) {
    this.sockets.add(socket)
    socket.on('error', () => {}) // the wire closes with it
    wire.on('violation', error => this.complaints.push(`a violation: ${error.message}`))
    for (const extension of this.extensions) wire.use(extension)
    Object.assign(wire.extendedHandshake, this.extendedHandshake)
    this.onWire(wire)
    const shake = () => wire.handshake(this.infoHash, peerId(), { fast: true, ...(this.v2 && { v2: true }) })
    if (wire.type === 'tcpOutgoing') shake()
    else wire.once('handshake', shake)
    socket.pipe(wire).pipe(socket)
  }
}

/** Resolves with the extended handshake of the peer. */
function extendedHandshakeOf (wire) {
  return new Promise(resolve => wire.on('extended', (name, handshake) => {
    if (name === 'handshake') resolve(handshake)
  }))
}

module.exports = { Peer, extendedHandshakeOf }
