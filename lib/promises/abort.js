'use strict'

/**
 * Who waits for a signal. One listener serves them all: hundreds of promises share a signal, and
 * Node.js takes many listeners for a leak.
 * @type {WeakMap<AbortSignal, Set<(reason: unknown) => void>>}
 */
const waiting = new WeakMap()

/**
 * Calls back when a signal aborts, with its reason.
 * @param {AbortSignal} signal that has not aborted yet
 * @param {(reason: unknown) => void} callback does not throw
 * @returns {() => void} ends it; with the last one the listener is gone
 */
function onAbort (signal, callback) {
  let callbacks = waiting.get(signal)
  if (callbacks === undefined) {
    callbacks = new Set()
    waiting.set(signal, callbacks)
    signal.addEventListener('abort', abort)
  }
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size === 0 && waiting.get(signal) === callbacks) forget(signal)
  }
}

function abort ({ target: signal }) {
  const callbacks = waiting.get(signal)
  forget(signal)
  for (const callback of callbacks) callback(reasonOf(signal))
}

/** Why a signal has aborted. One that is not Node.js's own may not say. */
function reasonOf (signal) {
  return 'reason' in signal ? signal.reason : new DOMException('This operation was aborted', 'AbortError')
}

function forget (signal) {
  waiting.delete(signal)
  signal.removeEventListener('abort', abort)
}

module.exports = { onAbort, reasonOf }
