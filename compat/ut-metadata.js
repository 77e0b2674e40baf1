'use strict'

const { EventEmitter } = require('node:events')

const {
  REQUEST, DATA, REJECT, PIECE_LENGTH, readMessage, writeRequest, writeAnswer, isSize, Pieces, matches
} = require('../extensions/support/metadata.js')
const { encode } = require('../lib/bencode.js')

/** How often metadata may come with the wrong hash. */
const MAX_ATTEMPTS = 3

/**
 * The extension for peers to send metadata files (BEP 9) as bittorrent-wire does it: it asks for a
 * piece at a time, also of a peer that does not say how much there is. What it sends it emits, as
 * `send(bytes)`.
 */
class UtMetadata extends EventEmitter {
  #infoHash
  /** The info dictionary. @type {Buffer | null} */
  #info = null
  /** In bytes; 0 until it is known. */
  #size = 0
  /** What has come; `null` until it is known how much it will be. @type {Pieces | null} */
  #pieces = null
  #isFetching = false
  #attempts = 0

  /** @param {Buffer} infoHash */
  constructor (infoHash) {
    super()
    this.#infoHash = infoHash.toString('hex')
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
    if (isSize(size) && !this.#isFetching) this.#size = size
  }

  /**
   * Has the metadata to give it away.
   * @param {object} info the info dictionary
   */
  setInfo (info) {
    this.#info = encode(info)
  }

  /** Asks the peer for the metadata. */
  fetch () {
    if (this.#info !== null || this.#isFetching) return
    this.#isFetching = true
    this.#attempts = 0
    this.#start()
  }

  /**
   * Takes a message of the peer.
   * @param {Buffer} payload
   * @returns {Buffer | null} the info dictionary, when it is complete
   */
  receive (payload) {
    const message = readMessage(payload)
    switch (message?.type) {
      case REQUEST:
        this.emit('send', writeAnswer(message.piece, this.#info))
        return null
      case DATA:
        return this.#onData(message.piece, message.data)
      case REJECT:
        this.#isFetching = false
        return null
      default:
        return null
    }
  }

  #start () {
    this.#pieces = this.#size === 0 ? null : new Pieces(this.#size)
    this.#request(0)
  }

  #onData (piece, data) {
    if (!this.#isFetching) return null
    // A peer that does not say how long the metadata are has one piece of it.
    if (this.#pieces === null && isSize(data.length) && data.length <= PIECE_LENGTH) this.#pieces = new Pieces(data.length)
    const [next] = this.#pieces?.missing ?? []
    if (piece !== next || !this.#pieces.add(piece, data)) return null
    if (this.#pieces.whole !== null) return this.#complete(this.#pieces.whole)
    this.#request(piece + 1)
    return null
  }

  #complete (bytes) {
    const info = Buffer.from(bytes.buffer)
    if (matches(info, this.#infoHash)) {
      this.#isFetching = false
      this.#info = info
      return info
    }
    if (++this.#attempts < MAX_ATTEMPTS) this.#start()
    else this.#isFetching = false
    return null
  }

  #request (piece) {
    this.emit('send', writeRequest(piece))
  }
}

module.exports = UtMetadata
