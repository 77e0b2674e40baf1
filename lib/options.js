'use strict'

const { typeError, rangeError } = require('./errors.js')

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
  initialPayload: true
}

const DEFAULTS = Object.freeze({
  ...Object.fromEntries(Object.entries(NUMBERS).map(([name, { value }]) => [name, value])),
  ...BOOLEANS,
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
