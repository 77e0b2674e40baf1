'use strict'

const Opening = require('./opening.js')
const { kOpening } = require('./symbols.js')
const { NetWire } = require('./wire.js')
const {
  readDestination, readEncryption, readInfoHash, readObject, readPeerId, readSignal, readTimeout, readTransport
} = require('./options.js')
const { readRateLimit } = require('./rate-limit.js')
const { typeError } = require('../errors.js')

/** How long a connection, and the handshakes on it, may take, in milliseconds. */
const TIMEOUT = 20000

/**
 * Connects to a peer: see net.d.ts.
 * @param {import('../../net.js').ConnectOptions} options
 * @returns {NetWire} that is connecting
 */
function connect (options) {
  const read = readConnectOptions(options)
  const { level, requireEncryption } = read.encryption
  const wire = new NetWire(read.transport === 'tcp' ? 'tcpOutgoing' : 'utpOutgoing', level, { ...options, requireEncryption })
  if (read.peerId !== null) wire.holdUntilHandshake()
  wire[kOpening] = new Opening(wire, read)
  return wire
}

function readConnectOptions (options) {
  readObject(options)
  const read = {
    ...readDestination(options, 1),
    transport: readTransport(options.transport),
    encryption: readEncryption(options.encryption, 'none'),
    infoHash: readInfoHash(options.infoHash),
    peerId: readPeerId(options.peerId),
    extensions: options.extensions,
    connectTimeout: readTimeout(options.connectTimeout, 'connectTimeout', TIMEOUT),
    handshakeTimeout: readTimeout(options.handshakeTimeout, 'handshakeTimeout', TIMEOUT),
    signal: readSignal(options.signal),
    rateLimit: readRateLimit(options.rateLimit)
  }
  if (read.proxy !== undefined) {
    if (read.transport === 'utp') throw typeError('a proxy of SOCKS5 takes no uTP')
    read.transport = 'tcp'
  }
  if (read.infoHash === null && (read.encryption.level > 0 || read.peerId !== null)) {
    throw typeError('infoHash is missing: encryption and the handshake need it')
  }
  return read
}

module.exports = { connect, TIMEOUT }
