'use strict'

/**
 * Payloads are views of memory that later payloads need too, and their receiver may transfer that
 * memory away, to a worker for example. Nothing tells of a transfer; but whoever makes one first
 * asks a payload for its `buffer`, and then those who still need the memory take a copy.
 */

const bufferOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer').get

/** Those who need memory of their own choice. @type {Set<{ secure (memory: ArrayBuffer): void }>} */
const lenders = new Set()

/** Those who need a piece of memory, for as long as it lives. */
const owners = new WeakMap()

const LENT = {
  configurable: true,
  enumerable: false,
  get () {
    const memory = bufferOf.call(this)
    for (const lender of lenders) lender.secure(memory)
    owners.get(memory)?.secure(memory)
    return memory
  }
}

/**
 * Makes a payload tell when its memory is about to be shown.
 * @param {Buffer} payload is changed: `buffer` becomes a property of its own
 * @returns {Buffer} the payload
 */
function lend (payload) {
  Object.defineProperty(payload, 'buffer', LENT)
  return payload
}

module.exports = { bufferOf, lend, lenders, owners }
