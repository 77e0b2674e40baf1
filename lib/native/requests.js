'use strict'

/** Requests by their keys, ours and the peer's, and the speeds of their blocks. */

const { GONE, page, floats, touchClock, command, transfer, toCommand, keyOf } = require('./memory.js')
const { is } = require('./wires.js')
const {
  COMMAND_ADMIT, COMMAND_ANSWER, COMMAND_CANCEL, COMMAND_DECLINE, COMMAND_FORGET_PEER_REQUEST,
  COMMAND_FORGET_REQUEST, COMMAND_NEXT_TIMEOUT, COMMAND_REFUSE, COMMAND_REJECT, COMMAND_REQUEST,
  COMMAND_SET_TIMEOUT, COMMAND_SPEEDS, COMMAND_TAKE_TIMED_OUT, FLOAT_NOW, FLOAT_NUMBERS, RESULT_CHOKED,
  RESULT_DONE, SLOT_NUMBERS, STATE_TAKES_BLOCKS, TRANSFER_ANSWER
} = require('../load.js')

/** The peer is choking. */
const REFUSED = -1

/**
 * Asks for a block.
 * @returns {number} the key of the request; `REFUSED` if the peer is choking, `GONE` if there is no
 *   such wire
 */
function request (handle, piece, offset, length, isAllowedFast) {
  touchClock()
  const result = command(handle, COMMAND_REQUEST, piece, offset, length, isAllowedFast ? 1 : 0)
  if (result === RESULT_DONE) return page[SLOT_NUMBERS]
  return result === RESULT_CHOKED ? REFUSED : GONE
}

/**
 * Sends a cancel.
 * @returns {{ isThere: boolean, key: number }} whether the wire is there, and the key of a request for
 *   the block that was still open, or -1
 */
function cancel (handle, piece, offset, length) {
  const result = command(handle, COMMAND_CANCEL, piece, offset, length)
  return { isThere: result === RESULT_DONE, key: keyOf(result) }
}

/**
 * When the oldest request times out.
 * @returns {{ due: number, wait: number }} the time, and how long it is until then, in milliseconds;
 *   infinite if none does
 */
function nextTimeout (handle) {
  touchClock()
  command(handle, COMMAND_NEXT_TIMEOUT)
  const due = floats[FLOAT_NUMBERS]
  return { due, wait: Math.max(0, due - floats[FLOAT_NOW]) }
}

/**
 * Removes a request that has timed out; gives its key, or -1.
 * @param {number} due the time at which a timer that has fired was to: a test may move its timers
 *   but not the clock
 */
function takeTimedOut (handle, due) {
  touchClock()
  floats[FLOAT_NOW] = Math.max(floats[FLOAT_NOW], due)
  return keyOf(command(handle, COMMAND_TAKE_TIMED_OUT))
}

/** Sends a reject; gives the key of the peer's request that it settles, or -1. */
function reject (handle, piece, offset, length) {
  return keyOf(command(handle, COMMAND_REJECT, piece, offset, length))
}

/** Answers the peer's request of a key, as `piece` does; tells whether it was open. */
function answer (handle, key, block) {
  touchClock()
  return RESULT_DONE === (is(handle, STATE_TAKES_BLOCKS)
    ? transfer(handle, TRANSFER_ANSWER, block, key)
    : command(handle, COMMAND_ANSWER, key, block.length))
}

/** Opens a request that came while we choke; gives its key, or -1 if it waits or was refused. */
function admit (handle, piece, offset, length) {
  return keyOf(command(handle, COMMAND_ADMIT, piece, offset, length))
}

function toCount (bytes) {
  return bytes > 0 ? Math.min(bytes, 0xffffffff) : 0
}

/** Counts bytes that passed by another way; gives the download speed in bytes a second. */
function downloadSpeed (handle, bytes) {
  touchClock()
  command(handle, COMMAND_SPEEDS, toCount(bytes), 0)
  return floats[FLOAT_NUMBERS]
}

/** Counts bytes that passed by another way; gives the upload speed in bytes a second. */
function uploadSpeed (handle, bytes) {
  touchClock()
  command(handle, COMMAND_SPEEDS, 0, toCount(bytes))
  return floats[FLOAT_NUMBERS + 1]
}

module.exports = {
  REFUSED,
  request,
  cancel,
  /** Removes our request of a key without a word. */
  forgetRequest: toCommand(COMMAND_FORGET_REQUEST),
  /** Sets how long a request may stay open, in milliseconds; 0 for ever. */
  setTimeout: toCommand(COMMAND_SET_TIMEOUT),
  nextTimeout,
  takeTimedOut,
  reject,
  answer,
  /** Answers the peer's request of a key in the negative. */
  decline: toCommand(COMMAND_DECLINE),
  /** Drops the peer's request of a key without a word. */
  forgetPeerRequest: toCommand(COMMAND_FORGET_PEER_REQUEST),
  admit,
  /** Refuses a request that came while we choke. */
  refuse: toCommand(COMMAND_REFUSE),
  downloadSpeed,
  uploadSpeed
}
