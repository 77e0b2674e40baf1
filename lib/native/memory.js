'use strict'

/**
 * The engine, opened once for this copy of the module, and the memory that it shares with us. Only
 * this room sees it: a call writes its arguments, calls, and reads what it gives before any other
 * code can run.
 */

const binding = require('../load.js')

const {
  FLOAT_NOW, NONE, PAGE_LENGTH, RESULT_DONE, SLOT_ARGUMENTS, SLOT_COMMAND, SLOT_GENERATION,
  SLOT_NUMBERS, SLOT_RESULT, SLOT_WIRE, STATE_LENGTH
} = binding

/** How many wires the states have room for at first. */
const FIRST_STATES = 64

const { nextTick } = process

/** A result: there is no such wire. */
const GONE = -2

const page = new Uint32Array(PAGE_LENGTH)
const floats = new Float64Array(page.buffer)
const firstStates = new Uint32Array(FIRST_STATES * STATE_LENGTH)
const engine = new binding.Engine(page, firstStates)
const callCommand = engine.command()
const callTransfer = engine.transfer()

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
  floats[FLOAT_NOW] = performance.now()
  nextTick(letClockAge)
}

function writeArguments (handle, what, a, b, c, d) {
  page[SLOT_WIRE] = handle.index
  page[SLOT_GENERATION] = handle.generation
  page[SLOT_COMMAND] = what
  page[SLOT_ARGUMENTS] = a
  page[SLOT_ARGUMENTS + 1] = b
  page[SLOT_ARGUMENTS + 2] = c
  page[SLOT_ARGUMENTS + 3] = d
}

/** Runs a command on a wire; gives its result. */
function command (handle, what, a = 0, b = 0, c = 0, d = 0) {
  writeArguments(handle, what, a, b, c, d)
  callCommand()
  return page[SLOT_RESULT]
}

/** Likewise one on bytes, and perhaps bytes to read from. */
function transfer (handle, what, bytes, a = 0, b = 0, c = 0, d = 0, source = undefined) {
  writeArguments(handle, what, a, b, c, d)
  if (source === undefined) callTransfer(bytes)
  else callTransfer(bytes, source)
  return page[SLOT_RESULT]
}

/** A function that runs a command on a wire, and tells whether that did what it says. */
function toCommand (what) {
  return (handle, a, b, c) => command(handle, what, a, b, c) === RESULT_DONE
}

/** The key that a command gave, or -1. */
function keyOf (result) {
  return result === RESULT_DONE && page[SLOT_NUMBERS] !== NONE ? page[SLOT_NUMBERS] : -1
}

module.exports = { GONE, page, floats, firstStates, engine, callTransfer, touchClock, command, transfer, toCommand, keyOf }
