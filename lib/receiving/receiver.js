'use strict'

const { Buffer } = require('node:buffer')
const { markAsUntransferable } = require('node:worker_threads')
const native = require('../native/index.js')
const { PeerPieces, HaveAll } = require('./peer-pieces.js')
const OwnHashRequests = require('../hashes/own-hash-requests.js')
const PeerHashRequests = require('../hashes/peer-hash-requests.js')
const OwnRequests = require('../requests/own-requests.js')
const PeerRequests = require('../requests/peer-requests.js')
const { Request } = require('../requests/request.js')
const { tellHandshake } = require('../diagnostics.js')
const { keepPeerInfo } = require('../peer-info.js')
const Ready = require('../promises/ready.js')
const { closeFor } = require('../closing.js')
const { sendExtendedHandshake } = require('../handshakes.js')
const { WireError } = require('../errors.js')
const {
  kHandle, kOptions, kCrypto, kExtensions, kPeerPieces, kParts, kOutbound, kIsEnding, kHasPeerExtendedHandshake
} = require('../symbols.js')

/** How many pieces a peer may allow fast (BEP 6) before further ones are ignored. */
const MAX_ALLOWED_FAST = 100

/** Extensions whose own parsers must not see everything: some of it would never come back. */
const GUARDED = new Map([['ut_metadata', native.isSoundUtMetadata], ['ut_pex', native.isSoundUtPex]])

/** Memory for peer ids. */
let peerIds = Buffer.alloc(0)

/**
 * A copy that may stay as long as its wire: in the pool of Node.js each would hold on to what was next
 * to it, and memory of its own takes more than the id.
 */
function keepPeerId (bytes) {
  if (peerIds.length < bytes.length) {
    peerIds = Buffer.allocUnsafeSlow(200 * bytes.length)
    markAsUntransferable(peerIds.buffer)
  }
  const id = peerIds.subarray(0, bytes.length)
  peerIds = peerIds.subarray(bytes.length)
  bytes.copy(id)
  return id
}

/**
 * What each message of the peer does: one method a message, called by `native.next` right after the
 * engine has applied it. `payload` and `endNegotiation` are a subclass's.
 */
class Receiver {
  constructor (wire) {
    this.wire = wire
    /** Pieces of `have`s that are applied, and not all emitted. @type {number[] | null} */
    this.haves = null
    this.nextHave = 0
    /** Messages that were kept from an extension: see `GUARDED`. */
    this.refusedExtended = 0
  }

  onHandshake (infoHashBytes, peerIdBytes, extensions) {
    const { wire } = this
    const infoHash = infoHashBytes.toString('hex')
    const peerId = peerIdBytes.toString('hex')
    wire.peerId = peerId
    wire.peerIdBuffer = keepPeerId(peerIdBytes)
    wire.peerExtensions = extensions
    if (wire.hasFast) wire._debug('fast extension is enabled')
    tellHandshake(wire, infoHash, peerId, extensions)
    try {
      wire.emit('handshake', infoHash, peerId, extensions)
    } finally {
      wire[kExtensions]?.callAll('onHandshake', [infoHash, peerId, extensions])
      if (!wire[kIsEnding]) sendExtendedHandshake(wire)
    }
  }

  onKeepAlive () {
    this.wire.emit('keep-alive')
  }

  onChoke () {
    const { wire } = this
    try {
      wire.emit('choke')
    } finally {
      // BEP 6: a choke no longer rejects what is pending.
      if (!wire.hasFast && wire.peerChoking) OwnRequests.of(wire).failAll('peer is choking')
    }
  }

  onUnchoke () {
    this.wire.emit('unchoke')
  }

  onInterested () {
    this.wire.emit('interested')
  }

  onUninterested () {
    this.wire.emit('uninterested')
  }

  onHaves (indices) {
    this.haves = indices
    this.nextHave = 0
    this.emitHaves()
  }

  /** Goes on where a listener has thrown. */
  emitHaves () {
    const { wire, haves } = this
    if (haves === null) return
    while (this.nextHave < haves.length && !wire[kIsEnding]) {
      const index = haves[this.nextHave++]
      const pieces = wire[kPeerPieces] ?? wire.peerPieces
      if (pieces.get(index)) continue
      pieces.set(index, true)
      wire.emit('have', index)
    }
    this.haves = null
  }

  onBitfield (bits) {
    const { wire } = this
    wire[kPeerPieces] = new PeerPieces(bits, wire[kOptions].maxPieces)
    wire.emit('bitfield', wire[kPeerPieces])
  }

  onRequest (piece, offset, length, key) {
    const { wire } = this
    // It has waited since before our choke, and the caller has thought better of its piece.
    if (wire.amChoking && !wire.allowedFastSet.includes(piece)) return native.decline(wire[kHandle], key)
    this.openRequest(piece, offset, length, key)
  }

  openRequest (piece, offset, length, key) {
    const { wire } = this
    const theirs = PeerRequests.of(wire)
    const respond = (error, buffer) => theirs.respond(request, error, buffer)
    const request = new Request(piece, offset, length, respond, key)
    theirs.add(request, key)
    wire.emit('request', piece, offset, length, respond)
  }

  /** BEP 6: a request while choked is rejected, but for the pieces that we allow fast. */
  onRequestWhileChoking (piece, offset, length) {
    const { wire } = this
    const isAllowed = wire.allowedFastSet.includes(piece) && wire[kParts]?.fastBudget?.take(piece, length) !== false
    if (!isAllowed) return native.refuse(wire[kHandle], piece, offset, length)
    const key = native.admit(wire[kHandle], piece, offset, length)
    if (key >= 0) this.openRequest(piece, offset, length, key)
  }

  onPiece (index, offset, length, key, hasMore, start) {
    const { wire } = this
    const block = this.payload(start, length)
    if (block === null) return
    const request = OwnRequests.of(wire).take(key, hasMore, index, offset, length)
    try {
      if (request !== null) request.callback(null, block)
    } finally {
      if (request !== null) wire.downloaded += length
      if (!wire[kIsEnding]) {
        try {
          wire.emit('download', length)
        } finally {
          if (!wire[kIsEnding]) wire.emit('piece', index, offset, block)
        }
      }
    }
  }

  onCancel (piece, offset, length, key) {
    const { wire } = this
    PeerRequests.of(wire).settle(key, piece, offset, length)
    wire[kOutbound].schedule()
    wire.emit('cancel', piece, offset, length)
  }

  onPort (port) {
    this.wire.emit('port', port)
  }

  onSuggest (index) {
    this.wire.emit('suggest', index)
  }

  onHaveAll () {
    this.wire[kPeerPieces] = new HaveAll()
    this.wire.emit('have-all')
  }

  onHaveNone () {
    this.wire[kPeerPieces] = null
    this.wire.emit('have-none')
  }

  onReject (piece, offset, length, key, hasMore) {
    const { wire } = this
    try {
      OwnRequests.of(wire).settle(key, hasMore, piece, offset, length, 'request was rejected')
    } finally {
      if (!wire[kIsEnding]) wire.emit('reject', piece, offset, length)
    }
  }

  onAllowedFast (index) {
    const { wire } = this
    const set = wire.peerAllowedFastSet
    if (!set.includes(index)) {
      if (set.length >= MAX_ALLOWED_FAST) return
      set.push(index)
    }
    wire.emit('allowed-fast', index)
  }

  /**
   * @param {Buffer} bytes all of it
   * @param {object} dictionary what they say
   * @param {Record<string, number>} changes of the peer's ids; 0 switches an extension off
   */
  onExtendedHandshake (bytes, dictionary, changes) {
    const { wire } = this
    keepPeerInfo(wire)
    wire.peerExtendedHandshake = dictionary
    wire[kHasPeerExtendedHandshake] = true
    const mapping = wire.peerExtendedMapping
    for (const [name, id] of Object.entries(changes)) {
      if (id === 0) delete mapping[name]
      // An assignment to `__proto__` would change the prototype instead.
      else Object.defineProperty(mapping, name, { value: id, configurable: true, enumerable: true, writable: true })
    }
    wire[kExtensions]?.callAll('onExtendedHandshake', [dictionary], name => Object.hasOwn(mapping, name))
    Ready.check(wire)
    if (!wire[kIsEnding]) wire.emit('extended', 'handshake', dictionary)
  }

  onExtended (id, length, start) {
    const { wire } = this
    const payload = this.payload(start, length)
    if (payload === null) return
    const extension = Object.hasOwn(wire.extendedMapping, id) ? wire.extendedMapping[id] : id
    if (GUARDED.get(extension)?.(payload) === false) {
      this.refusedExtended++
      return
    }
    if (wire[kExtensions]?.has(extension)) wire[kExtensions].call(extension, 'onMessage', payload)
    if (!wire[kIsEnding]) wire.emit('extended', extension, payload)
  }

  onHashRequest (range) {
    PeerHashRequests.of(this.wire).receive(range)
  }

  onHashes (range, length, start) {
    const hashes = this.payload(start, length)
    if (hashes === null) return
    OwnHashRequests.settle(this.wire, range, hashes)
    this.wire.emit('hashes', range, hashes)
  }

  onHashReject (range) {
    OwnHashRequests.settle(this.wire, range, null)
    this.wire.emit('hash-reject', range)
  }

  onUnknown (message) {
    this.wire.emit('unknownmessage', message)
  }

  onCryptoInfoHash (hash) {
    const { wire } = this
    const hex = hash.toString('hex')
    try {
      wire.emit('crypto-infohash', hex)
    } finally {
      if (!wire[kIsEnding]) wire[kCrypto].answerStep3(hex)
    }
  }

  /**
   * @param {number} method 1 plaintext, 2 RC4, 0 if the peer began with a plaintext handshake
   * @param {Buffer} received what of the stream came within the crypto handshake
   */
  onCryptoHandshake (method, received) {
    const { wire } = this
    this.endNegotiation(received)
    // To a peer that connects and speaks plaintext there was no crypto handshake.
    if (method === 0 && wire.type.includes('Incoming')) return wire[kCrypto].close()
    wire[kCrypto].finish(method === 0 ? null : method)
    wire.emit('crypto-handshake')
  }

  /** @param {{ code: string, message: string } | null} report `null` if the engine itself failed */
  onViolation (report) {
    closeFor(this.wire, report === null
      ? new WireError('ERR_INTERNAL', 'the engine failed: this is a defect of bittorrent-protocol-native')
      : new WireError(report.code, report.message))
  }
}

module.exports = Receiver
