'use strict'

const { answer } = require('../promises/answer.js')
const OwnRequests = require('./own-requests.js')
const { WireError, closedError } = require('../errors.js')

/** What a request is called back with, as the code of an error; those of a closed wire are apart. */
const CODES = {
  'peer is choking': 'ERR_CHOKED',
  'request was rejected': 'ERR_REJECTED',
  'request was cancelled': 'ERR_CANCELLED',
  'request has timed out': 'ERR_TIMED_OUT'
}

/**
 * Asks for a block, as a promise.
 * @param {import('../wire.js')} wire
 * @param {{ signal?: AbortSignal, timeout?: number }=} options
 * @returns {Promise<Buffer>}
 */
function fetch (wire, piece, offset, length, options) {
  return answer(options, ({ resolve, reject }) => {
    const callback = (error, block) => error ? reject(typed(wire, error)) : resolve(block)
    wire.request(piece, offset, length, callback)
    return () => OwnRequests.of(wire).takeBack(callback)
  })
}

/** The error of a callback, with a code; one of somebody else's making stays as it is. */
function typed (wire, error) {
  const { message } = error
  if (message === 'wire is closed' || message === 'wire was closed') return closedError(wire)
  return Object.hasOwn(CODES, message) ? new WireError(CODES[message], message) : error
}

module.exports = fetch
