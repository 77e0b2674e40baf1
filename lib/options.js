'use strict'

const { Buffer } = require('node:buffer')
const { compactAddress } = require('./native/index.js')
const { typeError, rangeError } = require('./errors.js')

/** How long the name of a client may be, in bytes. */
const MAX_CLIENT_LENGTH = 255

/** Every option with its default and its bounds. */
const NUMBERS = {
  maxMessageLength: { value: 1 << 20, least: 68, most: 0x7fffffff },
  maxPieces: { value: 2097152, least: 1, most: 0x7fffffff },
  maxPeerRequests: { value: 32768, least: 1, most: 1 << 20 },
  reqq: { value: 2000, least: 1, most: 1 << 20 },
  highWaterMark: { value: 384 << 10, least: 1, most: 0x3fffffff },
  cryptoTimeout: { value: 0, least: 0, most: 0x7fffffff }
}

const BOOLEANS = {
  requireEncryption: false,
  initialPayload: true,
  uploadOnly: false
}

/** Options without a default: what lets each through, and what it has to be. */
const OTHERS = {
  client: [value => typeof value === 'string', value => Buffer.byteLength(value) <= MAX_CLIENT_LENGTH,
    `a string of at most ${MAX_CLIENT_LENGTH} bytes`],
  listenPort: [value => typeof value === 'number', value => Number.isInteger(value) && value >= 1 && value <= 65535,
    'a whole number from 1 to 65535'],
  peerAddress: [value => typeof value === 'string', value => compactAddress(value) !== null,
    'an IPv4 or IPv6 address']
}

const DEFAULTS = Object.freeze({
  ...Object.fromEntries(Object.entries(NUMBERS).map(([name, { value }]) => [name, value])),
  ...BOOLEANS,
  ...Object.fromEntries(Object.keys(OTHERS).map(name => [name, undefined])),
  infoHashes: undefined
})

/**
 * Fills in the defaults.
 * @param {object=} options
 * @throws {TypeError | RangeError} for a value that cannot be meant
 */
function readOptions (options) {
  if (options == null) return DEFAULTS
  if (typeof options !== 'object') throw typeError(`options must be an object, not ${typeof options}`)
  const read = { ...DEFAULTS }
  for (const [name, { least, most }] of Object.entries(NUMBERS)) {
    const value = options[name]
    if (value === undefined) continue
    if (typeof value !== 'number') throw typeError(`${name} must be a number, not ${typeof value}`)
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw rangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
    }
    read[name] = value
  }
  for (const name of Object.keys(BOOLEANS)) {
    const value = options[name]
    if (value === undefined) continue
    if (typeof value !== 'boolean') throw typeError(`${name} must be a boolean, not ${typeof value}`)
    read[name] = value
  }
  for (const [name, [isOfType, isInBounds, what]] of Object.entries(OTHERS)) {
    const value = options[name]
    if (value === undefined) continue
    if (!isOfType(value)) throw typeError(`${name} must be ${what}`)
    if (!isInBounds(value)) throw rangeError(`${name} must be ${what}, not ${value}`)
    read[name] = value
  }
  // A peer is not told that more is taken than is.
  if (options.reqq === undefined) read.reqq = Math.min(read.reqq, read.maxPeerRequests)
  const { infoHashes } = options
  if (infoHashes != null) {
    if (typeof infoHashes === 'string' || (typeof infoHashes !== 'function' && typeof infoHashes[Symbol.iterator] !== 'function')) {
      throw typeError('infoHashes must be an iterable or a function')
    }
    read.infoHashes = infoHashes
  }
  return read
}

module.exports = readOptions
