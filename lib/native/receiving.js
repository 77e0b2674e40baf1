'use strict'

/** What comes from the peer: chunks in, one message after the other out. */

const { Buffer } = require('node:buffer')
const { GONE, engine, page, touchClock, transfer, toCommand, callTransfer } = require('./memory.js')
const {
  COMMAND_RELIEVE, EVENT_ALLOWED_FAST, EVENT_BITFIELD, EVENT_CANCEL, EVENT_CHOKE, EVENT_CRYPTO_HANDSHAKE,
  EVENT_CRYPTO_INFO_HASH, EVENT_EXTENDED, EVENT_EXTENDED_HANDSHAKE, EVENT_GONE, EVENT_HANDSHAKE, EVENT_HASHES,
  EVENT_HASH_REJECT, EVENT_HASH_REQUEST, EVENT_HAVE, EVENT_HAVE_ALL, EVENT_HAVE_NONE, EVENT_INTERESTED,
  EVENT_KEEP_ALIVE, EVENT_NONE, EVENT_NOT_INTERESTED, EVENT_PIECE, EVENT_PORT, EVENT_REJECT, EVENT_REQUEST,
  EVENT_REQUEST_WHILE_CHOKING, EVENT_SUGGEST, EVENT_UNCHOKE, EVENT_UNKNOWN, EVENT_VIOLATION, NONE, RESERVED_DHT,
  RESERVED_EXTENDED, RESERVED_FAST, RESERVED_V2, RESULT_DONE, SLOT_COMMAND, SLOT_GENERATION, SLOT_NUMBERS,
  SLOT_RESULT, SLOT_RUN, SLOT_WIRE, TRANSFER_BODY, TRANSFER_RECEIVE
} = require('../load.js')

const callPoll = engine.poll()

/**
 * Frames a chunk.
 * @param {Buffer} bytes
 * @param {number} collected how many bytes of a cut payload came before without the engine's knowing
 * @param {{ onFramed (consumed: number, head: number, tailStart: number, tailLength: number): void, onGone (): void }} receiver
 *   is told how many bytes were framed, how many at the start belong to the payload under collection,
 *   where one begins that is to be collected, and how long that is (0 if there is none)
 */
function receive (handle, bytes, collected, receiver) {
  if (transfer(handle, TRANSFER_RECEIVE, bytes, collected) !== RESULT_DONE) return receiver.onGone()
  receiver.onFramed(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], page[SLOT_NUMBERS + 2],
    page[SLOT_NUMBERS + 3])
}

/** `next`: a message was applied, and more may come. */
const APPLIED = -1
/** Bits of what `next` gives where no message is left: what waits to be sent, and why more waits. */
const HAS_OUTPUT = 1
const IS_PAUSED = 2
const HAS_WAITING = 4

/**
 * Applies the next message of a wire and tells the receiver of it.
 * @param {InstanceType<import('./wires.js').Handle>} handle
 * @param {import('../receiving/receiver.js')} receiver
 * @returns {number} `APPLIED`, `GONE`, or some of the bits
 */
function next (handle, receiver) {
  touchClock()
  page[SLOT_WIRE] = handle.index
  page[SLOT_GENERATION] = handle.generation
  callPoll()
  switch (page[SLOT_RESULT]) {
    case EVENT_GONE: return GONE
    case EVENT_NONE:
      return (page[SLOT_NUMBERS] !== 0 ? HAS_OUTPUT : 0) |
        (page[SLOT_NUMBERS + 1] !== 0 ? IS_PAUSED : 0) |
        (page[SLOT_NUMBERS + 2] !== 0 ? HAS_WAITING : 0)
    case EVENT_PIECE:
      receiver.onPiece(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], page[SLOT_NUMBERS + 2],
        place(SLOT_NUMBERS + 3), page[SLOT_NUMBERS + 4] !== 0, place(SLOT_NUMBERS + 5))
      break
    case EVENT_HAVE:
      receiver.onHaves(run(page[SLOT_NUMBERS]))
      break
    case EVENT_REQUEST:
      receiver.onRequest(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], page[SLOT_NUMBERS + 2],
        page[SLOT_NUMBERS + 3])
      break
    case EVENT_REQUEST_WHILE_CHOKING:
      receiver.onRequestWhileChoking(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], page[SLOT_NUMBERS + 2])
      break
    case EVENT_CANCEL:
      receiver.onCancel(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], page[SLOT_NUMBERS + 2],
        place(SLOT_NUMBERS + 3))
      break
    case EVENT_REJECT:
      receiver.onReject(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], page[SLOT_NUMBERS + 2],
        place(SLOT_NUMBERS + 3), page[SLOT_NUMBERS + 4] !== 0)
      break
    case EVENT_EXTENDED:
      receiver.onExtended(page[SLOT_NUMBERS], page[SLOT_NUMBERS + 1], place(SLOT_NUMBERS + 2))
      break
    case EVENT_CHOKE: receiver.onChoke(); break
    case EVENT_UNCHOKE: receiver.onUnchoke(); break
    case EVENT_INTERESTED: receiver.onInterested(); break
    case EVENT_NOT_INTERESTED: receiver.onUninterested(); break
    case EVENT_KEEP_ALIVE: receiver.onKeepAlive(); break
    case EVENT_PORT: receiver.onPort(page[SLOT_NUMBERS]); break
    case EVENT_SUGGEST: receiver.onSuggest(page[SLOT_NUMBERS]); break
    case EVENT_HAVE_ALL: receiver.onHaveAll(); break
    case EVENT_HAVE_NONE: receiver.onHaveNone(); break
    case EVENT_ALLOWED_FAST: receiver.onAllowedFast(page[SLOT_NUMBERS]); break
    case EVENT_BITFIELD: receiver.onBitfield(body()); break
    case EVENT_UNKNOWN: receiver.onUnknown(body()); break
    case EVENT_EXTENDED_HANDSHAKE: {
      const bytes = body()
      const { dictionary, changes } = engine.takeExtendedHandshake()
      receiver.onExtendedHandshake(bytes, dictionary, changes)
      break
    }
    case EVENT_HANDSHAKE: {
      const bits = page[SLOT_NUMBERS + 1]
      const bytes = body()
      const extensions = {
        dht: (bits & RESERVED_DHT) !== 0,
        fast: (bits & RESERVED_FAST) !== 0,
        extended: (bits & RESERVED_EXTENDED) !== 0
      }
      // Not enumerable: callers compare what 5.0.9 gives.
      Object.defineProperty(extensions, 'v2', { value: (bits & RESERVED_V2) !== 0 })
      receiver.onHandshake(bytes.subarray(0, 20), bytes.subarray(20), extensions)
      break
    }
    case EVENT_HASH_REQUEST: receiver.onHashRequest(hashRange()); break
    case EVENT_HASH_REJECT: receiver.onHashReject(hashRange()); break
    case EVENT_HASHES: {
      const length = page[SLOT_NUMBERS + 5]
      const start = place(SLOT_NUMBERS + 6)
      receiver.onHashes(hashRange(), length, start)
      break
    }
    case EVENT_CRYPTO_INFO_HASH: receiver.onCryptoInfoHash(body()); break
    case EVENT_CRYPTO_HANDSHAKE: {
      const method = page[SLOT_NUMBERS + 1]
      receiver.onCryptoHandshake(method, body())
      break
    }
    case EVENT_VIOLATION: receiver.onViolation(engine.takeViolation()); break
  }
  return APPLIED
}

/** A number of the result that may be none. */
function place (slot) {
  const number = page[slot]
  return number === NONE ? -1 : number
}

/** @returns {import('../hashes/hash-range.js').HashRange} that the event names */
function hashRange () {
  const baseLayer = page[SLOT_NUMBERS + 1]
  const index = page[SLOT_NUMBERS + 2]
  const length = page[SLOT_NUMBERS + 3]
  const proofLayers = page[SLOT_NUMBERS + 4]
  return { piecesRoot: body(), baseLayer, index, length, proofLayers }
}

/** The first numbers of the run. */
function run (length) {
  const numbers = new Array(length)
  for (let i = 0; i < length; i++) numbers[i] = page[SLOT_RUN + i]
  return numbers
}

/** The bytes that came with the event. */
function body () {
  const bytes = Buffer.allocUnsafeSlow(page[SLOT_NUMBERS])
  page[SLOT_COMMAND] = TRANSFER_BODY
  callTransfer(bytes)
  return bytes
}

module.exports = {
  GONE,
  APPLIED,
  HAS_OUTPUT,
  IS_PAUSED,
  HAS_WAITING,
  receive,
  next,
  /** Reads a little more though reading is paused: nothing has left for a while. */
  relieve: toCommand(COMMAND_RELIEVE)
}
