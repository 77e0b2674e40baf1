'use strict'

/** Wires by handle, and their states where the engine writes them. */

const { engine, firstStates, page, callTransfer, command, touchClock } = require('./memory.js')
const {
  CENSUS_LENGTH, COMMAND_CLOSE, COMMAND_SET_STATE, NONE, OPEN_ENCRYPT, OPEN_INITIAL_PAYLOAD, OPEN_INITIATOR, OPEN_RC4_ONLY,
  OPEN_REQUIRE, RESULT_DONE, SLOT_COMMAND, SLOT_GENERATION, SLOT_NUMBERS, SLOT_RUN, SLOT_WIRE, STATE_AM_CHOKING, STATE_AM_INTERESTED,
  STATE_ENCRYPTED, STATE_FAST, STATE_LENGTH, STATE_NEGOTIATING, STATE_OVERRIDES, STATE_PEER_CHOKING,
  STATE_PEER_INTERESTED, STATE_TAKES_BLOCKS, TRANSFER_CENSUS
} = require('../load.js')

const callOpen = engine.open()
const callClose = engine.close()

let states = firstStates

/**
 * The names of the wires that are open, by index. They lead to no wire: one that its owner has lost is
 * collected all the same, and closed then.
 * @type {(Handle | null)[]}
 */
const handles = []

/** The name of a wire. One that is gone never becomes another's. */
class Handle {
  constructor (index, generation, type) {
    this.index = index
    this.generation = generation
    /** What the constructor of the wire was given, for a census. */
    this.type = type
    /** The state that a wire was left in when it was closed. */
    this.lastState = 0
  }
}

/**
 * Makes the native state of a wire.
 * @param {import('../options.js').Options} options
 * @param {{ isInitiator: boolean, isRc4Only: boolean } | null} encryption the crypto handshake that
 *   comes first
 * @param {string} type of the wire
 * @returns {Handle}
 */
function open ({ maxMessageLength, maxPieces, maxPeerRequests, highWaterMark, requireEncryption, initialPayload }, encryption, type) {
  touchClock()
  for (;;) {
    page[SLOT_RUN] = maxMessageLength
    page[SLOT_RUN + 1] = maxPieces
    page[SLOT_RUN + 2] = maxPeerRequests
    page[SLOT_RUN + 3] = highWaterMark
    page[SLOT_RUN + 4] = encryption === null
      ? 0
      : OPEN_ENCRYPT |
        (encryption.isInitiator ? OPEN_INITIATOR : 0) |
        (encryption.isRc4Only ? OPEN_RC4_ONLY : 0) |
        (requireEncryption ? OPEN_REQUIRE : 0) |
        (initialPayload ? OPEN_INITIAL_PAYLOAD : 0)
    callOpen()
    const index = page[SLOT_WIRE]
    if (index !== NONE) return (handles[index] = new Handle(index, page[SLOT_GENERATION], type))
    const grown = new Uint32Array(states.length * 2)
    engine.growStates(grown)
    states = grown
  }
}

/** Nothing is applied or sent any more; what is to be sent may still be taken. */
function stop (handle) {
  command(handle, COMMAND_CLOSE)
}

/** Frees the native state of a wire; its state stays readable. */
function close (handle) {
  handle.lastState = stateOf(handle)
  if (handles[handle.index] === handle) handles[handle.index] = null
  page[SLOT_WIRE] = handle.index
  page[SLOT_GENERATION] = handle.generation
  callClose()
}

/** The bits of a wire's state, as the engine keeps it. */
function stateOf (handle) {
  const at = handle.index * STATE_LENGTH
  return states[at] === handle.generation ? states[at + 1] : handle.lastState
}

function is (handle, bit) {
  return (stateOf(handle) & bit) !== 0
}

/** Overrides a bit of the state, for a caller who assigns to it. */
function setState (handle, bit, isOn) {
  const bits = stateOf(handle) & STATE_OVERRIDES
  const result = isOn ? bits | bit : bits & ~bit
  if (command(handle, COMMAND_SET_STATE, result) !== RESULT_DONE) handle.lastState = result
}

/** @returns {object | null} what has passed; `null` if the wire is gone */
function statistics ({ index, generation }) {
  return engine.statistics(index, generation)
}

/**
 * What all wires have come to.
 * @returns {{ count: number, floats: Float64Array, typeOf: (index: number) => string }} a row of
 *   `CENSUS_LENGTH` floats for each, see src/boundary/slots.rs; and the type of the wire at an index
 */
function census () {
  touchClock()
  const floats = new Float64Array(engine.wires * CENSUS_LENGTH)
  page[SLOT_COMMAND] = TRANSFER_CENSUS
  callTransfer(new Uint8Array(floats.buffer))
  return { count: page[SLOT_NUMBERS], floats, typeOf: index => handles[index]?.type ?? '' }
}

/** @returns {number[]} the canonical allowed-fast set (BEP 6) of the peer at an address */
function allowedFastSet ({ index, generation }, address, pieces, k) {
  return engine.allowedFastSet(index, generation, address, pieces, k)
}

/** How many wires hold native memory: for tests. */
function countWires () {
  return engine.wires
}

module.exports = {
  Handle,
  AM_CHOKING: STATE_AM_CHOKING,
  AM_INTERESTED: STATE_AM_INTERESTED,
  PEER_CHOKING: STATE_PEER_CHOKING,
  PEER_INTERESTED: STATE_PEER_INTERESTED,
  FAST: STATE_FAST,
  TAKES_BLOCKS: STATE_TAKES_BLOCKS,
  ENCRYPTED: STATE_ENCRYPTED,
  NEGOTIATING: STATE_NEGOTIATING,
  open,
  stop,
  close,
  is,
  setState,
  statistics,
  census,
  allowedFastSet,
  countWires
}
