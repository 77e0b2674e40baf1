'use strict'

/**
 * The Rust engine, opened once for this copy of the module. Hot calls take no arguments: they
 * find them in `page`, and leave their results there. Read what you need from the page before you
 * call anything that may use another wire.
 */

const binding = require('./load.js')

const page = new Uint32Array(binding.PAGE_LENGTH)
const floats = new Float64Array(page.buffer)
const engine = new binding.Engine(page)

const { nextTick } = process

let isClockFresh = false

function letClockAge () {
  isClockFresh = false
}

/**
 * Puts the time into the page. It is read once a tick: it dates requests and blocks, in
 * milliseconds, and a monotonic clock costs as much as ten messages.
 */
function touchClock () {
  if (isClockFresh) return
  isClockFresh = true
  floats[binding.FLOAT_NOW] = performance.now()
  nextTick(letClockAge)
}

module.exports = {
  ...binding,
  engine,
  page,
  floats,
  poll: engine.poll(),
  command: engine.command(),
  transfer: engine.transfer(),
  touchClock
}
