'use strict'

/**
 * One request for a block, ours or the peer's. It stays the same object as long as it is open. Where
 * it stands in its list is a hint: callers edit the lists.
 */
class Request {
  /** Names the request to the engine; -1 once it is closed. */
  #key
  /** Where it was put in its list. */
  #position = 0

  /**
   * @param {number} piece
   * @param {number} offset in the piece, in bytes
   * @param {number} length in bytes
   * @param {Function} callback
   * @param {number} key
   */
  constructor (piece, offset, length, callback, key) {
    this.piece = piece
    this.offset = offset
    this.length = length
    this.callback = callback
    this.#key = key
  }

  /** The key of an open request; -1 of any other object. */
  static keyOf (request) {
    return Request.#isOne(request) ? request.#key : -1
  }

  /** Closes a request: it has no key any more. */
  static close (request) {
    if (Request.#isOne(request)) request.#key = -1
  }

  /** Two requests for the same block change places. */
  static exchangeKeys (a, b) {
    [a.#key, b.#key] = [b.#key, a.#key]
  }

  /** Adds a request at the end of a list. */
  static addTo (list, request) {
    request.#position = list.length
    list.push(request)
  }

  /** Whether a list has the request. */
  static isIn (list, request) {
    return Request.#find(list, request) >= 0
  }

  /** Removes a request: the last of the list takes its place. Tells whether it was there. */
  static removeFrom (list, request) {
    const position = Request.#find(list, request)
    if (position < 0) return false
    const last = list.pop()
    if (position < list.length) {
      list[position] = last
      if (Request.#isOne(last)) last.#position = position
    }
    return true
  }

  static #find (list, request) {
    if (Request.#isOne(request) && list[request.#position] === request) return request.#position
    return list.indexOf(request)
  }

  /** Callers put objects of their own into the lists. */
  static #isOne (request) {
    return typeof request === 'object' && request !== null && #key in request
  }
}

/** Keeps V8 from forgetting the class, and what it compiled for it, while no request is open. */
Request.kept = new Request(0, 0, 0, null, -1)

/**
 * Finds the first request for a block.
 * @param {Request[]} list
 * @returns {Request | undefined}
 */
function findBlock (list, piece, offset, length) {
  return list.find(request => isFor(request, piece, offset, length))
}

/** Whether a request is for a block. */
function isFor (request, piece, offset, length) {
  return request?.piece === piece && request.offset === offset && request.length === length
}

module.exports = { Request, findBlock, isFor }
