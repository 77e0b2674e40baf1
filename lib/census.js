'use strict'

const { Buffer } = require('node:buffer')
const { inspect } = require('node:util')
const native = require('./native/index.js')

const { CENSUS_COUNTS, CENSUS_LENGTH, CENSUS_NAME, messageKinds } = native

/** The names of the kinds of messages, in the order of the counts. */
const KINDS = messageKinds()

/** The members of a row that are numbers, by their places in it. */
const PLACES = {
  age: 2,
  downloadSpeed: 3,
  uploadSpeed: 4,
  requests: 5,
  peerRequests: 6,
  waitingRequests: 7,
  unsent: 8,
  unsolicitedPieces: 9,
  unsolicitedBytes: 10,
  refusedRequests: 11
}
/** Likewise, the bits of the state. */
const STATES = {
  amChoking: native.AM_CHOKING,
  amInterested: native.AM_INTERESTED,
  peerChoking: native.PEER_CHOKING,
  peerInterested: native.PEER_INTERESTED,
  hasFast: native.FAST,
  isEncrypted: native.ENCRYPTED
}
const STATE = 1
const RECEIVED = 12
const SENT = 15
const HAS_HANDSHAKE = 18

const INFO_HASH = CENSUS_NAME * 8
const PEER_ID = INFO_HASH + 20

/**
 * What a wire had come to at a time. All numbers of a census are in one array, from which a member is
 * read when it is asked for: a process has hundreds of wires with sixty numbers each.
 */
class WireSnapshot {
  #floats
  #at

  constructor (type, floats, at) {
    this.type = type
    this.#floats = floats
    this.#at = at
  }

  get infoHash () {
    return this.#hex(INFO_HASH)
  }

  get peerId () {
    return this.#hex(PEER_ID)
  }

  get received () {
    return this.#traffic(RECEIVED, CENSUS_COUNTS)
  }

  get sent () {
    return this.#traffic(SENT, CENSUS_COUNTS + KINDS.length)
  }

  #hex (place) {
    if (this.#floats[this.#at + HAS_HANDSHAKE] === 0) return null
    const { buffer } = this.#floats
    return Buffer.from(buffer, this.#at * 8 + place, 20).toString('hex')
  }

  #traffic (at, counts) {
    const read = place => this.#floats[this.#at + place]
    return {
      bytes: read(at),
      payload: read(at + 1),
      messages: read(at + 2),
      byMessage: Object.fromEntries(KINDS.map((kind, i) => [kind, read(counts + i)]))
    }
  }

  toJSON () {
    const { type, infoHash, peerId, received, sent } = this
    const json = { type, infoHash, peerId }
    for (const name of [...Object.keys(PLACES), ...Object.keys(STATES)]) json[name] = this[name]
    return { ...json, received, sent }
  }

  [inspect.custom] () {
    return this.toJSON()
  }

  static {
    const define = (name, get) => Object.defineProperty(WireSnapshot.prototype, name, { get, configurable: true })
    for (const [name, place] of Object.entries(PLACES)) {
      define(name, function () { return this.#floats[this.#at + place] })
    }
    for (const [name, bit] of Object.entries(STATES)) {
      define(name, function () { return (this.#floats[this.#at + STATE] & bit) !== 0 })
    }
  }
}

/** @returns {WireSnapshot[]} of each wire of this process, or worker, that is not closed */
function census () {
  const { count, floats, typeOf } = native.census()
  const wires = new Array(count)
  for (let i = 0; i < count; i++) {
    const at = i * CENSUS_LENGTH
    wires[i] = new WireSnapshot(typeOf(floats[at]), floats, at)
  }
  return wires
}

module.exports = census
