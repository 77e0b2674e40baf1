'use strict'

const { onAbort, reasonOf } = require('./abort.js')
const { MAX_TIMEOUT } = require('../arguments.js')
const { WireError, typeError, rangeError } = require('../errors.js')

/**
 * How a promise for an answer of the peer is settled: once, what comes later does nothing.
 * @typedef {object} Settle
 * @property {(value: unknown) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * A promise for an answer of the peer, which the caller may give up. Whichever way it is settled,
 * it leaves no timer and no listener.
 * @param {{ signal?: AbortSignal, timeout?: number }=} options
 * @param {(settle: Settle) => (() => void)} ask asks the peer, and gives what takes that back; it may
 *   settle at once
 * @returns {Promise<any>} rejects with the signal's reason, with `ERR_TIMED_OUT`, or as `ask` does
 */
async function answer (options, ask) {
  const { signal, timeout } = readOptions(options)
  if (signal?.aborted) throw reasonOf(signal)
  return new Promise((resolve, reject) => {
    let isSettled = false
    let timer = null
    let forgetSignal = null
    const end = (settle, value) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      forgetSignal?.()
      settle(value)
    }
    const takeBack = ask({ resolve: value => end(resolve, value), reject: error => end(reject, error) })
    if (isSettled) return
    const giveUp = reason => {
      end(reject, reason)
      takeBack()
    }
    if (signal !== undefined) forgetSignal = onAbort(signal, giveUp)
    if (timeout > 0) {
      timer = setTimeout(() => giveUp(new WireError('ERR_TIMED_OUT', `no answer within ${timeout} ms`)), timeout)
    }
  })
}

/**
 * @returns {{ signal: AbortSignal | undefined, timeout: number }} a timeout of 0 is none
 * @throws {TypeError | RangeError}
 */
function readOptions (options) {
  if (options == null) return { signal: undefined, timeout: 0 }
  if (typeof options !== 'object') throw typeError(`options must be an object, not ${typeof options}`)
  const { signal, timeout = 0 } = options
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw typeError('signal must be an AbortSignal')
  }
  if (typeof timeout !== 'number') throw typeError(`timeout must be a number, not ${typeof timeout}`)
  if (!(timeout >= 0)) throw rangeError(`timeout must be a number of milliseconds, not ${timeout}`)
  return { signal, timeout: timeout === Infinity ? 0 : Math.min(Math.ceil(timeout), MAX_TIMEOUT) }
}

module.exports = { answer }
