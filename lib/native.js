'use strict'

/**
 * The Rust engine, opened once for this copy of the module, and the only module that touches the
 * memory which it shares with Rust. Functions in, results out: each writes its arguments, calls, and
 * reads what it gives before any other code can run. A wire is named by a handle; one that is gone
 * gives `GONE`, no message, no output, and never another wire's.
 */

const { Buffer } = require('node:buffer')
const binding = require('./load.js')

const {
  CENSUS_COUNTS, CENSUS_LENGTH, CENSUS_NAME, COMMAND_ADMIT, COMMAND_ALLOWED_FAST, COMMAND_ANSWER, COMMAND_CANCEL, COMMAND_CLOSE,
  COMMAND_DECLINE, COMMAND_FORGET_PEER_REQUEST, COMMAND_FORGET_REQUEST, COMMAND_HAVE,
  COMMAND_HAVE_ALL, COMMAND_HAVE_NONE, COMMAND_INTERESTED, COMMAND_KEEP_ALIVE,
  COMMAND_NEXT_TIMEOUT, COMMAND_NOT_INTERESTED, COMMAND_OUTPUT, COMMAND_PIECE, COMMAND_PORT,
  COMMAND_REFUSE, COMMAND_REJECT, COMMAND_RELEASE_PLAINTEXT, COMMAND_RELIEVE, COMMAND_REQUEST, COMMAND_SET_STATE,
  COMMAND_SET_TIMEOUT, COMMAND_SET_UNDELIVERED, COMMAND_SPEEDS, COMMAND_SUGGEST,
  COMMAND_TAKE_TIMED_OUT, COMMAND_UNCHOKE, EVENT_ALLOWED_FAST, EVENT_BITFIELD, EVENT_CANCEL,
  EVENT_CHOKE, EVENT_CRYPTO_HANDSHAKE, EVENT_CRYPTO_INFO_HASH, EVENT_EXTENDED,
  EVENT_EXTENDED_HANDSHAKE, EVENT_GONE, EVENT_HANDSHAKE, EVENT_HASHES, EVENT_HASH_REJECT,
  EVENT_HASH_REQUEST, EVENT_HAVE, EVENT_HAVE_ALL, EVENT_HAVE_NONE,
  EVENT_INTERESTED, EVENT_KEEP_ALIVE, EVENT_NONE, EVENT_NOT_INTERESTED, EVENT_PIECE, EVENT_PORT,
  EVENT_REJECT, EVENT_REQUEST, EVENT_REQUEST_WHILE_CHOKING, EVENT_SUGGEST, EVENT_UNCHOKE,
  EVENT_UNKNOWN, EVENT_VIOLATION, FLOAT_NOW, FLOAT_NUMBERS, NONE, OPEN_ENCRYPT,
  OPEN_INITIAL_PAYLOAD, OPEN_INITIATOR, OPEN_RC4_ONLY, OPEN_REQUIRE, PAGE_LENGTH, RESERVED_DHT,
  RESERVED_EXTENDED, RESERVED_FAST, RESERVED_V2, RESULT_CHOKED, RESULT_DONE, RESULT_GONE,
  SLOT_ARGUMENTS, SLOT_COMMAND, SLOT_GENERATION, SLOT_NUMBERS, SLOT_RESULT,
  SLOT_RUN, SLOT_WIRE, STATE_AM_CHOKING, STATE_AM_INTERESTED, STATE_ENCRYPTED, STATE_FAST,
  STATE_LENGTH, STATE_NEGOTIATING, STATE_OVERRIDES, STATE_PEER_CHOKING, STATE_PEER_INTERESTED,
  STATE_TAKES_BLOCKS, TRANSFER_ANSWER, TRANSFER_BITFIELD, TRANSFER_BODY, TRANSFER_CHOKE,
  TRANSFER_DECRYPT, TRANSFER_EXTENDED, TRANSFER_HANDSHAKE, TRANSFER_HASHES,
  TRANSFER_HASH_REJECT, TRANSFER_HASH_REQUEST, TRANSFER_NEGOTIATE, TRANSFER_OUTPUT,
  TRANSFER_CENSUS, TRANSFER_PIECE, TRANSFER_RECEIVE, TRANSFER_SET_INFO_HASH, TRANSFER_START_ENCRYPTION
} = binding

/** How many wires the states have room for at first. */
const FIRST_STATES = 64

const { nextTick } = process

/** There is no such wire. */
const GONE = -2
/** The peer is choking. */
const REFUSED = -1

const page = new Uint32Array(PAGE_LENGTH)
const floats = new Float64Array(page.buffer)
let states = new Uint32Array(FIRST_STATES * STATE_LENGTH)
const engine = new binding.Engine(page, states)
const callOpen = engine.open()
const callClose = engine.close()
const callPoll = engine.poll()
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

/**
 * The names of the wires that are open, by index. They lead to no wire: one that its owner has lost is
 * collected all the same, and closed then.
 * @type {(Handle | null)[]}
 */
const handles = []

/** The name of a wire. */
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
 * @param {import('./options.js').Options} options
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
    if (page[SLOT_WIRE] !== NONE) return (handles[page[SLOT_WIRE]] = new Handle(page[SLOT_WIRE], page[SLOT_GENERATION], type))
    const grown = new Uint32Array(states.length * 2)
    engine.growStates(grown)
    states = grown
  }
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

/** What is said of our own state holds for a wire that is closed as well, to itself. */
function toldState (handle, isSent, bit, isOn) {
  if (!isSent) setState(handle, bit, isOn)
  return isSent
}

function command (handle, what, a = 0, b = 0, c = 0, d = 0) {
  page[SLOT_WIRE] = handle.index
  page[SLOT_GENERATION] = handle.generation
  page[SLOT_COMMAND] = what
  page[SLOT_ARGUMENTS] = a
  page[SLOT_ARGUMENTS + 1] = b
  page[SLOT_ARGUMENTS + 2] = c
  page[SLOT_ARGUMENTS + 3] = d
  callCommand()
  return page[SLOT_RESULT]
}

function transfer (handle, what, bytes, a = 0, b = 0, c = 0, d = 0, source = undefined) {
  page[SLOT_WIRE] = handle.index
  page[SLOT_GENERATION] = handle.generation
  page[SLOT_COMMAND] = what
  page[SLOT_ARGUMENTS] = a
  page[SLOT_ARGUMENTS + 1] = b
  page[SLOT_ARGUMENTS + 2] = c
  page[SLOT_ARGUMENTS + 3] = d
  if (source === undefined) callTransfer(bytes)
  else callTransfer(bytes, source)
  return page[SLOT_RESULT]
}

/** The key that a command gave, or -1. */
function keyOf (result) {
  return result === RESULT_DONE && page[SLOT_NUMBERS] !== NONE ? page[SLOT_NUMBERS] : -1
}

//
// SENDING. What has no other result gives whether the wire is there.
//

function keepAlive (handle) {
  return command(handle, COMMAND_KEEP_ALIVE) === RESULT_DONE
}

/** @param {ArrayLike<number>} allowedFast pieces whose requests stay */
function choke (handle, allowedFast) {
  const pieces = Uint32Array.from(allowedFast)
  const isSent = transfer(handle, TRANSFER_CHOKE, new Uint8Array(pieces.buffer)) === RESULT_DONE
  return toldState(handle, isSent, STATE_AM_CHOKING, true)
}

function unchoke (handle) {
  return toldState(handle, command(handle, COMMAND_UNCHOKE) === RESULT_DONE, STATE_AM_CHOKING, false)
}

function interested (handle) {
  return toldState(handle, command(handle, COMMAND_INTERESTED) === RESULT_DONE, STATE_AM_INTERESTED, true)
}

function notInterested (handle) {
  return toldState(handle, command(handle, COMMAND_NOT_INTERESTED) === RESULT_DONE, STATE_AM_INTERESTED, false)
}

function have (handle, index) {
  return command(handle, COMMAND_HAVE, index) === RESULT_DONE
}

function port (handle, number) {
  return command(handle, COMMAND_PORT, number) === RESULT_DONE
}

function suggest (handle, index) {
  return command(handle, COMMAND_SUGGEST, index) === RESULT_DONE
}

function haveAll (handle) {
  return command(handle, COMMAND_HAVE_ALL) === RESULT_DONE
}

function haveNone (handle) {
  return command(handle, COMMAND_HAVE_NONE) === RESULT_DONE
}

function allowedFast (handle, index) {
  return command(handle, COMMAND_ALLOWED_FAST, index) === RESULT_DONE
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

/** @param {import('./hashes/hash-range.js').HashRange} range (BEP 52), checked */
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

/** Sends a reject; gives the key of the peer's request that it settles, or -1. */
function reject (handle, piece, offset, length) {
  return keyOf(command(handle, COMMAND_REJECT, piece, offset, length))
}

/**
 * Sends a block, or only its header where the caller is to send the block on: see `TAKES_BLOCKS`.
 * @param {{ settle (key: number, piece: number, offset: number, length: number): void }} peerRequests
 *   is told of the request that it settles; its key is -1 if it settles none
 * @returns {boolean} whether the wire is there
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

/** Answers the peer's request of a key likewise; tells whether it was open. */
function answer (handle, key, block) {
  touchClock()
  return RESULT_DONE === (is(handle, STATE_TAKES_BLOCKS)
    ? transfer(handle, TRANSFER_ANSWER, block, key)
    : command(handle, COMMAND_ANSWER, key, block.length))
}

/** Answers the peer's request of a key in the negative. */
function decline (handle, key) {
  return command(handle, COMMAND_DECLINE, key) === RESULT_DONE
}

/** Drops the peer's request of a key without a word. */
function forgetPeerRequest (handle, key) {
  return command(handle, COMMAND_FORGET_PEER_REQUEST, key) === RESULT_DONE
}

/** Opens a request that came while we choke; gives its key, or -1 if it waits or was refused. */
function admit (handle, piece, offset, length) {
  return keyOf(command(handle, COMMAND_ADMIT, piece, offset, length))
}

/** Refuses a request that came while we choke. */
function refuse (handle, piece, offset, length) {
  command(handle, COMMAND_REFUSE, piece, offset, length)
}

/** Removes our request of a key without a word. */
function forgetRequest (handle, key) {
  command(handle, COMMAND_FORGET_REQUEST, key)
}

/** Reads a little more though reading is paused: nothing has left for a while. */
function relieve (handle) {
  command(handle, COMMAND_RELIEVE)
}

/** Nothing is applied or sent any more; what is to be sent may still be taken. */
function stop (handle) {
  command(handle, COMMAND_CLOSE)
}

/** Lets go in plaintext what waits for a crypto handshake that was never begun. */
function releasePlaintext (handle) {
  return command(handle, COMMAND_RELEASE_PLAINTEXT) === RESULT_DONE
}

//
// OUTPUT
//

/**
 * Takes output in order.
 * @param {Buffer[]} chunks is added to
 * @param {{ nextBlock (): Buffer }} blocks gives the block of the caller's that comes next
 * @returns {boolean} whether there was any
 */
function takeOutput (handle, chunks, blocks) {
  command(handle, COMMAND_OUTPUT)
  const count = page[SLOT_NUMBERS]
  if (count === 0) return false
  let length = 0
  for (let i = 0; i < count; i++) length += page[SLOT_RUN + 2 * i]
  const bytes = Buffer.allocUnsafe(length)
  // It leaves the run as it is.
  if (transfer(handle, TRANSFER_OUTPUT, bytes, count) !== RESULT_DONE) return false
  const { buffer, byteOffset } = bytes
  for (let i = 0, at = byteOffset; i < count; i++) {
    const segment = page[SLOT_RUN + 2 * i]
    chunks.push(count === 1 ? bytes : Buffer.from(buffer, at, segment))
    if (page[SLOT_RUN + 2 * i + 1] > 0) chunks.push(blocks.nextBlock())
    at += segment
  }
  return true
}

/**
 * Notes how many bytes of what was taken did not leave yet.
 * @returns {boolean} whether `next` may find what was kept from it
 */
function setUndelivered (handle, bytes) {
  touchClock()
  command(handle, COMMAND_SET_UNDELIVERED, Math.min(bytes, 0xffffffff))
  return page[SLOT_NUMBERS] !== 0
}

//
// RECEIVING
//

/**
 * Frames a chunk.
 * @param {Buffer} bytes
 * @param {number} collected how many bytes of a cut payload came before without the engine's knowing
 * @param {{ onFramed (consumed: number, head: number, tailStart: number, tailLength: number): void, onGone (): void }} receiver is told how many bytes were framed, how many at the start
 *   belong to the payload under collection, where one begins that is to be collected, and how long
 *   that is (0 if there is none)
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
 * @param {Handle} handle
 * @param {import('./receiving/receiver.js')} receiver
 * @returns {number} `APPLIED`, or some of the bits
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

/** @returns {import('./hashes/hash-range.js').HashRange} that the event names */
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

//
// TIMEOUTS, SPEEDS AND COUNTERS
//

/** @param {number} ms how long a request may stay open; 0 for ever */
function setTimeoutOf (handle, ms) {
  command(handle, COMMAND_SET_TIMEOUT, ms)
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

//
// THE CRYPTO HANDSHAKE
//

/**
 * What an input of the crypto handshake did.
 * @typedef {{ used: number, hasJob: boolean, hasEvents: boolean }} Negotiated
 */

/** @returns {Negotiated} */
function negotiate (handle, bytes) {
  return negotiated(transfer(handle, TRANSFER_NEGOTIATE, bytes))
}

/** @returns {Negotiated} */
function startEncryption (handle, infoHash) {
  return negotiated(transfer(handle, TRANSFER_START_ENCRYPTION, infoHash))
}

/** @returns {Negotiated} */
function setInfoHash (handle, infoHash) {
  return negotiated(transfer(handle, TRANSFER_SET_INFO_HASH, infoHash))
}

function negotiated (result) {
  if (result === RESULT_GONE) return { used: 0, hasJob: false, hasEvents: false }
  return {
    used: page[SLOT_NUMBERS],
    hasJob: page[SLOT_NUMBERS + 1] !== 0,
    hasEvents: page[SLOT_NUMBERS + 2] !== 0
  }
}

/** @returns {Promise<unknown> | null} the key agreement that waits, done by the thread pool */
function agree ({ index, generation }) {
  return engine.agree(index, generation)
}

/** Takes the result of `agree`. */
function agreed ({ index, generation }, agreement) {
  engine.agreed(index, generation, agreement)
}

/**
 * Decrypts what arrived.
 * @param {Buffer} plain is filled; as long as `bytes`
 * @returns {Buffer} `plain`
 */
function decrypt (handle, bytes, plain) {
  transfer(handle, TRANSFER_DECRYPT, plain, 0, 0, 0, 0, bytes)
  return plain
}

/** How many wires hold native memory: for tests. */
function countWires () {
  return engine.wires
}

module.exports = {
  APPLIED,
  GONE,
  REFUSED,
  HAS_OUTPUT,
  IS_PAUSED,
  HAS_WAITING,
  AM_CHOKING: STATE_AM_CHOKING,
  AM_INTERESTED: STATE_AM_INTERESTED,
  PEER_CHOKING: STATE_PEER_CHOKING,
  PEER_INTERESTED: STATE_PEER_INTERESTED,
  FAST: STATE_FAST,
  TAKES_BLOCKS: STATE_TAKES_BLOCKS,
  ENCRYPTED: STATE_ENCRYPTED,
  NEGOTIATING: STATE_NEGOTIATING,
  CENSUS_COUNTS,
  CENSUS_LENGTH,
  CENSUS_NAME,
  Handle,
  admit,
  agree,
  agreed,
  allowedFast,
  allowedFastSet,
  answer,
  bencodeDecode: binding.bencodeDecode,
  bitfield,
  cancel,
  census,
  choke,
  close,
  countWires,
  decline,
  decrypt,
  downloadSpeed,
  extended,
  forgetPeerRequest,
  forgetRequest,
  handshake,
  hashReject,
  hashRequest,
  hashes,
  have,
  haveAll,
  haveNone,
  interested,
  is,
  isSoundUtMetadata: binding.isSoundUtMetadata,
  isSoundUtPex: binding.isSoundUtPex,
  keepAlive,
  negotiate,
  next,
  nextTimeout,
  notInterested,
  open,
  piece,
  port,
  receive,
  refuse,
  reject,
  releasePlaintext,
  relieve,
  request,
  setInfoHash,
  setState,
  setTimeout: setTimeoutOf,
  setUndelivered,
  skeyHashHex: binding.skeyHashHex,
  startEncryption,
  statistics,
  stop,
  suggest,
  takeOutput,
  takeTimedOut,
  unchoke,
  uploadSpeed
}
