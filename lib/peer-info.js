'use strict'

/** What extended handshakes (BEP 10) say of who sends them: the peer's, and ours. */

const { TextDecoder } = require('node:util')
const { addressText, compactAddress } = require('./native/index.js')
const { partsOf } = require('./parts.js')
const { kParts } = require('./symbols.js')

/** How many requests a peer takes that does not say: what BEP 10 names, libtorrent's default. */
const DEFAULT_REQUEST_WINDOW = 250

const MAX_CLIENT_LENGTH = 255
const MAX_REQQ = 1 << 20
/** Far more than any torrent has, in bytes. */
const MAX_METADATA_SIZE = 64 << 20
const MAX_SECONDS = 0x7fffffff

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// What moves a terminal's cursor is no name.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

function integer (least, most) {
  return value => Number.isInteger(value) && value >= least && value <= most ? value : undefined
}

function address (...lengths) {
  return value => Buffer.isBuffer(value) && lengths.includes(value.length) ? addressText(value) : undefined
}

function text (value) {
  if (!Buffer.isBuffer(value) || value.length > MAX_CLIENT_LENGTH) return undefined
  try {
    const read = utf8.decode(value)
    return CONTROL.test(read) ? undefined : read
  } catch {
    return undefined
  }
}

function flag (value) {
  return value === 0 || value === 1 ? value === 1 : undefined
}

/** The members of `peerInfo`: the key of each, and what reads it. */
const MEMBERS = {
  client: ['v', text],
  listenPort: ['p', integer(1, 65535)],
  externalAddress: ['yourip', address(4, 16)],
  ipv4: ['ipv4', address(4)],
  ipv6: ['ipv6', address(16)],
  reqq: ['reqq', integer(1, MAX_REQQ)],
  uploadOnly: ['upload_only', flag],
  metadataSize: ['metadata_size', integer(1, MAX_METADATA_SIZE)],
  completeAgo: ['complete_ago', integer(0, MAX_SECONDS)]
}

const { reqq: [, readReqq] } = MEMBERS

/**
 * What the peer's extended handshakes said of it, the latest word on each.
 * @param {import('./wire.js')} wire
 */
function peerInfo (wire) {
  const earlier = wire[kParts]?.earlierPeerInfo
  const handshake = wire.peerExtendedHandshake
  const info = {}
  for (const [name, [key, read]] of Object.entries(MEMBERS)) {
    info[name] = Object.hasOwn(handshake, key) ? read(handshake[key]) : earlier?.[name]
  }
  return info
}

/** Keeps what was said so far: another extended handshake is about to take its place. */
function keepPeerInfo (wire) {
  if (Object.keys(wire.peerExtendedHandshake).length > 0) partsOf(wire).earlierPeerInfo = peerInfo(wire)
}

/** How many requests the peer takes at a time. */
function requestWindow (wire) {
  const { reqq } = wire.peerExtendedHandshake
  const said = reqq === undefined ? wire[kParts]?.earlierPeerInfo?.reqq : readReqq(reqq)
  return said ?? DEFAULT_REQUEST_WINDOW
}

/**
 * What our extended handshake says by the options of the wire.
 * @param {import('./options.js').Options} options
 */
function announced ({ reqq, client, listenPort, peerAddress, uploadOnly }) {
  // Most wires say no more, and each key takes its time to bencode.
  const said = { reqq }
  if (client !== undefined) said.v = client
  if (listenPort !== undefined) said.p = listenPort
  if (peerAddress !== undefined) said.yourip = compactAddress(peerAddress)
  if (uploadOnly) said.upload_only = 1
  return said
}

module.exports = { announced, keepPeerInfo, peerInfo, requestWindow }
