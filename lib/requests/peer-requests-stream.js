'use strict'

const { Request } = require('./request.js')

/** Requests that are gone may take this much room beside those that are not. */
const MAX_GONE = 64

/** A request of the peer, to be answered once. */
class IncomingRequest {
  #request

  constructor (request) {
    this.#request = request
    this.piece = request.piece
    this.offset = request.offset
    this.length = request.length
  }

  /** Whether an answer is waited for. */
  get isOpen () {
    return isOpen(this.#request)
  }

  respond (block) {
    this.#request.callback(null, block)
  }

  reject () {
    this.#request.callback(new Error('request was rejected'))
  }
}

/**
 * The requests of the peer from now on, as an async iterator. One that is cancelled before its turn is
 * not given. They are open meanwhile, so that the engine holds the peer's further ones back.
 */
class PeerRequestsStream {
  /** Those that nobody has taken, in order. @type {Request[]} */
  #queue = []
  #wire
  #isDone = false
  /** Calls of `next` that wait. @type {Function[]} */
  #waiting = []

  constructor (wire) {
    this.#wire = wire
    if (wire.destroyed) {
      this.#isDone = true
      return
    }
    wire.on('request', this.#onRequest)
    wire.once('close', this.#end)
  }

  [Symbol.asyncIterator] () {
    return this
  }

  async next () {
    while (this.#queue.length > 0) {
      const request = this.#queue.shift()
      if (isOpen(request)) return { value: new IncomingRequest(request), done: false }
    }
    if (this.#isDone) return { value: undefined, done: true }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Ends it: those whose turn has not come are rejected. */
  async return (value) {
    for (const request of this.#queue) if (isOpen(request)) request.callback(new Error('nobody serves requests'))
    this.#end()
    return { value, done: true }
  }

  #onRequest = (piece, offset, length, respond) => {
    const { peerRequests } = this.#wire
    const request = peerRequests.at(-1)
    // A listener before this one has answered it.
    if (request?.callback !== respond) return
    if (this.#waiting.length > 0) {
      this.#waiting.shift()({ value: new IncomingRequest(request), done: false })
      return
    }
    this.#queue.push(request)
    if (this.#queue.length > 2 * peerRequests.length + MAX_GONE) this.#queue = this.#queue.filter(isOpen)
  }

  #end = () => {
    this.#isDone = true
    this.#queue = []
    this.#wire.off('request', this.#onRequest)
    this.#wire.off('close', this.#end)
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
  }
}

function isOpen (request) {
  return Request.keyOf(request) >= 0
}

module.exports = PeerRequestsStream
