'use strict'

const { NEGOTIATING_WINDOW, WINDOW } = require('./connection.js')
const Dial = require('./dial.js')
const { NetWire } = require('./wire.js')
const {
  readEncryption, readFunction, readHost, readInfoHash, readObject, readPeerId, readPort
} = require('./options.js')
const { typeError } = require('../errors.js')

/**
 * Connects to a peer: see net.d.ts.
 * @param {import('../../net.js').ConnectOptions} options
 * @returns {NetWire} that is connecting
 */
function connect (options) {
  const read = readConnectOptions(options)
  const { level, requireEncryption } = read.encryption
  const wire = new NetWire('tcpOutgoing', level, { ...options, requireEncryption })
  const dial = new Dial({ ...read, window: level > 0 ? NEGOTIATING_WINDOW : WINDOW }, (error, connection) => {
    if (error) return wire.onConnectionError(error)
    wire.attach(connection, () => {
      if (level > 0) wire.startEncryption(read.infoHash)
      if (read.peerId !== null) wire.handshake(read.infoHash, read.peerId, read.extensions)
    })
  })
  wire.once('end', () => dial.abort())
  dial.start()
  return wire
}

function readConnectOptions (options) {
  readObject(options)
  const { family, localAddress, localPort, extensions } = options
  const read = {
    host: readHost(options.host, 'localhost'),
    port: readPort(options.port, 1),
    family,
    localAddress,
    localPort: localPort === undefined ? undefined : readPort(localPort, 0),
    lookup: readFunction(options.lookup, 'lookup'),
    encryption: readEncryption(options.encryption),
    infoHash: readInfoHash(options.infoHash),
    peerId: readPeerId(options.peerId),
    extensions
  }
  if (read.infoHash === null && (read.encryption.level > 0 || read.peerId !== null)) {
    throw typeError('infoHash is missing: encryption and the handshake need it')
  }
  return read
}

module.exports = connect
