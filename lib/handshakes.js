'use strict'

/** The handshake (BEP 3) and the extended handshake (BEP 10), as we send them. */

const { Buffer } = require('node:buffer')
const bencode = require('./bencode.js')
const native = require('./native/index.js')
const { announced } = require('./peer-info.js')
const Ready = require('./promises/ready.js')
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
  if (wire[kHandshakesSent] === 1 && wire.peerExtensions.extended) {
    const m = {}
    for (const id in wire.extendedMapping) m[wire.extendedMapping[id]] = Number(id)
    wire.extended(0, bencode.encode({ ...announced(wire[kOptions]), ...wire.extendedHandshake, m }))
    wire[kSelf][kHandshakesSent] = 2
  }
  Ready.check(wire)
}

module.exports = { sendHandshake, sendExtendedHandshake }
