'use strict'

const { Request } = require('./request.js')

/**
 * The requests of one direction, by the engine's key. Callers have them as a list of their own to
 * edit, and what is there counts. A subclass has that list as `list`, and says by `forgetInEngine`
 * how the engine drops one.
 */
class KeyedRequests {
  constructor (wire) {
    this.wire = wire
    /** Open requests by the engine's key. @type {(Request | undefined)[]} */
    this.byKey = []
    /** How many of them there are. */
    this.known = 0
  }

  /** Adds a request that the engine has opened under a key. */
  enter (request, key) {
    this.byKey[key] = request
    this.known++
    Request.addTo(this.list, request)
  }

  /** Gives the request of a key that the engine does not use any more. */
  release (key) {
    const request = this.byKey[key] ?? null
    if (request === null) return null
    this.byKey[key] = undefined
    this.known--
    Request.close(request)
    return request
  }

  /** Has the engine drop a request, if it is one of these. */
  forgetKey (request) {
    const key = Request.keyOf(request)
    if (key < 0 || this.byKey[key] !== request) return
    this.release(key)
    this.forgetInEngine(key)
  }

  /**
   * Has the engine forget those that the caller took out of the list without a word.
   * @param {number} few how many may be missing before they are looked for
   */
  forgetMissing (few = 0) {
    if (this.known > this.list.length + few) this.forgetUnlisted()
  }

  forgetUnlisted () {
    const listed = new Set(this.list)
    for (const request of this.byKey) if (request !== undefined && !listed.has(request)) this.forgetKey(request)
  }
}

module.exports = KeyedRequests
