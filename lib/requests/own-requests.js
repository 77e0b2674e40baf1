'use strict'

const native = require('../native/index.js')
const { MAX_TIMEOUT } = require('../arguments.js')
const sent = require('../sending/sent.js')
const KeyedRequests = require('./keyed-requests.js')
const { Request, findBlock, isFor } = require('./request.js')
const { kHandle, kOwnRequests, kSelf, kIsEnding, kIsFinished } = require('../symbols.js')

const { nextTick } = process

/** More than this many that the engine knows and the list lacks are looked for. */
const MAX_FORGOTTEN = 64

/**
 * Our requests: calls them back and times them out. `wire.requests` is the caller's to edit, and
 * what it says counts; the engine finds the request for a block, by its key.
 */
class OwnRequests extends KeyedRequests {
  /** Those of a wire, made with the first. @returns {OwnRequests} */
  static of (wire) {
    const self = wire[kSelf]
    return (self[kOwnRequests] ??= new OwnRequests(self))
  }

  constructor (wire) {
    super(wire)
    this.timer = null
    this.timeoutMs = 0
    this.isUnref = false
    /** No request is open: the timer must not keep the process. */
    this.isIdle = false
  }

  get list () {
    return this.wire.requests
  }

  forgetInEngine (key) {
    native.forgetRequest(this.wire[kHandle], key)
  }

  /** Adds the request that the engine has opened under a key. */
  add (key, piece, offset, length, callback) {
    this.enter(new Request(piece, offset, length, callback, key), key)
    this.forgetMissing(MAX_FORGOTTEN)
    if (this.timeoutMs > 0) this.watch()
  }

  /**
   * Takes the request for a block out of the list: the first one there.
   * @param {number} key of the request that the engine has closed; -1 if it knows none
   * @param {boolean} hasMore whether the engine has another one for the same block
   * @returns {Request | null}
   */
  take (key, hasMore, piece, offset, length) {
    const list = this.wire.requests
    let request = key < 0 ? null : this.byKey[key] ?? null
    if (hasMore) request = this.exchange(key, request, findBlock(list, piece, offset, length))
    if (request !== null) this.release(key)
    if (request === null || !isFor(request, piece, offset, length) || !Request.removeFrom(list, request)) {
      // The caller has edited the list: what stands there counts.
      request = findBlock(list, piece, offset, length) ?? null
      if (request === null) return null
      Request.removeFrom(list, request)
      this.forgetKey(request)
    }
    if (list.length === 0) this.rest()
    return request
  }

  /**
   * Has `wanted` be the request of a key instead of `request`, which gets its key: to the engine one
   * is like the other.
   * @returns {Request | null} the request of the key
   */
  exchange (key, request, wanted) {
    if (request === null || wanted === undefined || wanted === request || Request.keyOf(wanted) < 0) return request
    this.byKey[Request.keyOf(wanted)] = request
    this.byKey[key] = wanted
    Request.exchangeKeys(request, wanted)
    return wanted
  }

  /** Fails the request for a block. */
  settle (key, hasMore, piece, offset, length, message) {
    const request = this.take(key, hasMore, piece, offset, length)
    if (request !== null) request.callback(new Error(message), null)
  }

  /** Fails the first request for a block in the list, and sends a cancel, whether there was one or not. */
  cancel (piece, offset, length) {
    const { requests } = this.wire
    const request = findBlock(requests, piece, offset, length)
    if (request !== undefined) Request.removeFrom(requests, request)
    try {
      request?.callback(new Error('request was cancelled'), null)
    } finally {
      this.sendCancel(request, piece, offset, length)
    }
  }

  /** Takes the request of a callback back, if it is open, and sends a cancel. The callback is not called. */
  takeBack (callback) {
    const { requests } = this.wire
    const request = requests.find(request => request.callback === callback)
    if (request === undefined) return
    Request.removeFrom(requests, request)
    this.sendCancel(request, request.piece, request.offset, request.length)
  }

  /**
   * Sends a cancel for a block.
   * @param {Request | undefined} request the one for it that was taken out of the list: of several to
   *   the engine, it may not be the oldest
   */
  sendCancel (request, piece, offset, length) {
    const { isThere, key } = native.cancel(this.wire[kHandle], piece, offset, length)
    if (request !== undefined && key >= 0) this.exchange(key, this.byKey[key] ?? null, request)
    this.release(key)
    sent(this.wire, isThere, 'cancel', piece, offset, length)
    if (this.wire.requests.length === 0) this.rest()
  }

  /** Fails all requests, last first. */
  failAll (message) {
    // A callback may replace the list.
    const { wire } = this
    try {
      while (wire.requests.length > 0) {
        const request = wire.requests.pop()
        this.forgetKey(request)
        request.callback(new Error(message), null)
      }
    } finally {
      if (wire.requests.length > 0) nextTick(failRest, this, wire.requests.splice(0), message)
      this.rest()
    }
  }

  /** The caller has taken a request out of the list itself. */
  forget (request) {
    this.forgetKey(request)
    if (this.wire.requests.length === 0) this.rest()
  }

  /**
   * @param {number} ms how long a request may stay open; 0 for ever
   * @param {boolean} isUnref the timer does not keep the process
   */
  setTimeout (ms, isUnref) {
    this.timeoutMs = ms
    this.isUnref = isUnref
    native.setTimeout(this.wire[kHandle], ms)
    this.stop()
    this.watch()
  }

  /** Sees to it that the oldest request times out. */
  watch () {
    if (this.timeoutMs === 0 || this.wire.requests.length === 0 || this.wire[kIsFinished]) return
    if (this.timer !== null) {
      if (this.isIdle && !this.isUnref) this.timer.ref?.()
      this.isIdle = false
      return
    }
    this.isIdle = false
    const { due, wait } = native.nextTimeout(this.wire[kHandle])
    // Those in the list are all of the caller's own making.
    if (due === Infinity) return
    this.timer = setTimeout(() => this.onTimeout(due), Math.min(Math.ceil(wait), MAX_TIMEOUT))
    if (this.isUnref) this.timer.unref?.()
  }

  /** Setting a timer anew for each request would cost more than the request. */
  rest () {
    if (this.timer === null || this.isIdle) return
    this.isIdle = true
    this.timer.unref?.()
  }

  stop () {
    clearTimeout(this.timer)
    this.timer = null
    this.isIdle = false
  }

  /** The timer that was set for `due`, in milliseconds, has fired. */
  onTimeout (due) {
    this.timer = null
    try {
      while (!this.wire[kIsEnding] && this.takeTimedOut(due));
    } finally {
      this.watch()
    }
  }

  /** Times the oldest request out if it is due; tells whether there may be more. */
  takeTimedOut (due) {
    const { wire } = this
    const key = native.takeTimedOut(wire[kHandle], due)
    if (key < 0) return false
    const request = this.release(key)
    if (request === null || !Request.removeFrom(wire.requests, request)) return true
    wire._debug('request timed out')
    try {
      request.callback(new Error('request has timed out'), null)
    } finally {
      if (!wire[kIsEnding]) wire.emit('timeout')
    }
    return true
  }
}

function failRest (own, requests, message) {
  try {
    while (requests.length > 0) {
      const request = requests.pop()
      own.forgetKey(request)
      request.callback(new Error(message), null)
    }
  } finally {
    if (requests.length > 0) nextTick(failRest, own, requests, message)
  }
}

module.exports = OwnRequests
