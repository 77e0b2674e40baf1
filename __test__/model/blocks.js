'use strict'

/**
 * Bytes that tell whose block they are of, so that an answer to another request, or of another
 * wire, is seen.
 * @param {number} salt of who sends them
 * @returns {Buffer}
 */
function blockOf (salt, piece, offset, length) {
  const block = Buffer.allocUnsafeSlow(length)
  let state = (Math.imul(salt, 0x9e3779b1) ^ Math.imul(piece, 0x85ebca6b) ^ Math.imul(offset + 1, 0xc2b2ae35) ^ length) >>> 0
  for (let at = 0; at < length; at++) {
    block[at] = state >>> 24
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  }
  return block
}

module.exports = { blockOf }
