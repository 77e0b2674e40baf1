'use strict'

const native = require('./native.js')
const { Request, removeAt, findBlock, isFor, toNumbers } = require('./requests.js')
const { kId, kIsEnding, kIsFinished } = require('./symbols.js')

const { page, floats, run, touchClock } = native
const {
  SLOT_POSITION, SLOT_REQUESTS, FLOAT_NOW, FLOAT_TIMEOUT, NONE, COMMAND_FORGET_REQUEST,
  COMMAND_NEXT_TIMEOUT, COMMAND_POP_REQUEST, COMMAND_SET_TIMEOUT, COMMAND_SUMMARIZE,
  COMMAND_TAKE_TIMED_OUT
} = native

const { nextTick } = process

/**
 * Our requests: keeps `wire.requests` in step with the engine, calls them back, and times them out.
 * The list is live: where a caller has edited it, the list counts.
 */
class OwnRequests {
  constructor (wire) {
    this.wire = wire
    this.timer = null
    this.timeoutMs = 0
    this.isUnref = false
    /** No request is open: the timer must not keep the process. */
    this.isIdle = false
  }

  /** Adds the request that the engine has just made. */
  add (piece, offset, length, callback) {
    const list = this.wire.requests
    list.push(new Request(piece, offset, length, callback))
    if (list.length !== page[SLOT_REQUESTS]) this.sync()
    if (this.timeoutMs > 0) this.watch()
  }

  /**
   * Takes from the list the request that the engine has just removed.
   * @param {number} position where the engine had it; `NONE` if it had none
   * @param {number} open how many the engine has left
   * @returns {Request | null}
   */
  take (position, open, piece, offset, length) {
    const list = this.wire.requests
    if (position === NONE && list.length === open) return null
    let request
    if (list.length === open + 1 && isFor(list[position], piece, offset, length)) {
      request = list[position]
      removeAt(list, position)
    } else {
      const found = findBlock(list, piece, offset, length)
      request = found < 0 ? null : list[found]
      if (found >= 0) removeAt(list, found)
      this.sync()
    }
    if (list.length === 0) this.rest()
    return request
  }

  /** Fails the request that the last command removed. Its error is made only if there is one. */
  settle (piece, offset, length, message) {
    const request = this.take(page[SLOT_POSITION], page[SLOT_REQUESTS], piece, offset, length)
    if (request !== null) request.callback(new Error(message), null)
  }

  /** Fails all requests, last first. */
  failAll (message) {
    const list = this.wire.requests
    let isDone = false
    try {
      while (list.length > 0) {
        const request = list.pop()
        run(this.wire[kId], COMMAND_POP_REQUEST)
        request.callback(new Error(message), null)
      }
      isDone = true
    } finally {
      if (!isDone && list.length > 0) nextTick(failRest, list.splice(0), message)
      if (list.length === 0) this.rest()
      this.syncIfEdited()
    }
  }

  /** The caller has taken a request out of the list itself. */
  forget ({ piece, offset, length }) {
    run(this.wire[kId], COMMAND_FORGET_REQUEST, piece, offset, length)
    this.syncIfEdited()
    if (this.wire.requests.length === 0) this.rest()
  }

  syncIfEdited () {
    if (this.wire[kIsFinished]) return
    run(this.wire[kId], COMMAND_SUMMARIZE)
    if (this.wire.requests.length !== page[SLOT_REQUESTS]) this.sync()
  }

  sync () {
    touchClock()
    native.nativeWire(this.wire[kId]).syncRequests(toNumbers(this.wire.requests))
  }

  /**
   * @param {number} ms how long a request may stay open; 0 for ever
   * @param {boolean} isUnref the timer does not keep the process
   */
  setTimeout (ms, isUnref) {
    this.timeoutMs = ms
    this.isUnref = isUnref
    run(this.wire[kId], COMMAND_SET_TIMEOUT, ms)
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
    touchClock()
    run(this.wire[kId], COMMAND_NEXT_TIMEOUT)
    const due = floats[FLOAT_TIMEOUT]
    const wait = Math.max(0, Math.ceil(due - floats[FLOAT_NOW]))
    this.timer = setTimeout(() => this.onTimeout(due), Math.min(wait, 0x7fffffff))
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
    touchClock()
    // A test may move its timers but not the clock.
    const now = Math.max(floats[FLOAT_NOW], due)
    try {
      while (!this.wire[kIsEnding] && this.takeTimedOut(now));
    } finally {
      this.watch()
    }
  }

  /** Times the oldest request out if it is due at `now`; tells whether there may be more. */
  takeTimedOut (now) {
    const { wire } = this
    floats[FLOAT_NOW] = now
    run(wire[kId], COMMAND_TAKE_TIMED_OUT)
    const position = page[SLOT_POSITION]
    if (position === NONE) return false
    const request = wire.requests[position]
    if (request === undefined || wire.requests.length !== page[SLOT_REQUESTS] + 1) {
      this.sync()
      return true
    }
    removeAt(wire.requests, position)
    wire._debug('request timed out')
    try {
      request.callback(new Error('request has timed out'), null)
    } finally {
      if (!wire[kIsEnding]) wire.emit('timeout')
    }
    return true
  }
}

function failRest (requests, message) {
  try {
    while (requests.length > 0) requests.pop().callback(new Error(message), null)
  } finally {
    if (requests.length > 0) nextTick(failRest, requests, message)
  }
}

module.exports = OwnRequests
