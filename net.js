'use strict'

const { connect } = require('./lib/net/connect.js')
const { RateLimit } = require('./lib/net/rate-limit.js')
const { listen, WireServer } = require('./lib/net/server.js')
const { Socket } = require('./lib/net/socket.js')
const Server = require('./lib/net/socket-server.js')

/** As of `net`. */
function createServer (options, onConnection) {
  return new Server(options, onConnection)
}

/** As `connect` of `net`. */
function createConnection (...args) {
  return new Socket(typeof args[0] === 'object' && args[0] !== null ? args[0] : {}).connect(...args)
}

module.exports = { RateLimit, connect, listen, WireServer, Socket, Server, createServer, createConnection }
