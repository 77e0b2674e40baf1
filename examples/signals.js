'use strict'

/**
 * @param {AbortSignal[]} signals
 * @returns {{ signal: AbortSignal, abort: () => void }} a signal that aborts with the first of them, or
 *   by hand: then it lets go of them (`AbortSignal.any` is not in Node.js 18)
 */
function either (...signals) {
  const controller = new AbortController()
  const onAbort = ({ target }) => abort(target.reason)
  const abort = (reason) => {
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
    controller.abort(reason)
  }
  for (const signal of signals) {
    if (signal.aborted) abort(signal.reason)
    else signal.addEventListener('abort', onAbort)
  }
  return { signal: controller.signal, abort: () => abort() }
}

module.exports = { either }
