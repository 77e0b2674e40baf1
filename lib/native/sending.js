'use strict'

/** What goes to the peer. What has no other result tells whether the wire is there. */

const { Buffer } = require('node:buffer')
const { page, touchClock, command, transfer, toCommand, keyOf } = require('./memory.js')
const { is, setState } = require('./wires.js')
const {
  COMMAND_ALLOWED_FAST, COMMAND_HAVE, COMMAND_HAVE_ALL, COMMAND_HAVE_NONE, COMMAND_HOLD_UNTIL_HANDSHAKE,
  COMMAND_INTERESTED, COMMAND_KEEP_ALIVE, COMMAND_NOT_INTERESTED, COMMAND_OUTPUT, COMMAND_PIECE, COMMAND_PORT,
  COMMAND_SET_UNDELIVERED, COMMAND_SUGGEST, COMMAND_UNCHOKE, RESERVED_DHT, RESERVED_EXTENDED, RESERVED_FAST,
  RESERVED_V2, RESULT_DONE, SLOT_NUMBERS, SLOT_RUN, STATE_AM_CHOKING, STATE_AM_INTERESTED, STATE_ENCRYPTED, STATE_TAKES_BLOCKS,
  TRANSFER_BITFIELD, TRANSFER_CHOKE, TRANSFER_ENCRYPTED_OUTPUT, TRANSFER_EXTENDED, TRANSFER_HANDSHAKE, TRANSFER_HASHES,
  TRANSFER_HASH_REJECT, TRANSFER_HASH_REQUEST, TRANSFER_OUTPUT, TRANSFER_PIECE
} = require('../load.js')

/** What is said of our own state holds for a wire that is closed as well, to itself. */
function toldState (handle, result, bit, isOn) {
  if (result === RESULT_DONE) return true
  setState(handle, bit, isOn)
  return false
}

/** @param {ArrayLike<number>} allowedFast pieces whose requests stay */
function choke (handle, allowedFast) {
  const pieces = new Uint8Array(Uint32Array.from(allowedFast).buffer)
  return toldState(handle, transfer(handle, TRANSFER_CHOKE, pieces), STATE_AM_CHOKING, true)
}

function unchoke (handle) {
  return toldState(handle, command(handle, COMMAND_UNCHOKE), STATE_AM_CHOKING, false)
}

function interested (handle) {
  return toldState(handle, command(handle, COMMAND_INTERESTED), STATE_AM_INTERESTED, true)
}

function notInterested (handle) {
  return toldState(handle, command(handle, COMMAND_NOT_INTERESTED), STATE_AM_INTERESTED, false)
}

/** @param {Uint8Array} identity 20 bytes of info hash, 20 of peer id */
function handshake (handle, identity, { dht, fast, extended, v2 }) {
  const bits = (dht ? RESERVED_DHT : 0) | (fast ? RESERVED_FAST : 0) | (extended ? RESERVED_EXTENDED : 0) |
    (v2 ? RESERVED_V2 : 0)
  return transfer(handle, TRANSFER_HANDSHAKE, identity, bits) === RESULT_DONE
}

function bitfield (handle, bits) {
  return transfer(handle, TRANSFER_BITFIELD, bits) === RESULT_DONE
}

/** @param {number} id of the extension at the peer; 0 is the extended handshake */
function extended (handle, id, bytes) {
  return transfer(handle, TRANSFER_EXTENDED, bytes, id) === RESULT_DONE
}

/** @param {import('../hash-range.js').HashRange} range (BEP 52), checked */
function hashRequest (handle, { piecesRoot, baseLayer, index, length, proofLayers }) {
  return transfer(handle, TRANSFER_HASH_REQUEST, piecesRoot, baseLayer, index, length, proofLayers) === RESULT_DONE
}

/** @param {Uint8Array} bytes the hashes of the range and their uncles */
function hashes (handle, { piecesRoot, baseLayer, index, length, proofLayers }, bytes) {
  return transfer(handle, TRANSFER_HASHES, bytes, baseLayer, index, length, proofLayers, piecesRoot) === RESULT_DONE
}

function hashReject (handle, { piecesRoot, baseLayer, index, length, proofLayers }) {
  return transfer(handle, TRANSFER_HASH_REJECT, piecesRoot, baseLayer, index, length, proofLayers) === RESULT_DONE
}

/**
 * Sends a block, or only its header where the caller is to send the block on: see `TAKES_BLOCKS`.
 * @param {{ settle (key: number, piece: number, offset: number, length: number): void }} peerRequests
 *   is told of the request that it settles; its key is -1 if it settles none
 */
function piece (handle, index, offset, block, peerRequests) {
  touchClock()
  const { length } = block
  const result = is(handle, STATE_TAKES_BLOCKS)
    ? transfer(handle, TRANSFER_PIECE, block, index, offset)
    : command(handle, COMMAND_PIECE, index, offset, length)
  if (result === RESULT_DONE) peerRequests.settle(keyOf(result), index, offset, length)
  return result === RESULT_DONE
}

/** How much is encrypted at a time, in bytes, if no message is longer: what one flush may write. */
const ENCRYPTED_LENGTH = 256 * 1024

/** What is given to the engine where no block follows. */
const NO_BLOCK = Buffer.alloc(0)

/**
 * Takes output in order: of a wire that is encrypted one chunk, else all that a call gives.
 * @param {Buffer[]} chunks is added to
 * @param {{ nextBlock (length: number): Buffer | null }} blocks gives the block of the caller's that
 *   comes next; `null` ends it
 * @returns {boolean} whether there was any
 */
function takeOutput (handle, chunks, blocks) {
  command(handle, COMMAND_OUTPUT)
  const count = page[SLOT_NUMBERS]
  if (count === 0) return false
  return is(handle, STATE_ENCRYPTED)
    ? takeEncrypted(handle, count, chunks, blocks)
    : takePlain(handle, count, chunks, blocks)
}

function takeEncrypted (handle, count, chunks, blocks) {
  const following = []
  let length = 0
  for (let i = 0; i < count && length < ENCRYPTED_LENGTH; i++) {
    const blockLength = page[SLOT_RUN + 2 * i + 1]
    const block = blockLength > 0 ? blocks.nextBlock(blockLength) : NO_BLOCK
    if (block === null) return false
    following.push(block)
    length += page[SLOT_RUN + 2 * i] + blockLength
  }
  const bytes = Buffer.allocUnsafe(length)
  let end = 0
  for (const block of following) {
    if (transfer(handle, TRANSFER_ENCRYPTED_OUTPUT, bytes, end, 0, 0, 0, block) !== RESULT_DONE) return false
    end = page[SLOT_NUMBERS]
  }
  chunks.push(bytes)
  return true
}

function takePlain (handle, count, chunks, blocks) {
  let length = 0
  for (let i = 0; i < count; i++) length += page[SLOT_RUN + 2 * i]
  const bytes = Buffer.allocUnsafe(length)
  // It leaves the run as it is.
  if (transfer(handle, TRANSFER_OUTPUT, bytes, count) !== RESULT_DONE) return false
  const { buffer, byteOffset } = bytes
  for (let i = 0, at = byteOffset; i < count; i++) {
    const segment = page[SLOT_RUN + 2 * i]
    chunks.push(count === 1 ? bytes : Buffer.from(buffer, at, segment))
    at += segment
    const blockLength = page[SLOT_RUN + 2 * i + 1]
    if (blockLength === 0) continue
    const block = blocks.nextBlock(blockLength)
    if (block === null) return false
    chunks.push(block)
  }
  return true
}

/**
 * Notes how many bytes of what was taken did not leave yet, and above how many the peer's requests wait.
 * @returns {boolean} whether `next` may find what was kept from it
 */
function setUndelivered (handle, bytes, highWater) {
  touchClock()
  command(handle, COMMAND_SET_UNDELIVERED, Math.min(bytes, 0xffffffff), highWater)
  return page[SLOT_NUMBERS] !== 0
}

module.exports = {
  /** Has what is said before our handshake wait for it. */
  holdUntilHandshake: toCommand(COMMAND_HOLD_UNTIL_HANDSHAKE),
  keepAlive: toCommand(COMMAND_KEEP_ALIVE),
  choke,
  unchoke,
  interested,
  notInterested,
  have: toCommand(COMMAND_HAVE),
  bitfield,
  piece,
  port: toCommand(COMMAND_PORT),
  suggest: toCommand(COMMAND_SUGGEST),
  haveAll: toCommand(COMMAND_HAVE_ALL),
  haveNone: toCommand(COMMAND_HAVE_NONE),
  allowedFast: toCommand(COMMAND_ALLOWED_FAST),
  handshake,
  extended,
  hashRequest,
  hashes,
  hashReject,
  takeOutput,
  setUndelivered
}
