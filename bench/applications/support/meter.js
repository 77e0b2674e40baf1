'use strict'

const { monitorEventLoopDelay, performance } = require('node:perf_hooks')

const RESOLUTION_MS = 1

/**
 * @typedef {object} Cost of a transfer, in one of its processes
 * @property {number} elapsed s
 * @property {number} cpu s, of user and system, of all threads
 * @property {number} delay the 99th percentile of the event loop's delay, ms
 * @property {string[]} faults what must not happen between honest peers, each with its number
 */

/** Tells what a transfer costs this process, and what goes wrong in it. */
class Meter {
  constructor () {
    this.delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.faults = new Map()
    this.running = false
  }

  /**
   * Sees to it that what goes wrong on a wire is a fault: while the meter runs, that is.
   * @param {import('node:events').EventEmitter} wire
   */
  watch (wire) {
    wire.on('reject', () => this.fault('rejects'))
    wire.on('timeout', () => this.fault('timeouts'))
    wire.on('violation', ({ code }) => this.fault(code))
    wire.once('close', () => this.fault('connections lost'))
  }

  /** @param {string} what */
  fault (what) {
    if (this.running) this.faults.set(what, (this.faults.get(what) ?? 0) + 1)
  }

  /** The transfer begins. */
  start () {
    globalThis.gc()
    this.faults.clear()
    this.delay.reset()
    this.delay.enable()
    this.running = true
    this.cpuBefore = process.cpuUsage()
    this.startedAt = performance.now()
  }

  /**
   * It is over: afterwards anybody may leave.
   * @returns {Cost}
   */
  stop () {
    const elapsed = (performance.now() - this.startedAt) / 1000
    const { user, system } = process.cpuUsage(this.cpuBefore)
    this.running = false
    this.delay.disable()
    return {
      elapsed,
      cpu: (user + system) / 1e6,
      delay: this.delay.percentile(99) / 1e6,
      faults: [...this.faults].map(([what, count]) => `${count} ${what}`)
    }
  }
}

module.exports = { Meter }
