'use strict'

/** The handshake (BEP 3) and the extended handshake (BEP 10), as we send them. */

const { Buffer } = require('node:buffer')
const bencode = require('./bencode.js')
const native = require('./native/index.js')
const { isDebugging } = require('./debug.js')
const { toBytes } = require('./arguments.js')
const { kHandle, kOptions, kSelf, kOutbound, kCrypto, kHandshakesSent } = require('./symbols.js')

function bytesOf (hash, name) {
  return typeof hash === 'string' ? Buffer.from(hash, 'hex') : toBytes(hash, name)
}

/** What `handshake` of a wire does. */
function sendHandshake (wire, infoHash, peerId, extensions) {
  const infoHashBytes = bytesOf(infoHash, 'infoHash')
  const peerIdBytes = bytesOf(peerId, 'peerId')
  if (infoHashBytes.length !== 20 || peerIdBytes.length !== 20) {
    throw new Error('infoHash and peerId MUST have length 20')
  }
  if (isDebugging()) {
    wire._debug('handshake i=%s p=%s exts=%o', infoHashBytes.toString('hex'), peerIdBytes.toString('hex'), extensions)
  }
  wire.extensions = {
    extended: true,
    dht: Boolean(extensions?.dht),
    fast: Boolean(extensions?.fast),
    ...(extensions?.v2 && { v2: true })
  }
  native.handshake(wire[kHandle], Buffer.concat([infoHashBytes, peerIdBytes]), wire.extensions)
  wire[kOutbound].schedule()
  if (native.is(wire[kHandle], native.NEGOTIATING)) wire[kCrypto].releaseLater()
  wire[kSelf][kHandshakesSent] ||= 1
  if (wire.hasFast) wire._debug('fast extension is enabled')
  sendExtendedHandshake(wire)
}

/** Sends our extended handshake, once, as soon as both handshakes are there and the peer speaks BEP 10. */
function sendExtendedHandshake (wire) {
  if (wire[kHandshakesSent] !== 1 || !wire.peerExtensions.extended) return
  const m = {}
  for (const id in wire.extendedMapping) m[wire.extendedMapping[id]] = Number(id)
  wire.extended(0, bencode.encode({ reqq: wire[kOptions].reqq, ...wire.extendedHandshake, m }))
  wire[kSelf][kHandshakesSent] = 2
}

module.exports = { sendHandshake, sendExtendedHandshake }
