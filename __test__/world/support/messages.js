'use strict'

/** The bytes of what a peer sends, written out by hand: the tests' own encoder. */

function u32 (...numbers) {
  const buffer = Buffer.alloc(4 * numbers.length)
  numbers.forEach((number, i) => buffer.writeUInt32BE(number, 4 * i))
  return buffer
}

/** <length><id><payload> */
function message (id, ...payload) {
  const body = Buffer.concat(payload)
  return Buffer.concat([u32(1 + body.length), Buffer.from([id]), body])
}

/** BEP 3 handshake with the reserved bits of BEP 5, 6 and 10. */
function handshake (infoHash, peerId, { dht = false, fast = false, extended = false, v2 = false } = {}) {
  const reserved = Buffer.alloc(8)
  if (extended) reserved[5] |= 0x10
  if (fast) reserved[7] |= 0x04
  if (dht) reserved[7] |= 0x01
  if (v2) reserved[7] |= 0x10
  return Buffer.concat([
    Buffer.from('\x13BitTorrent protocol'), reserved,
    Buffer.from(infoHash, 'hex'), Buffer.from(peerId, 'hex')
  ])
}

/** Numbers, strings, buffers, arrays and plain objects; keys sorted as BEP 3 asks. */
function bencode (value) {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') value = Buffer.from(value)
  if (ArrayBuffer.isView(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  }
  const entries = Object.keys(value).sort().flatMap(key => [bencode(key), bencode(value[key])])
  return Buffer.concat([Buffer.from('d'), ...entries, Buffer.from('e')])
}

/** What a message of BEP 52 names, as bytes. */
function hashRange ({ piecesRoot = Buffer.alloc(32, 0xab), baseLayer = 0, index = 0, length = 2, proofLayers = 0 }) {
  return Buffer.concat([piecesRoot, u32(baseLayer, index, length, proofLayers)])
}

module.exports = {
  bencode,
  handshake,
  message,
  keepAlive: () => u32(0),
  choke: () => message(0x00),
  unchoke: () => message(0x01),
  interested: () => message(0x02),
  uninterested: () => message(0x03),
  have: index => message(0x04, u32(index)),
  bitfield: bytes => message(0x05, bytes),
  request: (index, offset, length) => message(0x06, u32(index, offset, length)),
  piece: (index, offset, block) => message(0x07, u32(index, offset), block),
  cancel: (index, offset, length) => message(0x08, u32(index, offset, length)),
  port: number => message(0x09, Buffer.from([number >> 8, number & 0xff])),
  suggest: index => message(0x0d, u32(index)),
  haveAll: () => message(0x0e),
  haveNone: () => message(0x0f),
  reject: (index, offset, length) => message(0x10, u32(index, offset, length)),
  allowedFast: index => message(0x11, u32(index)),
  extended: (id, payload) => message(0x14, Buffer.from([id]), payload),
  hashRequest: range => message(0x15, hashRange(range)),
  hashes: (range, hashes) => message(0x16, hashRange(range), hashes),
  hashReject: range => message(0x17, hashRange(range))
}
