'use strict'

const UtpSocket = require('./utp-socket.js')

/**
 * What `require('utp-native')` is: called with or without `new`, it makes a socket. See utp.d.ts.
 * @param {{ allowHalfOpen?: boolean }=} options
 */
function UTP (options) {
  return new UtpSocket(options)
}

UTP.prototype = UtpSocket.prototype
UTP.UTP = UTP

/** `createServer([options][, onConnection])`: a socket that is yet to listen. */
UTP.createServer = function createServer (options, onConnection) {
  if (typeof options === 'function') return createServer(undefined, options)
  const server = new UtpSocket(options)
  if (onConnection) server.on('connection', onConnection)
  return server
}

/** Connects from a socket of its own, which closes with the connection. */
UTP.connect = function connect (port, host, options) {
  const socket = new UtpSocket(options)
  return socket.connect(port, host).on('close', () => socket.close())
}

module.exports = UTP
