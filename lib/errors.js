'use strict'

/**
 * Why a wire was closed: what `violation` gives and `wire.closeReason` keeps; or why a promise of a
 * wire was rejected. `code` is stable; `cause` is what lies behind it, where something does.
 */
class WireError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ cause?: unknown }=} options
   */
  constructor (code, message, options) {
    super(message, options)
    this.code = code
  }
}

Object.defineProperty(WireError.prototype, 'name', { value: 'WireError', configurable: true, writable: true })

/**
 * A TypeError for an argument, with the code that Node.js gives to such errors.
 * @param {string} message
 */
function typeError (message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}

/**
 * A RangeError for an argument, with the code that Node.js gives to such errors.
 * @param {string} message
 */
function rangeError (message) {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' })
}

/**
 * What a promise is rejected with that a closed wire cannot keep.
 * @param {{ closeReason: WireError | null }} wire
 */
function closedError ({ closeReason }) {
  return new WireError('ERR_CLOSED', 'the wire was closed', closeReason === null ? undefined : { cause: closeReason })
}

module.exports = { WireError, typeError, rangeError, closedError }
