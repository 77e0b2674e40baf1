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

const { SLOT_WIRE, SLOT_COMMAND, SLOT_A, SLOT_B, SLOT_C, SLOT_RUN } = binding
const openWire = engine.open()
const closeWire = engine.close()
const command = engine.command()
const transferBytes = engine.transfer()
const pollEvent = engine.poll()

/**
 * Makes the native state of a wire.
 * @param {import('./options.js').Options} options
 * @param {number} encryption some of the bits from `ENCRYPT` on
 * @returns {number} the number of the wire, until it is closed
 */
function open ({ maxMessageLength, maxPieces, maxPeerRequests, highWaterMark }, encryption) {
  page[SLOT_RUN] = maxMessageLength
  page[SLOT_RUN + 1] = maxPieces
  page[SLOT_RUN + 2] = maxPeerRequests
  page[SLOT_RUN + 3] = highWaterMark
  page[SLOT_RUN + 4] = encryption
  openWire()
  return page[SLOT_WIRE]
}

/**
 * Frees the native state of a wire.
 * @param {number} wire its number
 */
function close (wire) {
  page[SLOT_WIRE] = wire
  closeWire()
}

/**
 * The calls on a wire that are not hot.
 * @param {number} wire its number
 */
function nativeWire (wire) {
  return new binding.NativeWire(engine, wire)
}

function select (wire, what, a, b, c) {
  page[SLOT_WIRE] = wire
  page[SLOT_COMMAND] = what
  page[SLOT_A] = a
  page[SLOT_B] = b
  page[SLOT_C] = c
}

/**
 * Runs a command without bytes.
 * @param {number} wire its number
 * @param {number} what one of `COMMAND_*`
 */
function run (wire, what, a = 0, b = 0, c = 0) {
  select(wire, what, a, b, c)
  command()
}

/**
 * Runs a command with bytes.
 * @param {number} wire its number
 * @param {number} what one of `TRANSFER_*`
 * @param {Uint8Array} bytes
 */
function transfer (wire, what, bytes, a = 0, b = 0, c = 0) {
  select(wire, what, a, b, c)
  transferBytes(bytes)
}

/**
 * Decrypts what arrived.
 * @param {number} wire its number
 * @param {Uint8Array} bytes
 * @param {Buffer} plain is filled; as long as `bytes`
 * @returns {Buffer} `plain`
 */
function decrypt (wire, bytes, plain) {
  select(wire, binding.TRANSFER_DECRYPT, 0, 0, 0)
  transferBytes(plain, bytes)
  return plain
}

/**
 * Applies the next message of a wire, and tells of it in the page.
 * @param {number} wire its number
 */
function poll (wire) {
  page[SLOT_WIRE] = wire
  pollEvent()
}

module.exports = { ...binding, engine, page, floats, open, close, nativeWire, poll, run, transfer, decrypt, touchClock }
