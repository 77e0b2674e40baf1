'use strict'

/**
 * One request for a block, ours or the peer's. It stays the same object as long as it is open.
 */
class Request {
  /** Keeps V8 from forgetting the class, and what it compiled for it, while no request is open. */
  static #kept = new Request(0, 0, 0, null)

  /** Names a request of the peer to the engine; -1 once it is answered. */
  #key = -1

  /**
   * @param {number} piece
   * @param {number} offset in the piece, in bytes
   * @param {number} length in bytes
   * @param {Function} callback
   */
  constructor (piece, offset, length, callback) {
    this.piece = piece
    this.offset = offset
    this.length = length
    this.callback = callback
  }

  static keyOf (request) {
    return request.#key
  }

  static setKey (request, key) {
    request.#key = key
  }
}

/**
 * Removes a request from a list as the engine does: the last one takes its place.
 * @param {Request[]} list
 * @param {number} position
 */
function removeAt (list, position) {
  const last = list.pop()
  if (position < list.length) list[position] = last
}

/**
 * Finds the first request for a block.
 * @param {Request[]} list
 * @returns {number} -1 if there is none
 */
function findBlock (list, piece, offset, length) {
  return list.findIndex(request => isFor(request, piece, offset, length))
}

/**
 * @param {Request | undefined} request
 */
function isFor (request, piece, offset, length) {
  return request !== undefined && request.piece === piece && request.offset === offset &&
    request.length === length
}

/**
 * What a list holds, for the engine.
 * @param {Request[]} list
 */
function toNumbers (list) {
  const numbers = new Uint32Array(list.length * 3)
  list.forEach((request, i) => numbers.set([request.piece, request.offset, request.length], i * 3))
  return numbers
}

module.exports = { Request, removeAt, findBlock, isFor, toNumbers }
