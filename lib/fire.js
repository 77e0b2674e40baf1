'use strict'

const { EventEmitter } = require('node:events')

const { emit } = EventEmitter.prototype

/**
 * The only listener of an event, for messages that come by the thousand: `emit` serves every
 * emitter of the process, and looks the listeners up at several times the cost of calling one.
 * @param {EventEmitter} emitter
 * @param {string} event
 * @returns {Function | null | undefined} `undefined` if nobody listens; `null` if `emit` has to be
 *   called, for there are several listeners, or someone has wrapped it
 */
function soleListener (emitter, event) {
  if (emitter.emit !== emit || EventEmitter.captureRejections) return null
  const listener = emitter._events[event]
  return listener === undefined || typeof listener === 'function' ? listener : null
}

/** Emits an event with one argument. */
function fire1 (emitter, event, a) {
  const listener = soleListener(emitter, event)
  if (listener === null) emitter.emit(event, a)
  else if (listener !== undefined) listener.call(emitter, a)
}

/** Emits an event with three arguments. */
function fire3 (emitter, event, a, b, c) {
  const listener = soleListener(emitter, event)
  if (listener === null) emitter.emit(event, a, b, c)
  else if (listener !== undefined) listener.call(emitter, a, b, c)
}

/** Emits an event with four arguments. */
function fire4 (emitter, event, a, b, c, d) {
  const listener = soleListener(emitter, event)
  if (listener === null) emitter.emit(event, a, b, c, d)
  else if (listener !== undefined) listener.call(emitter, a, b, c, d)
}

module.exports = { fire1, fire3, fire4 }
