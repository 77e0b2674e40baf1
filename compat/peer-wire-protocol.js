'use strict'

const { Adapter, kWire, keepAdapterShape } = require('./adapter.js')
const speedMeter = require('./speed.js')
const { checkCallback } = require('../lib/arguments.js')
const { kInbound } = require('../lib/symbols.js')
const { findBlock, isFor } = require('../lib/requests/request.js')

const { nextTick } = process

const KEEP_ALIVE_INTERVAL = 60000

function noop () {}

/** A wire with the API of the npm package peer-wire-protocol: see peer-wire-protocol.d.ts. */
class PeerWire extends Adapter {
  #keepAlive = null
  #timeout = 0
  /** Runs for the request that has waited longest, and for no other. */
  #timer = null
  #timed = null

  constructor (options) {
    super(options)
    // The peer's handshake of BEP 10 is handed on as it came.
    this[kWire][kInbound].onExtendedHandshake = bytes => this[kWire].emit('extended', 0, bytes)
    this.peerPieces = []
    this.peerExtensions = {}
    this.peerAddress = null

    this.uploaded = 0
    this.downloaded = 0
    this.uploadSpeed = speedMeter(options?.speed)
    this.downloadSpeed = speedMeter(options?.speed)

    /** Ours, oldest first. */
    this.requests = []

    this.on('finish', () => this.#onFinish())
    this.listen({
      handshake: (infoHash, peerId, extensions) => this.#onHandshake(infoHash, extensions),
      choke: () => this.#onChoke(),
      have: index => this.#onHave(index),
      bitfield: ({ buffer }) => this.#onBitfield(Buffer.from(buffer)),
      piece: (index, offset, block) => this.#onPiece(index, offset, block),
      upload: length => this.#onUpload(length)
    })
    for (const event of [
      'unchoke', 'interested', 'uninterested', 'request', 'cancel', 'port', 'extended', 'keep-alive', 'unknownmessage'
    ]) this.listen({ [event]: (...args) => this.emit(event, ...args) })
  }

  /** The peer's, each until it is answered. */
  get peerRequests () {
    return this[kWire].peerRequests
  }

  setKeepAlive (enable) {
    clearInterval(this.#keepAlive)
    if (enable === false || this.isEnding) return
    this.#keepAlive = setInterval(() => this[kWire].keepAlive(), KEEP_ALIVE_INTERVAL)
  }

  setTimeout (ms, callback) {
    checkCallback(callback, 'callback')
    this.#timeout = ms
    this.#timed = null
    this.#watchOldest()
    if (callback) this.on('timeout', callback)
  }

  end (chunk, encoding, callback) {
    clearInterval(this.#keepAlive)
    return super.end(chunk, encoding, callback)
  }

  //
  // SENDING
  //

  handshake (infoHash, peerId, extensions) {
    this[kWire].handshake(
      typeof infoHash === 'string' ? Buffer.from(infoHash, 'hex') : infoHash,
      typeof peerId === 'string' ? Buffer.from(peerId) : peerId,
      { dht: Boolean(extensions?.dht) }
    )
  }

  choke () {
    this[kWire].choke()
  }

  unchoke () {
    this[kWire].unchoke()
  }

  interested () {
    this[kWire].interested()
  }

  uninterested () {
    this[kWire].uninterested()
  }

  have (index) {
    this[kWire].have(index)
  }

  bitfield (bitfield) {
    this[kWire].bitfield(bitfield)
  }

  request (index, offset, length, callback) {
    checkCallback(callback, 'callback')
    callback ??= noop
    if (this.isEnding) return callback(new Error('wire is closed'))
    if (this.peerChoking) return callback(new Error('peer is choking'))
    this[kWire].request(index, offset, length)
    this.requests.push({ piece: index, offset, length, callback })
    this.#watchOldest()
  }

  piece (index, offset, block) {
    this[kWire].piece(index, offset, block)
  }

  cancel (index, offset, length) {
    try {
      this.#settle(index, offset, length, new Error('request was cancelled'), null)
    } finally {
      this[kWire].cancel(index, offset, length)
    }
  }

  extended (id, message) {
    this[kWire].sendExtended(id, message)
  }

  port (port) {
    this[kWire].port(port)
  }

  //
  // RECEIVING
  //

  #onHandshake (infoHash, { dht, extended }) {
    this.peerExtensions = { dht, extended }
    this.emit('handshake', Buffer.from(infoHash, 'hex'), this[kWire].peerIdBuffer, this.peerExtensions)
  }

  #onChoke () {
    try {
      this.emit('choke')
    } finally {
      this.#failRequests('peer is choking')
    }
  }

  #onHave (index) {
    this.peerPieces[index] = true
    this.emit('have', index)
  }

  #onBitfield (bits) {
    for (let i = 0; i < bits.length * 8; i++) {
      this.peerPieces[i] = (bits[i >> 3] & (0x80 >> (i & 7))) !== 0
    }
    this.emit('bitfield', bits)
  }

  #onPiece (index, offset, block) {
    const { length } = block
    try {
      if (this.#settle(index, offset, length, null, block)) {
        this.downloaded += length
        this.downloadSpeed(length)
      }
    } finally {
      if (!this.isEnding) this.emit('download', length)
      if (!this.isEnding) this.emit('piece', index, offset, block)
    }
  }

  #onUpload (length) {
    this.uploaded += length
    this.uploadSpeed(length)
    this.emit('upload', length)
  }

  //
  // REQUESTS
  //

  /** Calls back the oldest request for a block; tells whether there was one. */
  #settle (piece, offset, length, error, block) {
    const request = findBlock(this.requests, piece, offset, length)
    if (request === undefined) return false
    this.requests.splice(this.requests.indexOf(request), 1)
    this.#watchOldest()
    request.callback(error, block)
    return true
  }

  /** Fails all, oldest first. */
  #failRequests (message) {
    try {
      while (this.requests.length > 0) this.requests.shift().callback(new Error(message), null)
    } finally {
      if (this.requests.length > 0) nextTick(() => this.#failRequests(message))
      this.#watchOldest()
    }
  }

  #watchOldest () {
    const oldest = this.requests[0] ?? null
    if (oldest === this.#timed) return
    clearTimeout(this.#timer)
    this.#timed = oldest
    if (oldest !== null && this.#timeout > 0) this.#timer = setTimeout(() => this.#onTimeout(), this.#timeout)
  }

  #onTimeout () {
    const request = this.requests.shift()
    this.#watchOldest()
    if (request === undefined) return
    this.#forget(request)
    try {
      request.callback(new Error('request has timed out'), null)
    } finally {
      if (!this.isEnding) this.emit('timeout')
    }
  }

  /** Has the wire expect a block no longer. */
  #forget ({ piece, offset, length }) {
    const { requests } = this[kWire]
    const at = requests.findIndex(request => isFor(request, piece, offset, length))
    if (at >= 0) this[kWire]._callback(requests.splice(at, 1)[0], null, null)
  }

  #onFinish () {
    this.#timeout = 0
    this.#failRequests('wire is closed')
  }
}

for (const name of ['amChoking', 'amInterested', 'peerChoking', 'peerInterested']) {
  Object.defineProperty(PeerWire.prototype, name, {
    configurable: true,
    enumerable: true,
    get () {
      return this[kWire][name]
    },
    set (value) {
      this[kWire][name] = value
    }
  })
}

keepAdapterShape(PeerWire)

/** Makes a wire, with `new` or without. */
function peerWireProtocol (options) {
  return Reflect.construct(PeerWire, [options], new.target ?? PeerWire)
}

peerWireProtocol.prototype = PeerWire.prototype

module.exports = peerWireProtocol
