'use strict'

const { Buffer } = require('node:buffer')
const { inspect } = require('node:util')
const native = require('./native/index.js')

const { CENSUS_COUNTS, CENSUS_LENGTH, CENSUS_NAME } = native

/** How many kinds of messages are counted. */
const KINDS = (CENSUS_NAME - CENSUS_COUNTS) / 2

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
    return this.#traffic(SENT, CENSUS_COUNTS + KINDS)
  }

  #hex (place) {
    if (this.#floats[this.#at + HAS_HANDSHAKE] === 0) return null
    const { buffer } = this.#floats
    return Buffer.from(buffer, this.#at * 8 + place, 20).toString('hex')
  }

  #traffic (place, counts) {
    const floats = this.#floats
    const at = this.#at + place
    return { bytes: floats[at], payload: floats[at + 1], messages: floats[at + 2], byMessage: countsAt(floats, this.#at + counts) }
  }

  toJSON () {
    return {
      type: this.type,
      infoHash: this.infoHash,
      peerId: this.peerId,
      age: this.age,
      amChoking: this.amChoking,
      amInterested: this.amInterested,
      peerChoking: this.peerChoking,
      peerInterested: this.peerInterested,
      hasFast: this.hasFast,
      isEncrypted: this.isEncrypted,
      downloadSpeed: this.downloadSpeed,
      uploadSpeed: this.uploadSpeed,
      requests: this.requests,
      peerRequests: this.peerRequests,
      waitingRequests: this.waitingRequests,
      unsent: this.unsent,
      unsolicitedPieces: this.unsolicitedPieces,
      unsolicitedBytes: this.unsolicitedBytes,
      refusedRequests: this.refusedRequests,
      received: this.received,
      sent: this.sent
    }
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

/** The counts by message: written out, as that is ten times as quick as a loop over their names. */
function countsAt (floats, at) {
  return {
    handshake: floats[at],
    keepAlive: floats[at + 1],
    choke: floats[at + 2],
    unchoke: floats[at + 3],
    interested: floats[at + 4],
    notInterested: floats[at + 5],
    have: floats[at + 6],
    bitfield: floats[at + 7],
    request: floats[at + 8],
    piece: floats[at + 9],
    cancel: floats[at + 10],
    port: floats[at + 11],
    suggest: floats[at + 12],
    haveAll: floats[at + 13],
    haveNone: floats[at + 14],
    reject: floats[at + 15],
    allowedFast: floats[at + 16],
    extended: floats[at + 17],
    hashRequest: floats[at + 18],
    hashes: floats[at + 19],
    hashReject: floats[at + 20],
    unknown: floats[at + 21]
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
