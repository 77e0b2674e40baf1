'use strict'

const { createHash } = require('node:crypto')
const { EventEmitter } = require('node:events')

const bencode = require('../lib/bencode.js')
const { bencodeDecode } = require('../lib/native/index.js')

const PIECE_LENGTH = 1 << 14

/** Ten million bytes, as the npm package ut_metadata has it. */
const MAX_SIZE = 1e7

/** How often metadata may come with the wrong hash. */
const MAX_ATTEMPTS = 3

const REQUEST = 0
const DATA = 1
const REJECT = 2

/**
 * The extension for peers to send metadata files (BEP 9), one end of it. What it sends it emits,
 * as `send(bytes)`.
 *
 * The npm packages for it are no ECMAScript modules only up to ut_metadata 3, and a peer can hang
 * all of them: their bencode takes a string's length to be negative.
 */
class UtMetadata extends EventEmitter {
  #infoHash
  /** The info dictionary. @type {Buffer | null} */
  #info = null
  /** In bytes; 0 until it is known. */
  #size = 0
  /** What has come, in order. @type {Buffer[]} */
  #pieces = []
  #isFetching = false
  #attempts = 0

  /** @param {Buffer} infoHash */
  constructor (infoHash) {
    super()
    this.#infoHash = infoHash
  }

  /** How long the info dictionary is, in bytes; 0 if it is not here. */
  get size () {
    return this.#info === null ? 0 : this.#info.length
  }

  /**
   * Notes how long the metadata is.
   * @param {number} size in bytes
   */
  expect (size) {
    if (Number.isInteger(size) && size > 0 && size <= MAX_SIZE && this.#pieces.length === 0) this.#size = size
  }

  /**
   * Has the metadata to give it away.
   * @param {object} info the info dictionary
   */
  setInfo (info) {
    this.#info = bencode.encode(info)
  }

  /** Asks the peer for the metadata, a piece at a time. */
  fetch () {
    if (this.#info !== null || this.#isFetching) return
    this.#isFetching = true
    this.#pieces = []
    this.#attempts = 0
    this.#requestNext()
  }

  /**
   * Takes a message of the peer.
   * @param {Buffer} payload
   * @returns {Buffer | null} the info dictionary, when it is complete
   */
  receive (payload) {
    const message = readMessage(payload)
    switch (message?.msg_type) {
      case REQUEST:
        this.#onRequest(message.piece)
        return null
      case DATA:
        return this.#onData(message.piece, payload.subarray(payload.indexOf('ee') + 2))
      case REJECT:
        this.#isFetching = false
        return null
      default:
        return null
    }
  }

  #onRequest (piece) {
    const start = piece * PIECE_LENGTH
    if (start >= this.size) return this.#send({ msg_type: REJECT, piece })
    const data = this.#info.subarray(start, start + PIECE_LENGTH)
    this.#send({ msg_type: DATA, piece, total_size: this.size }, data)
  }

  #onData (piece, data) {
    if (!this.#isFetching || piece !== this.#pieces.length || data.length !== this.#lengthOf(piece, data)) return null
    this.#pieces.push(Buffer.from(data))
    if (this.#pieces.length < this.#count) {
      this.#requestNext()
      return null
    }
    return this.#complete()
  }

  #complete () {
    const info = Buffer.concat(this.#pieces)
    this.#pieces = []
    if (createHash('sha1').update(info).digest().equals(this.#infoHash)) {
      this.#isFetching = false
      this.#info = info
      return info
    }
    if (++this.#attempts < MAX_ATTEMPTS) this.#requestNext()
    else this.#isFetching = false
    return null
  }

  /** How many pieces there are: a peer that does not say how long they are has one. */
  get #count () {
    return Math.max(1, Math.ceil(this.#size / PIECE_LENGTH))
  }

  #lengthOf (piece, data) {
    return this.#size === 0
      ? Math.min(data.length, PIECE_LENGTH)
      : Math.min(this.#size - piece * PIECE_LENGTH, PIECE_LENGTH)
  }

  #requestNext () {
    this.#send({ msg_type: REQUEST, piece: this.#pieces.length })
  }

  #send (message, data = Buffer.alloc(0)) {
    this.emit('send', Buffer.concat([bencode.encode(message), data]))
  }
}

/** @returns {{ msg_type: number, piece: number } | null} */
function readMessage (payload) {
  try {
    const message = bencodeDecode(payload)
    return Number.isInteger(message.piece) && message.piece >= 0 ? message : null
  } catch {
    return null
  }
}

module.exports = UtMetadata
