'use strict'

/** What Node.js takes for the longest time; a longer one, or none, is 1 ms. */
const LONGEST = 0x7fffffff

/**
 * Timers and clocks that move when they are told to. To be installed before what uses them is
 * loaded, in a process of its own.
 */
class VirtualClock {
  constructor () {
    /** In milliseconds. */
    this.now = 0
    this.timers = new Set()
    this.count = 0
  }

  /** @returns {VirtualClock} in the place of the process's own */
  static install () {
    const clock = new VirtualClock()
    const start = Date.now()
    globalThis.setTimeout = (callback, ms, ...args) => clock.add(callback, ms, args)
    globalThis.clearTimeout = timer => { clock.timers.delete(timer) }
    globalThis.setInterval = () => { throw new Error('no intervals here') }
    Date.now = () => start + Math.floor(clock.now)
    // Node.js 18 has it read-only.
    Object.defineProperty(performance, 'now', { value: () => clock.now, configurable: true, writable: true })
    process.hrtime = () => [Math.floor(clock.now / 1000), clock.now % 1000 * 1e6]
    process.hrtime.bigint = () => BigInt(Math.round(clock.now * 1e6))
    return clock
  }

  add (callback, ms, args) {
    const wait = ms >= 1 && ms <= LONGEST ? Math.trunc(ms) : 1
    const timer = {
      due: this.now + wait,
      order: this.count++,
      run: () => callback(...args),
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
      refresh: () => {
        timer.due = this.now + wait
        this.timers.add(timer)
        return timer
      },
      close: () => {
        this.timers.delete(timer)
        return timer
      }
    }
    this.timers.add(timer)
    return timer
  }

  /**
   * Lets time pass: the timers that are due run in their order, and after each all that they put
   * off to a later tick.
   * @param {number} to the time at the end, in milliseconds
   */
  async advance (to) {
    await settle()
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.due - b.due || a.order - b.order)
      if (next === undefined || next.due > to) break
      this.timers.delete(next)
      this.now = Math.max(this.now, next.due)
      next.run()
      await settle()
    }
    this.now = to
    await settle()
  }
}

async function settle () {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

module.exports = VirtualClock
