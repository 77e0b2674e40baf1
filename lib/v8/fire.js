'use strict'

const { EventEmitter } = require('node:events')

/** Node's own `emit`; none where the module `domain` has put its own in place of it already. */
const emit = Object.getOwnPropertyDescriptor(process, 'domain')?.get === undefined ? EventEmitter.prototype.emit : null

/*
 * Events of messages that come by the thousand: `emit` serves every emitter of the process, and
 * looks the listeners up at several times the cost of calling one. The caller gives what is in
 * `_events` under the name of the event, which is quick where the name is fixed.
 */

/** Whether `listeners` is the only listener, or nobody listens, and nobody has wrapped `emit`. */
function isPlain (emitter, listeners) {
  return (listeners === undefined || typeof listeners === 'function') &&
    emitter.emit === emit && !EventEmitter.captureRejections
}

/** Emits an event with one argument. */
function fire1 (emitter, listeners, event, a) {
  if (!isPlain(emitter, listeners)) emitter.emit(event, a)
  else if (listeners !== undefined) listeners.call(emitter, a)
}

/** Emits an event with three arguments. */
function fire3 (emitter, listeners, event, a, b, c) {
  if (!isPlain(emitter, listeners)) emitter.emit(event, a, b, c)
  else if (listeners !== undefined) listeners.call(emitter, a, b, c)
}

/** Emits an event with four arguments. */
function fire4 (emitter, listeners, event, a, b, c, d) {
  if (!isPlain(emitter, listeners)) emitter.emit(event, a, b, c, d)
  else if (listeners !== undefined) listeners.call(emitter, a, b, c, d)
}

module.exports = { fire1, fire3, fire4 }
