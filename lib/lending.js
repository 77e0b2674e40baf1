'use strict'

/**
 * Payloads are views of memory that later payloads need too, and their receiver may transfer that
 * memory away, to a worker for example. Nothing tells of a transfer; but whoever makes one first
 * asks a payload for its `buffer`, and then those who still need the memory take a copy.
 */

const bufferOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer').get

/** Those who need memory of their own choice. @type {{ secure (memory: ArrayBuffer): void }[]} */
const lenders = []

class Given {
  constructor (object) {
    return object
  }
}

/** Notes on a piece of memory who needs it for as long as it lives: half the cost of a WeakMap. */
class Owned extends Given {
  #owner

  constructor (memory, owner) {
    super(memory)
    this.#owner = owner
  }

  static ownerOf (memory) {
    return #owner in memory ? memory.#owner : null
  }
}

/**
 * Has `owner` be told when `memory` is about to be shown.
 * @param {ArrayBuffer} memory new, and nobody's yet
 * @param {{ secure (memory: ArrayBuffer): void }} owner
 */
function own (memory, owner) {
  return new Owned(memory, owner)
}

const LENT = {
  configurable: true,
  enumerable: false,
  get () {
    const memory = bufferOf.call(this)
    for (const lender of lenders) lender.secure(memory)
    Owned.ownerOf(memory)?.secure(memory)
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

module.exports = { bufferOf, lend, lenders, own }
