'use strict'

/**
 * Why a wire was closed: what `violation` gives and `wire.closeReason` keeps. `code` is stable;
 * `cause` is the exception of an extension's handler.
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

module.exports = { WireError, typeError, rangeError }
