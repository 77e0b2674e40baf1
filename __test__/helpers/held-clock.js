'use strict'

const { performance } = require('node:perf_hooks')

/**
 * Has `performance.now` tell what the test says, until it is let go: by `spyOn` it cannot in Node.js
 * 18, which has it read-only.
 * @param {number} [now] in milliseconds
 * @returns {{ now: number, letGo: () => void }}
 */
function holdClock (now = 0) {
  const own = Object.getOwnPropertyDescriptor(performance, 'now')
  const clock = {
    now,
    letGo () {
      if (own === undefined) delete performance.now
      else Object.defineProperty(performance, 'now', own)
    }
  }
  Object.defineProperty(performance, 'now', { value: () => clock.now, configurable: true, writable: true })
  return clock
}

module.exports = holdClock
