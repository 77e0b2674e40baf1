'use strict'

/** How a wire comes to its end, and what is left of it. */

const native = require('./native/index.js')
const { tellViolation } = require('./diagnostics.js')
const { kIsEnding, kSurvives } = require('./symbols.js')

/** Frees the native state of wires that were never closed. */
const abandoned = new FinalizationRegistry(handle => native.close(handle))

/** How many wires of this process were closed for what, by code. */
const violations = {}

function noop () {}

/** Has the native state of a wire go with it, should nobody close it. */
function freeWithWire (wire, handle) {
  abandoned.register(wire, handle, handle)
}

/** Frees the native state of a wire. */
function free (handle) {
  native.close(handle)
  abandoned.unregister(handle)
}

/**
 * Closes a wire for a fault: the peer's, an extension's, or our own.
 * @param {import('./wire.js')} wire
 * @param {import('./errors.js').WireError} error
 */
function closeFor (wire, error) {
  if (wire[kIsEnding] || wire[kSurvives]?.(error)) return
  wire.closeReason = error
  violations[error.code] = (violations[error.code] ?? 0) + 1
  tellViolation(wire, error)
  try {
    wire.emit('violation', error)
  } finally {
    try {
      emitIfHeard(wire, error)
    } finally {
      wire.destroy()
    }
  }
}

/**
 * Emits `error` to those who listen for it. `socket.pipe(wire)` listens as well, only to throw the
 * error where it finds itself to be the last: it must not be.
 */
function emitIfHeard (wire, error) {
  if (wire.listenerCount('error') === 0) return
  wire.on('error', noop)
  try {
    wire.emit('error', error)
  } finally {
    wire.off('error', noop)
  }
}

module.exports = { violations, closeFor, free, freeWithWire }
