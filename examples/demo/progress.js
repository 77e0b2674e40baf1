'use strict'

const { size, speed } = require('./figures')

/** Milliseconds between two drawings of the bar. */
const INTERVAL = 100

/**
 * Shows how far something has come: a bar that is drawn over in a terminal, a line for every ten
 * per cent elsewhere.
 */
class Progress {
  /**
   * @param {string} label of what goes on
   * @param {number} total in bytes
   * @param {import('node:tty').WriteStream} [stream]
   */
  constructor (label, total, stream = process.stdout) {
    this.label = label
    this.total = total
    this.stream = stream
    /** When the first news came, in milliseconds. */
    this.start = null
    this.drawn = 0
    this.tenths = 0
    this.done = 0
  }

  /** @param {number} done bytes of the total */
  update (done) {
    this.done = done
    this.start ??= Date.now()
    if (this.stream.isTTY) {
      if (Date.now() - this.drawn >= INTERVAL) this.draw()
    } else {
      const tenths = Math.floor(done / this.total * 10)
      if (tenths > this.tenths) this.stream.write(`${this.text()}\n`)
      this.tenths = tenths
    }
  }

  /** Leaves the last state on the screen. */
  end () {
    if (!this.stream.isTTY) return
    this.draw()
    this.stream.write('\n')
  }

  /** Leaves the line empty. */
  clear () {
    if (this.stream.isTTY) this.stream.write('\r\u001b[K')
  }

  draw () {
    this.drawn = Date.now()
    const text = this.text()
    const width = Math.min((this.stream.columns || 80) - text.length - 4, 40)
    const filled = Math.round(this.done / this.total * width)
    const bar = width > 5 ? ` [${'#'.repeat(filled)}${'.'.repeat(width - filled)}]` : ''
    this.stream.write(`\r\u001b[K${text}${bar}`)
  }

  text () {
    const percent = `${Math.floor(this.done / this.total * 100)}%`.padStart(4)
    const elapsed = Date.now() - this.start
    // Of a moment too short to measure, a speed would say nothing.
    const rate = elapsed < INTERVAL ? '' : `  ${speed(this.done, elapsed / 1000)}`
    return `${this.label} ${percent}  ${size(this.done)} of ${size(this.total)}${rate}`
  }
}

module.exports = { Progress }
