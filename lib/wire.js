'use strict'

const { randomBytes } = require('node:crypto')

const Additions = require('./additions.js')
const census = require('./census.js')
const { debug, isDebugging } = require('./debug.js')
const { tellOpen, tellClose } = require('./diagnostics.js')
const native = require('./native/index.js')
const Inbound = require('./receiving/inbound.js')
const Outbound = require('./sending/outbound.js')
const sent = require('./sending/sent.js')
const CryptoHandshake = require('./encryption/crypto-handshake.js')
const readOptions = require('./options.js')
const { PeerPieces } = require('./receiving/peer-pieces.js')
const { violations, free, freeWithWire } = require('./closing.js')
const { Extensions, idOf, toBencode } = require('./extensions.js')
const { sendHandshake } = require('./handshakes.js')
const keepAlive = require('./keep-alive.js')
const { defineStates, defineFastMessages } = require('./states.js')
const Plain = require('./v8/plain.js')
const keepShape = require('./v8/keep-shape.js')
const OwnRequests = require('./requests/own-requests.js')
const PeerRequests = require('./requests/peer-requests.js')
const { rangeError } = require('./errors.js')
const { toBytes, checkNumber, checkBlock, checkCallback, toTimeout } = require('./arguments.js')
const {
  kHandle, kOptions, kSelf, kInbound, kOutbound, kCrypto, kExtensions, kOwnRequests, kPeerRequests,
  kPeerPieces, kParts, kIsEnding, kIsFinished, kOnEnd, kOnFinish, kOnClose, kHandshakesSent,
  kHasPeerExtendedHandshake, kKeepAliveTimer
} = require('./symbols.js')

const kDebugId = Symbol('debugId')
const kLastStatistics = Symbol('lastStatistics')

function noop () {}

/**
 * One side of a connection to a BitTorrent peer, as a stream: write to it what the peer sent, read
 * from it what the peer is to get. See index.d.ts for what each member does. Its state is reached
 * by symbols, not private names: callers put wires behind a Proxy or an Object.create.
 */
class Wire extends Additions {
  static nativeRC4 = true

  static get violations () {
    return { ...violations }
  }

  static census () {
    return census()
  }

  constructor (type = '', peEnabled = 0, options = undefined) {
    super()
    this[kOptions] = readOptions(options)
    const encryption = CryptoHandshake.terms(type, peEnabled)
    this[kHandle] = native.open(this[kOptions], encryption, type)
    freeWithWire(this, this[kHandle])
    this[kCrypto] = encryption === null ? null : new CryptoHandshake(this, this[kOptions])
    this[kInbound] = new Inbound(this)
    this[kOutbound] = new Outbound(this)
    this[kExtensions] = null
    this[kOwnRequests] = null
    this[kPeerRequests] = null
    this[kPeerPieces] = null
    this[kParts] = null
    this[kDebugId] = null
    this[kKeepAliveTimer] = null
    this[kHandshakesSent] = 0
    this[kHasPeerExtendedHandshake] = false
    this[kLastStatistics] = null

    this.peerId = null
    this.peerIdBuffer = null
    this.type = type

    this.extensions = new Plain()
    this.peerExtensions = new Plain()

    this.requests = []
    this.peerRequests = []

    this.extendedMapping = new Plain()
    this.peerExtendedMapping = new Plain()
    this.extendedHandshake = new Plain()
    this.peerExtendedHandshake = new Plain()

    this.allowedFastSet = []
    this.peerAllowedFastSet = []

    this.uploaded = 0
    this.downloaded = 0

    this.closeReason = null

    this._debug('new wire')
    this._debug('type:', this.type)
    tellOpen(this)
  }

  //
  // STATE
  //

  get _debugId () {
    return (this[kSelf][kDebugId] ??= randomBytes(4).toString('hex'))
  }

  get _cryptoHandshakeDone () {
    return this[kCrypto] !== null && this[kCrypto].isDone
  }

  get _encryptionMethod () {
    return this[kCrypto]?.method
  }

  get peerPieces () {
    return (this[kSelf][kPeerPieces] ??= new PeerPieces(null, this[kOptions].maxPieces))
  }

  set peerPieces (pieces) {
    this[kSelf][kPeerPieces] = pieces
  }

  get highWaterMark () {
    return this[kOptions].highWaterMark
  }

  get unsolicited () {
    const statistics = this.statistics
    return { pieces: statistics.unsolicitedPieces, bytes: statistics.unsolicitedBytes }
  }

  get statistics () {
    return structuredClone(this[kLastStatistics]) ?? {
      ...native.statistics(this[kHandle]),
      refusedExtended: this[kInbound].refusedExtended
    }
  }

  downloadSpeed (bytes = 0) {
    return native.downloadSpeed(this[kHandle], bytes)
  }

  uploadSpeed (bytes = 0) {
    return native.uploadSpeed(this[kHandle], bytes)
  }

  setKeepAlive (enable) {
    this._debug('setKeepAlive %s', enable)
    keepAlive(this[kSelf], enable !== false)
  }

  setTimeout (ms, unref) {
    this._debug('setTimeout ms=%d unref=%s', ms, unref)
    OwnRequests.of(this).setTimeout(toTimeout(ms), Boolean(unref))
  }

  //
  // EXTENSIONS
  //

  use (Extension) {
    const self = this[kSelf]
    self[kExtensions] ??= new Extensions(self)
    self[kExtensions].use(Extension, this)
  }

  //
  // SENDING
  //

  startEncryption (infoHash) {
    if (this[kCrypto] === null || this[kIsEnding]) return
    this._debug('PE: start for %s', infoHash)
    this[kCrypto].start(infoHash)
  }

  setInfoHash (infoHash) {
    if (this[kCrypto] === null || this[kIsEnding]) return
    this[kCrypto].setInfoHash(infoHash)
  }

  keepAlive () {
    sent(this, native.keepAlive(this[kHandle]), 'keep-alive')
  }

  handshake (infoHash, peerId, extensions) {
    sendHandshake(this, infoHash, peerId, extensions)
  }

  choke () {
    if (this.amChoking) return
    sent(this, native.choke(this[kHandle], this.allowedFastSet), 'choke')
    PeerRequests.of(this).dropChoked()
    // The rejects may be too many for a peer that reads none.
    this[kInbound].resumeLater()
  }

  unchoke () {
    if (this.amChoking) sent(this, native.unchoke(this[kHandle]), 'unchoke')
  }

  interested () {
    if (!this.amInterested) sent(this, native.interested(this[kHandle]), 'interested')
  }

  uninterested () {
    if (this.amInterested) sent(this, native.notInterested(this[kHandle]), 'uninterested')
  }

  have (index) {
    checkNumber(index, 'index')
    sent(this, native.have(this[kHandle], index), 'have', index)
  }

  bitfield (bitfield) {
    const bits = toBytes(ArrayBuffer.isView(bitfield) ? bitfield : bitfield?.buffer, 'bitfield')
    sent(this, native.bitfield(this[kHandle], bits), 'bitfield')
  }

  request (index, offset, length, callback) {
    checkCallback(callback, 'callback')
    callback ??= noop
    if (this[kIsFinished]) return callback(new Error('wire is closed'))
    checkBlock(index, offset, length)
    const isAllowedFast = this.peerChoking && this.peerAllowedFastSet.includes(index)
    const key = native.request(this[kHandle], index, offset, length, isAllowedFast)
    if (key === native.REFUSED) return callback(new Error('peer is choking'))
    sent(this, key >= 0, 'request', index, offset, length)
    if (key >= 0) OwnRequests.of(this).add(key, index, offset, length, callback)
    else callback(new Error('wire is closed'))
  }

  piece (index, offset, buffer) {
    checkNumber(index, 'index')
    checkNumber(offset, 'offset')
    const block = toBytes(buffer, 'buffer')
    if (this[kIsFinished]) return
    const theirs = PeerRequests.of(this)
    const key = theirs.takeAnswering(index, offset)
    const isSent = key < 0
      ? native.piece(this[kHandle], index, offset, block, theirs)
      : native.answer(this[kHandle], key, block)
    if (isSent && !native.is(this[kHandle], native.TAKES_BLOCKS)) this[kOutbound].addBlock(block)
    sent(this, isSent, 'piece', index, offset)
    if (!isSent) return
    this.uploaded += block.length
    this.emit('upload', block.length)
  }

  cancel (index, offset, length) {
    checkBlock(index, offset, length)
    OwnRequests.of(this).cancel(index, offset, length)
  }

  port (port) {
    checkNumber(port, 'port')
    if (port > 0xffff) throw rangeError(`port must be at most 65535, not ${port}`)
    sent(this, native.port(this[kHandle], port), 'port', port)
  }

  suggest (index) {
    checkNumber(index, 'index')
    requireFast(this)
    sent(this, native.suggest(this[kHandle], index), 'suggest', index)
  }

  haveAll () {
    requireFast(this)
    sent(this, native.haveAll(this[kHandle]), 'have-all')
  }

  haveNone () {
    requireFast(this)
    sent(this, native.haveNone(this[kHandle]), 'have-none')
  }

  reject (index, offset, length) {
    checkBlock(index, offset, length)
    requireFast(this)
    const theirs = PeerRequests.of(this)
    const answering = theirs.takeAnswering(index, offset)
    if (answering < 0) theirs.settle(native.reject(this[kHandle], index, offset, length), index, offset, length)
    else native.decline(this[kHandle], answering)
    sent(this, true, 'reject', index, offset, length)
  }

  allowedFast (index) {
    checkNumber(index, 'index')
    requireFast(this)
    sent(this, native.allowedFast(this[kHandle], index), 'allowed-fast', index)
    if (!this.allowedFastSet.includes(index)) this.allowedFastSet.push(index)
  }

  extended (extension, message) {
    this._debug('extended ext=%s', extension)
    native.extended(this[kHandle], idOf(this, extension), toBencode(message))
    this[kOutbound].schedule()
  }

  //
  // RECEIVING: see receiving/receiver.js. These are for packages that apply messages themselves.
  //

  /** Calls a request back that the caller has taken out of `requests` itself. */
  _callback (request, error, buffer) {
    if (!request) return
    OwnRequests.of(this).forget(request)
    request.callback(error, buffer)
  }

  //
  // CLOSING
  //

  destroy () {
    if (!this[kIsEnding]) this._debug('destroy')
    return super.destroy()
  }

  end (chunk, encoding, callback) {
    if (!this[kIsEnding]) this._debug('end')
    return super.end(chunk, encoding, callback)
  }

  [kOnEnd] () {
    keepAlive(this[kSelf], false)
    this[kCrypto]?.close()
    this.peerInterested = false
    this._debug('got uninterested')
    try {
      this.emit('uninterested')
    } finally {
      this.peerChoking = true
      this._debug('got choke')
      this[kInbound].onChoke()
    }
  }

  [kOnFinish] () {
    native.stop(this[kHandle])
    this[kOwnRequests]?.stop()
    this[kSelf][kLastStatistics] = this.statistics
    free(this[kHandle])
  }

  [kOnClose] () {
    PeerRequests.of(this).clear()
    try {
      OwnRequests.of(this).failAll('wire was closed')
    } finally {
      this[kParts]?.close()
      tellClose(this)
    }
  }

  _debug (format, ...values) {
    if (isDebugging()) debug(`[${this._debugId}] ${format}`, ...values)
  }
}

/** The messages of BEP 6 are for those who both speak it. */
function requireFast (wire) {
  if (!wire.hasFast) throw Error('fast extension is disabled')
}

defineStates(Wire.prototype)
defineFastMessages(Wire.prototype)
keepShape(Wire, wire => {
  OwnRequests.of(wire).stop()
  PeerRequests.of(wire).clear()
  free(wire[kHandle])
})

module.exports = Wire
