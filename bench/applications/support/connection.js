'use strict'

const { PEER_ID } = require('../../support/bytes.js')

/**
 * Puts a wire on a socket and shakes hands on it.
 * @param {import('node:net').Socket} socket
 * @param {import('stream').Duplex} wire
 * @param {string} infoHash in hex
 * @param {{ dialed: boolean, secure?: number }} options who connected; 2: RC4 only, 0: no encryption
 */
function connect (socket, wire, infoHash, { dialed, secure = 0 }) {
  const handshake = () => wire.handshake(infoHash, PEER_ID.toString('hex'), { fast: true })
  socket.setNoDelay(true)
  socket.on('error', () => {}) // 'close' follows
  socket.pipe(wire).pipe(socket)
  if (!dialed) {
    wire.once('handshake', handshake)
  } else if (secure) {
    wire.once('crypto-handshake', handshake)
    wire.startEncryption(infoHash)
  } else {
    handshake()
  }
}

module.exports = { connect }
