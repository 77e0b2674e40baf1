'use strict'

const { EventEmitter } = require('node:events')

const { toBytes } = require('../lib/arguments.js')
const { typeError } = require('../lib/errors.js')
const {
  REQUEST, DATA, REJECT, readMessage, writeRequest, writeAnswer, isSize, Pieces, matches, findInfo, decodeInfo, wrapInfo
} = require('./support/metadata.js')
const peerSpeaks = require('./support/peer-speaks.js')

/** How often a peer may say another size of the metadata before that does not count any more. */
const MAX_NEW_SIZES = 3

/**
 * The extension for peers to send metadata files (BEP 9), on one wire: see ut_metadata.d.ts.
 *
 * What comes from the peer is read by the engine's bounded bencode. Metadata are hashed at once when
 * they are whole: none of their bytes can change between that and their use.
 */
class UtMetadata extends EventEmitter {
  #wire
  /** @type {string | null} */
  #infoHash = null
  #isFetching = false
  /** What is to come from the peer; `null` until it has said how much it is. @type {Pieces | null} */
  #pieces = null
  #newSizes = 0
  /** How often a piece is asked for again. */
  #remainingRejects = 0

  constructor (wire, metadata) {
    super()
    this.#wire = wire
    /** The info dictionary. @type {Uint8Array | null} */
    this.metadata = null
    if (metadata !== null) this.#have(metadata)
  }

  onHandshake (infoHash) {
    this.#infoHash = infoHash
  }

  onExtendedHandshake (handshake) {
    const size = handshake.metadata_size
    if (!handshake.m?.ut_metadata) return this.#warn('Peer does not support ut_metadata')
    if (!size) return this.#warn('Peer does not have metadata')
    if (!isSize(size)) return this.#warn('Peer gave invalid metadata size')
    // What was asked for once is not asked for again because the peer says the same once more.
    if (this.#pieces?.size === size) return
    if (this.#pieces !== null && ++this.#newSizes > MAX_NEW_SIZES) return
    this.#pieces = new Pieces(size)
    this.#remainingRejects = 2 * this.#pieces.count
    this.#requestMissing()
  }

  onMessage (payload) {
    const message = readMessage(toBytes(payload, 'payload'))
    switch (message?.type) {
      case REQUEST: return this.#send(writeAnswer(message.piece, this.metadata))
      case DATA: return this.#onData(message.piece, message.data)
      case REJECT: return this.#onReject(message.piece)
    }
  }

  fetch () {
    if (this.metadata !== null) return
    this.#isFetching = true
    this.#requestMissing()
  }

  cancel () {
    this.#isFetching = false
  }

  async setMetadata (metadata) {
    const bytes = toBytes(metadata, 'metadata')
    if (this.metadata !== null) return true
    const info = findInfo(bytes, this.#infoHash)
    if (info === null) return false
    this.#have(info)
    // As with the npm package: nobody hears of it within the call.
    if (this.#infoHash !== null) await null
    this.emit('metadata', wrapInfo(info))
    return true
  }

  /** @param {Uint8Array} info which is sound */
  #have (info) {
    this.cancel()
    this.#pieces = null
    this.metadata = new Uint8Array(info.buffer, info.byteOffset, info.byteLength)
    this.#wire.extendedHandshake.metadata_size = info.byteLength
  }

  #onData (piece, data) {
    if (!this.#isExpected(piece)) return
    if (!this.#pieces.add(piece, data)) return this.#onReject(piece)
    const info = this.#pieces.whole
    if (info === null) return
    if (this.#infoHash !== null && matches(info, this.#infoHash) && decodeInfo(info) !== null) this.#finish(info)
    else this.#startAgain()
  }

  #onReject (piece) {
    if (!this.#isExpected(piece)) return
    if (this.#remainingRejects-- > 0) this.#request(piece)
    else this.#giveUp('Peer sent "reject" too much')
  }

  #isExpected (piece) {
    return this.#isFetching && this.#pieces !== null && this.#pieces.isMissing(piece)
  }

  async #finish (info) {
    this.#have(info)
    // What a listener throws is the application's own, and no fault of the peer.
    await null
    this.emit('metadata', wrapInfo(info))
  }

  #startAgain () {
    this.#pieces = new Pieces(this.#pieces.size)
    this.#remainingRejects -= this.#pieces.count
    if (this.#remainingRejects > 0) this.#requestMissing()
    else this.#giveUp('Peer sent invalid metadata')
  }

  #giveUp (message) {
    this.cancel()
    this.#warn(message)
  }

  #requestMissing () {
    if (!this.#isFetching || this.#pieces === null) return
    for (const piece of this.#pieces.missing) this.#request(piece)
  }

  #request (piece) {
    this.#send(writeRequest(piece))
  }

  #send (message) {
    if (peerSpeaks(this.#wire, this.name)) this.#wire.extended(this.name, message)
  }

  #warn (message) {
    this.emit('warning', new Error(message))
  }
}

/**
 * @param {ArrayBufferView=} metadata a torrent file, or its info dictionary, to give away
 * @returns {typeof UtMetadata} for `wire.use`
 */
function utMetadata (metadata) {
  const info = metadata == null ? null : findInfo(toBytes(metadata, 'metadata'), null)
  if (info === null && metadata != null) throw typeError('metadata must be a torrent file or an info dictionary')

  return class extends UtMetadata {
    constructor (wire) {
      super(wire, info)
    }
  }
}

Object.defineProperty(UtMetadata.prototype, 'name', { value: 'ut_metadata', writable: true, configurable: true })

module.exports = utMetadata
module.exports.default = utMetadata
