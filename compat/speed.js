'use strict'

/** How finely time is told apart, in milliseconds. */
const SLICE = 250

/** A speed is taken over a second at least. */
const SLICES_A_SECOND = 1000 / SLICE

/**
 * Makes a meter as the npm package speedometer does: called with a number of bytes it counts
 * them, and it gives the bytes a second over the last while.
 * @param {number=} seconds how long that while is
 * @returns {(bytes?: number) => number}
 */
function speedMeter (seconds = 5) {
  const length = Math.max(SLICES_A_SECOND, Math.ceil(seconds * SLICES_A_SECOND))
  /** Bytes a slice, round and round; the slice of now is `latest`. */
  const slices = new Array(length).fill(0)
  const first = sliceOfNow()
  let latest = first
  let sum = 0

  return function speed (bytes = 0) {
    const now = sliceOfNow()
    const passed = Math.min(now - latest, length)
    for (let i = 1; i <= passed; i++) {
      const at = (latest + i) % length
      sum -= slices[at]
      slices[at] = 0
    }
    latest = now
    slices[now % length] += bytes
    sum += bytes
    const measured = Math.min(Math.max(now - first + 1, SLICES_A_SECOND), length)
    return sum * SLICES_A_SECOND / measured
  }
}

function sliceOfNow () {
  return Math.floor(performance.now() / SLICE)
}

module.exports = speedMeter
