'use strict'

const native = require('../native/index.js')
const FastBudget = require('./fast-budget.js')
const { WireError, typeError, rangeError } = require('../errors.js')
const { kHandle } = require('../symbols.js')

/** What `allowFastFor` may be told: as BEP 6 has it, no more pieces than a peer keeps, any piece length. */
const NUMBERS = {
  pieces: { least: 1, most: 0x7fffffff },
  k: { value: 10, least: 1, most: 100 },
  // More than most torrents have.
  pieceLength: { value: 16 << 20, least: 1, most: 0x7fffffff }
}

/**
 * Allows the peer at an address its canonical set (BEP 6).
 * @param {import('../wire.js')} wire
 * @param {string} address
 * @param {{ pieces: number, k?: number, pieceLength?: number }} options
 * @returns {number[]} the set
 */
function allowFast (wire, address, options) {
  if (typeof address !== 'string') throw typeError(`address must be a string, not ${typeof address}`)
  if (native.compactAddress(address) === null) throw rangeError(`address must be one of IPv4 or IPv6, not ${address}`)
  const { pieces, k, pieceLength } = readNumbers(options)
  if (!wire.hasFast) throw new WireError('ERR_FAST_DISABLED', 'fast extension is disabled')
  const set = native.allowedFastSet(wire[kHandle], address, pieces, k)
  const budget = FastBudget.of(wire)
  for (const piece of set) {
    budget.add(piece, pieceLength)
    if (!wire.allowedFastSet.includes(piece)) wire.allowedFast(piece)
  }
  return set
}

function readNumbers (options) {
  if (options === null || typeof options !== 'object') throw typeError('options must be an object')
  const read = {}
  for (const [name, { value, least, most }] of Object.entries(NUMBERS)) {
    const given = options[name] ?? value
    if (typeof given !== 'number') throw typeError(`${name} must be a number, not ${typeof given}`)
    if (!(Number.isInteger(given) && given >= least && given <= most)) {
      throw rangeError(`${name} must be a whole number from ${least} to ${most}, not ${given}`)
    }
    read[name] = given
  }
  return read
}

module.exports = allowFast
