'use strict'

/** The members of a wire that are alike, and what each does, from one table a kind. */

const native = require('./native/index.js')
const { kHandle, kInbound } = require('./symbols.js')

/** The states that the engine keeps. */
const STATES = {
  amChoking: native.AM_CHOKING,
  amInterested: native.AM_INTERESTED,
  peerChoking: native.PEER_CHOKING,
  peerInterested: native.PEER_INTERESTED,
  hasFast: native.FAST
}

/** What packages call that apply the messages of BEP 6 themselves. */
const FAST_MESSAGES = ['onSuggest', 'onHaveAll', 'onHaveNone', 'onReject', 'onAllowedFast']

/** Has the states be read where the engine writes them, and overridden by a command. */
function defineStates (prototype) {
  for (const [name, bit] of Object.entries(STATES)) {
    Object.defineProperty(prototype, name, {
      get () { return native.is(this[kHandle], bit) },
      set (value) { native.setState(this[kHandle], bit, value) },
      configurable: true
    })
  }
}

/** Defines `_onSuggest` and its like. */
function defineFastMessages (prototype) {
  for (const name of FAST_MESSAGES) {
    Object.defineProperty(prototype, `_${name}`, {
      value (index, offset, length) {
        // BEP 6: who uses the extension without it has the connection closed.
        if (this.hasFast) this[kInbound][name](index, offset, length, -1, false)
        else this.destroy()
      },
      configurable: true,
      writable: true
    })
  }
}

module.exports = { defineStates, defineFastMessages }
