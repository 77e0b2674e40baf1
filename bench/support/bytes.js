'use strict'

/**
 * The bytes of the peer wire, prepared before a clock runs: the benches measure the wire that reads
 * them, never their making.
 */

const BLOCK_LENGTH = 16384
const INFO_HASH = Buffer.from('0123456789abcdef0123456789abcdef01234567', 'hex')
const PEER_ID = Buffer.from('-BN0001-0123456789ab')
const PROTOCOL = Buffer.from('\x13BitTorrent protocol')

/**
 * A block of pseudo-random bytes, the same for the same seed (xorshift32).
 * @param {number} length bytes
 * @param {number} seed any integer but 0
 * @returns {Buffer}
 */
function block (length, seed) {
  const bytes = Buffer.allocUnsafeSlow(length)
  let x = seed | 0
  for (let i = 0; i < length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    bytes[i] = x
  }
  return bytes
}

/**
 * A handshake (BEP 3), with BEP 5, 6 and 10 switched on or nothing.
 * @param {{ extensions?: boolean }} [options]
 * @returns {Buffer} 68 bytes
 */
function handshake ({ extensions = false } = {}) {
  const reserved = Buffer.alloc(8)
  if (extensions) {
    reserved[5] = 0x10
    reserved[7] = 0x05
  }
  return Buffer.concat([PROTOCOL, reserved, INFO_HASH, PEER_ID])
}

/**
 * Any message: length prefix, id, numbers, payload.
 * @param {number} id
 * @param {number[]} numbers 32-bit fields
 * @param {Uint8Array} [payload]
 * @returns {Buffer}
 */
function message (id, numbers, payload) {
  const head = 5 + 4 * numbers.length
  const bytes = Buffer.alloc(head + (payload ? payload.length : 0))
  bytes.writeUInt32BE(bytes.length - 4, 0)
  bytes[4] = id
  numbers.forEach((number, i) => bytes.writeUInt32BE(number, 5 + 4 * i))
  if (payload) bytes.set(payload, head)
  return bytes
}

const unchoke = () => message(1, [])
const have = index => message(4, [index])
const request = (index, offset, length) => message(6, [index, offset, length])
const piece = (index, offset, bytes) => message(7, [index, offset], bytes)

/**
 * Cuts a byte stream as a socket would hand it over: every chunk with an ArrayBuffer of its own.
 * @param {Uint8Array[]} messages in order
 * @param {number} size bytes a chunk; the last one is shorter
 * @returns {Buffer[]}
 */
function cut (messages, size) {
  const stream = Buffer.concat(messages)
  const chunks = []
  for (let at = 0; at < stream.length; at += size) {
    const part = stream.subarray(at, at + size)
    const chunk = Buffer.allocUnsafeSlow(part.length)
    chunk.set(part)
    chunks.push(chunk)
  }
  return chunks
}

/**
 * Throws if `received` is not `expected`: by its length and three of its bytes, or all of them.
 * @param {Uint8Array} received
 * @param {Uint8Array} expected
 * @param {boolean} thorough
 */
function check (received, expected, thorough) {
  const last = expected.length - 1
  const middle = last >> 1
  const same = received.length === expected.length && (thorough
    ? expected.equals(received)
    : received[0] === expected[0] && received[middle] === expected[middle] && received[last] === expected[last])
  if (!same) throw new Error('a payload is not what was sent')
}

module.exports = { BLOCK_LENGTH, INFO_HASH, PEER_ID, block, check, cut, handshake, have, message, piece, request, unchoke }
