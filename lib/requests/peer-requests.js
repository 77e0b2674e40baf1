'use strict'

const native = require('../native/index.js')
const KeyedRequests = require('./keyed-requests.js')
const { Request, findBlock } = require('./request.js')
const { toBytes } = require('../arguments.js')
const { kHandle, kInbound, kPeerRequests, kSelf } = require('../symbols.js')

/** A list of so many is looked through at once, whenever a message comes. */
const FEW = 64
/** A longer one is looked through in its time: a message of a few bytes is not to cost as much. */
const ENTRIES_PER_MS = 4

/**
 * The peer's requests. `wire.peerRequests` is the caller's to edit: what is not there is not
 * answered. What an answer says is the engine's, by the key of the request.
 */
class PeerRequests extends KeyedRequests {
  /** Those of a wire, made with the first. @returns {PeerRequests} */
  static of (wire) {
    const self = wire[kSelf]
    return (self[kPeerRequests] ??= new PeerRequests(self))
  }

  constructor (wire) {
    super(wire)
    /** The request that is answered by what is sent now. @type {Request | null} */
    this.answering = null
    /** How many there were when some last waited for room. */
    this.knownBefore = 0
    /** Runs before a long list is looked through. */
    this.searchTimer = null
  }

  get list () {
    return this.wire.peerRequests
  }

  forgetInEngine (key) {
    native.forgetPeerRequest(this.wire[kHandle], key)
  }

  /** Adds a request that the engine has opened under a key. */
  add (request, key) {
    this.enter(request, key)
    this.forgetMissing()
  }

  /**
   * Some wait for room: those that the caller took out of the list are not to keep them waiting.
   * @returns {boolean} whether there were such
   */
  makeRoom () {
    const { known } = this
    this.forgetMissing()
    // The list may be as long for objects of the caller's own: looked for where nothing moves.
    if (this.known === this.knownBefore) this.search()
    this.knownBefore = this.known
    return this.known < known
  }

  /** Looks for requests that are not in the list, now or soon. */
  search () {
    if (this.known <= FEW) return this.forgetUnlisted()
    if (this.searchTimer !== null) return
    this.searchTimer = setTimeout(() => {
      this.searchTimer = null
      const { known } = this
      this.forgetUnlisted()
      if (this.known < known) this.wire[kInbound].resume()
    }, this.known / ENTRIES_PER_MS)
    this.searchTimer.unref?.()
  }

  /** Answers a request, once: with the reason why not, or with its block. */
  respond (request, error, buffer) {
    if (Request.keyOf(request) < 0) return
    const { wire } = this
    const { piece, offset, length } = request
    const block = error ? null : toBytes(buffer, 'buffer')
    if (!Request.removeFrom(wire.peerRequests, request)) return this.forgetKey(request)
    this.answerBy(request, () => {
      // By way of what a subclass may have made of these.
      if (block !== null) wire.piece(piece, offset, block)
      else if (wire.hasFast) wire.reject(piece, offset, length)
      else this.decline(request)
    })
    if (wire[kInbound].hasWaiting) wire[kInbound].resumeLater()
  }

  /** Has the next message for the place of a request be its answer, as long as `send` runs. */
  answerBy (request, send) {
    const outer = this.answering
    this.answering = Request.keyOf(request) < 0 ? null : request
    try {
      send()
    } finally {
      this.answering = outer
    }
  }

  /**
   * Gives the request that a message for a place in a piece is to answer, and closes it.
   * @returns {number} its key; -1 if the message answers none
   */
  takeAnswering (piece, offset) {
    const request = this.answering
    if (request === null || request.piece !== piece || request.offset !== offset) return -1
    this.answering = null
    const key = Request.keyOf(request)
    this.release(key)
    return key
  }

  /** Takes out the request for a block that the engine has closed; -1 is the key of none. */
  settle (key, piece, offset, length) {
    const list = this.wire.peerRequests
    const request = key < 0
      // One of the caller's own making.
      ? list.length > this.known ? findBlock(list, piece, offset, length) : null
      : this.release(key)
    if (request) Request.removeFrom(list, request)
  }

  /** After our choke: drops all but those for allowed-fast pieces, with a reject where BEP 6 has one. */
  dropChoked () {
    const { wire } = this
    // What a subclass makes of `reject` may replace the list.
    if (!wire.hasFast) {
      while (wire.peerRequests.length > 0) this.decline(wire.peerRequests.pop())
      return
    }
    for (let staying = 0; wire.peerRequests.length > staying;) {
      const request = wire.peerRequests[staying]
      if (wire.allowedFastSet.includes(request.piece)) staying++
      else this.reject(request)
    }
  }

  /** Rejects a request that is in the list. */
  reject (request) {
    Request.removeFrom(this.wire.peerRequests, request)
    const { piece, offset, length } = request
    this.answerBy(request, () => this.wire.reject(piece, offset, length))
  }

  /** Declines a request without a word. */
  decline (request) {
    const key = Request.keyOf(request)
    if (key < 0) return
    this.release(key)
    native.decline(this.wire[kHandle], key)
  }

  /** The wire is closed. */
  clear () {
    clearTimeout(this.searchTimer)
    this.wire.peerRequests.length = 0
    for (const request of this.byKey) if (request !== undefined) Request.close(request)
    this.byKey = []
    this.known = 0
  }
}

module.exports = PeerRequests
