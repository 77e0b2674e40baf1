'use strict'

const { Buffer } = require('node:buffer')
const { isSharedArrayBuffer } = require('node:util').types
const { typeError, rangeError } = require('./errors.js')

/** The longest that a timer of Node.js runs, in milliseconds. */
const MAX_TIMEOUT = 0x7fffffff

/**
 * The bytes of a view: without a copy, unless another thread may write to them.
 * @param {ArrayBufferView} view
 * @param {string} name what to call it in an error
 * @returns {Buffer}
 * @throws {TypeError} if it is no view, or its ArrayBuffer is detached
 */
function toBytes (view, name) {
  if (!ArrayBuffer.isView(view)) throw typeError(`${name} must be a Uint8Array or another ArrayBufferView`)
  if (isSharedArrayBuffer(view.buffer)) return Buffer.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  if (Buffer.isBuffer(view) && view.length > 0) return view
  try {
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  } catch {
    throw typeError(`the ArrayBuffer of ${name} is detached`)
  }
}

/**
 * Lets through what fits the 32 bits of a number on the wire.
 * @param {number} value
 * @param {string} name what to call it in an error
 * @throws {TypeError} if it is no number
 * @throws {RangeError} if it is no whole number from 0 to 4294967295
 */
function checkNumber (value, name) {
  if (typeof value === 'number' && value >>> 0 === value) return
  if (typeof value !== 'number') throw typeError(`${name} must be a number, not ${typeof value}`)
  throw rangeError(`${name} must be a whole number from 0 to 4294967295, not ${value}`)
}

/** Lets through the three numbers that name a block; throws as `checkNumber` does. */
function checkBlock (index, offset, length) {
  checkNumber(index, 'index')
  checkNumber(offset, 'offset')
  checkNumber(length, 'length')
}

/**
 * Lets through a function or nothing.
 * @param {unknown} value
 * @param {string} name what to call it in an error
 * @throws {TypeError}
 */
function checkCallback (value, name) {
  if (value != null && typeof value !== 'function') throw typeError(`${name} must be a function`)
}

/**
 * What a timeout comes to: as with `setTimeout` of Node.js, a length that no timer has means 1.
 * @param {unknown} ms
 * @returns {number} whole milliseconds; 0 for none
 */
function toTimeout (ms) {
  const number = Number(ms)
  if (!number) return 0
  return number >= 1 && number <= MAX_TIMEOUT ? Math.trunc(number) : 1
}

module.exports = { toBytes, checkNumber, checkBlock, checkCallback, toTimeout, MAX_TIMEOUT }
