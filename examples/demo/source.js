'use strict'

const fs = require('node:fs')

const { Failure, cause } = require('./failure')

/** How much is read from the disk at once; blocks of 16 KiB never cross the end of it. */
const WINDOW = 1 << 20
/** Windows that are read before they are asked for: peers ask for blocks mostly in order. */
const AHEAD = 4
/** Windows that are kept. */
const KEPT = 8

/** A file that blocks are served from, read ahead; open until the process ends. */
class Source {
  /** @param {string} file that can be read, of `length` bytes */
  constructor (file, length) {
    this.file = file
    this.length = length
    this.fd = fs.openSync(file, 'r')
    /** number -> { bytes, error, waiting }, those that will be used last at the end */
    this.windows = new Map()
    /** Number of the window that was used last. */
    this.current = -1
  }

  /**
   * @param {number} position in bytes
   * @param {number} length at most to the file's end
   * @param {(err: Error|null, bytes?: Buffer) => void} callback is called at once if it can be;
   *   the bytes are not changed afterwards
   */
  read (position, length, callback) {
    const index = Math.floor(position / WINDOW)
    const offset = position - index * WINDOW
    if (offset + length > WINDOW) return this.readFully(position, length, callback)

    const window = this.window(index)
    const answer = () => {
      if (window.error) callback(window.error)
      else callback(null, window.bytes.subarray(offset, offset + length))
    }
    if (window.waiting) window.waiting.push(answer)
    else answer()
  }

  window (index) {
    const window = this.windows.get(index) ?? this.load(index)
    if (index === this.current) return window
    this.current = index
    for (let next = index; next <= index + AHEAD && next * WINDOW < this.length; next++) {
      const loaded = next === index ? window : this.windows.get(next) ?? this.load(next)
      this.windows.delete(next)
      this.windows.set(next, loaded)
    }
    while (this.windows.size > KEPT) this.windows.delete(this.windows.keys().next().value)
    return window
  }

  load (index) {
    const window = { bytes: null, error: null, waiting: [] }
    const position = index * WINDOW
    this.readFully(position, Math.min(WINDOW, this.length - position), (err, bytes) => {
      const { waiting } = window
      Object.assign(window, { bytes, error: err, waiting: null })
      for (const answer of waiting) answer()
    })
    return window
  }

  readFully (position, length, callback) {
    const bytes = Buffer.allocUnsafeSlow(length)
    let filled = 0
    const more = () => fs.read(this.fd, bytes, filled, length - filled, position + filled, (err, read) => {
      if (err) return callback(new Failure(`cannot read ${this.file}: ${cause(err)}`))
      if (read === 0) return callback(new Failure(`${this.file} changed while it was read`))
      filled += read
      if (filled < length) more()
      else callback(null, bytes)
    })
    more()
  }
}

module.exports = { Source }
