'use strict'

const { Buffer } = require('node:buffer')
const { randomBytes } = require('node:crypto')
const { markAsUntransferable } = require('node:worker_threads')

const bencode = require('./bencode.js')
const { debug, isDebugging } = require('./debug.js')
const native = require('./native.js')
const Inbound = require('./inbound.js')
const Outbound = require('./outbound.js')
const CryptoHandshake = require('./crypto-handshake.js')
const readOptions = require('./options.js')
const { fire1, fire3, fire4 } = require('./fire.js')
const { PeerPieces, HaveAll } = require('./bitfield.js')
const PeerStream = require('./peer-stream.js')
const Extensions = require('./extensions.js')
const Plain = require('./plain.js')
const Slab = require('./slab.js')
const OwnRequests = require('./own-requests.js')
const PeerRequests = require('./peer-requests.js')
const { Request } = require('./requests.js')
const { WireError, rangeError } = require('./errors.js')
const { toBytes, checkNumber, checkBlock, checkCallback } = require('./arguments.js')
const {
  kId, kInbound, kOutbound, kCrypto, kIsEnding, kIsFinished, kOnEnd, kOnFinish, kOnClose, kApply, kFail, kMark,
  kKeepShape
} = require('./symbols.js')

const { page, floats, run, transfer, touchClock } = native
const {
  COMMAND_ALLOWED_FAST, COMMAND_ANSWER, COMMAND_CANCEL, COMMAND_CHOKE, COMMAND_CLOSE,
  COMMAND_COUNT, COMMAND_DECLINE, COMMAND_FORGET_REQUEST, COMMAND_HAVE, COMMAND_HAVE_ALL,
  COMMAND_HAVE_NONE, COMMAND_INTERESTED, COMMAND_KEEP_ALIVE, COMMAND_NOT_INTERESTED,
  COMMAND_PIECE, COMMAND_PORT, COMMAND_REJECT, COMMAND_REQUEST, COMMAND_SET_PEER_HAS_ALL,
  COMMAND_SET_PEER_PIECE, COMMAND_SET_STATE, COMMAND_SPEEDS, COMMAND_SUGGEST, COMMAND_SUMMARIZE,
  COMMAND_UNCHOKE, EVENT_CRYPTO_HANDSHAKE, EVENT_CRYPTO_INFO_HASH, EVENT_EXTENDED_HANDSHAKE,
  EVENT_HANDSHAKE, EVENT_KEEP_ALIVE, EVENT_UNKNOWN, EVENT_VIOLATION, FLOAT_DOWNLOAD, FLOAT_UPLOAD,
  RESULT_CHOKED, RESULT_OK, SLOT_INDEX, SLOT_KEY, SLOT_LENGTH, SLOT_OFFSET, SLOT_POSITION,
  SLOT_REQUESTS, SLOT_RESULT, SLOT_RUN, SLOT_RUN_LENGTH, SLOT_UNSENT, SLOT_WAITING,
  TRANSFER_ANSWER, TRANSFER_BITFIELD, TRANSFER_BODY, TRANSFER_EXTENDED, TRANSFER_HANDSHAKE,
  TRANSFER_PIECE
} = native

const KEEP_ALIVE_INTERVAL = 55000
const LAST_EXTENSION_ID = 255
/** A small integer like all numbers of wires: another kind would change the layout of every wire. */
const NO_WIRE = -1

/** A peer id stays as long as its wire. In the pool of Node.js each would hold on to what was next to it. */
const peerIds = new Slab()

function noop () {}

/** The number of a wire, for what is left to do once its object is gone. */
class Tie {
  constructor (id) {
    this.id = id
  }
}

/**
 * One side of a connection to a BitTorrent peer, as a stream: write to it what the peer sent, read
 * from it what the peer is to get. See index.d.ts for what each member does.
 */
class Wire extends PeerStream {
  static nativeRC4 = true

  /** How many wires of this process were closed for what, by code. */
  static #violations = {}

  static get violations () {
    return { ...Wire.#violations }
  }

  /**
   * V8 lays out a class by those of its first instances that a garbage collection leaves. Where it
   * leaves none, later ones become dictionaries, at half the speed and four times the size, and
   * what was compiled for them is thrown away: so that one of each class stays. It has done what
   * gives a stream the last of its properties, and has what other wires get with their first request.
   */
  static [kKeepShape] () {
    if (isDebugging()) return
    const wire = new this()
    wire.on('data', noop)
    wire.write(Buffer.alloc(0))
    wire.#own.stop()
    wire.#theirs.clear()
    wire.#free()
    Wire.#shapes.push(wire)
  }

  static #shapes = []

  /** Frees the native state of wires that were never closed. */
  static #abandoned = new FinalizationRegistry(tie => {
    if (tie.id !== NO_WIRE) native.close(tie.id)
  })

  #tie
  /** Made with the first request. @type {OwnRequests | null} */
  #ownRequests = null
  /** Likewise. @type {PeerRequests | null} */
  #peerRequests = null
  #debugId = null
  #peerPieces = null
  #amChoking = true
  #amInterested = false
  #peerChoking = true
  #hasFast = false
  #extensions = null
  #isHandshakeSent = false
  #isExtendedHandshakeSent = false
  #keepAliveTimer = null
  /** How many entries of the allowed-fast lists the engine knows. */
  #allowedFastKnown = 0
  #peerAllowedFastKnown = 0
  /** Blocks are given to the engine as bytes, to be encrypted or held back. */
  #takesBlocks = false
  #options
  #lastStatistics = null

  constructor (type = '', peEnabled = 0, options = undefined) {
    super()
    this.#options = readOptions(options)
    const encryption = CryptoHandshake.flags(type, peEnabled, this.#options)
    this[kId] = native.open(this.#options, encryption)
    this.#tie = new Tie(this[kId])
    Wire.#abandoned.register(this, this.#tie)
    this[kCrypto] = encryption === 0 ? null : new CryptoHandshake(this, this.#options)
    this.#takesBlocks = encryption !== 0
    this[kInbound] = new Inbound(this, encryption !== 0)
    this[kOutbound] = new Outbound(this)

    this.peerId = null
    this.peerIdBuffer = null
    this.type = type

    this.peerInterested = false

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

    if (isDebugging()) {
      this._debug('new wire')
      this._debug('type:', this.type)
    }
  }

  //
  // STATE
  //

  get _debugId () {
    return (this.#debugId ??= randomBytes(4).toString('hex'))
  }

  get _cryptoHandshakeDone () {
    return this[kCrypto] !== null && this[kCrypto].isDone
  }

  get _encryptionMethod () {
    return this[kCrypto]?.method
  }

  get amChoking () {
    return this.#amChoking
  }

  set amChoking (value) {
    this.#amChoking = Boolean(value)
    this.#syncState()
  }

  get amInterested () {
    return this.#amInterested
  }

  set amInterested (value) {
    this.#amInterested = Boolean(value)
    this.#syncState()
  }

  get peerChoking () {
    return this.#peerChoking
  }

  set peerChoking (value) {
    this.#peerChoking = Boolean(value)
    this.#syncState()
  }

  get hasFast () {
    return this.#hasFast
  }

  set hasFast (value) {
    this.#hasFast = Boolean(value)
    this.#syncState()
  }

  get peerPieces () {
    return (this.#peerPieces ??= this.#newPieces(null))
  }

  set peerPieces (pieces) {
    this.#peerPieces = pieces
    if (this[kIsFinished]) return
    if (pieces instanceof HaveAll) this.#run(COMMAND_SET_PEER_HAS_ALL, 1)
    else this.#native.setPeerPieces(ArrayBuffer.isView(pieces?.buffer) ? toBytes(pieces.buffer, 'peerPieces') : Buffer.alloc(0))
  }

  get highWaterMark () {
    return this.#options.highWaterMark
  }

  get unsolicited () {
    const statistics = this.statistics
    return { pieces: statistics.unsolicitedPieces, bytes: statistics.unsolicitedBytes }
  }

  get statistics () {
    return this.#lastStatistics ?? this.#native.statistics()
  }

  downloadSpeed (bytes = 0) {
    return this.#speed(FLOAT_DOWNLOAD, bytes, 0)
  }

  uploadSpeed (bytes = 0) {
    return this.#speed(FLOAT_UPLOAD, 0, bytes)
  }

  #speed (which, downloaded, uploaded) {
    if (this[kIsFinished]) return 0
    touchClock()
    if (downloaded > 0 || uploaded > 0) this.#run(COMMAND_COUNT, downloaded, uploaded)
    this.#run(COMMAND_SPEEDS)
    return floats[which]
  }

  setKeepAlive (enable) {
    if (isDebugging()) this._debug('setKeepAlive %s', enable)
    clearInterval(this.#keepAliveTimer)
    this.#keepAliveTimer = null
    if (enable === false || this[kIsEnding]) return
    this.#keepAliveTimer = setInterval(() => this.keepAlive(), KEEP_ALIVE_INTERVAL)
  }

  setTimeout (ms, unref) {
    if (isDebugging()) this._debug('setTimeout ms=%d unref=%s', ms, unref)
    checkNumber(ms, 'ms')
    this.#own.setTimeout(ms, Boolean(unref))
  }

  //
  // EXTENSIONS
  //

  use (Extension) {
    this.#extensions ??= new Extensions(this)
    this.#extensions.use(Extension)
  }

  //
  // SENDING
  //

  startEncryption (infoHash) {
    if (this[kCrypto] === null || this[kIsEnding]) return
    if (isDebugging()) this._debug('PE: start for %s', infoHash)
    this[kCrypto].start(infoHash)
  }

  setInfoHash (infoHash) {
    if (this[kCrypto] === null || this[kIsEnding]) return
    this[kCrypto].setInfoHash(infoHash)
  }

  keepAlive () {
    if (isDebugging()) this._debug('keep-alive')
    this.#send(COMMAND_KEEP_ALIVE)
  }

  handshake (infoHash, peerId, extensions) {
    const infoHashBytes = typeof infoHash === 'string' ? Buffer.from(infoHash, 'hex') : toBytes(infoHash, 'infoHash')
    const peerIdBytes = typeof peerId === 'string' ? Buffer.from(peerId, 'hex') : toBytes(peerId, 'peerId')
    if (infoHashBytes.length !== 20 || peerIdBytes.length !== 20) {
      throw new Error('infoHash and peerId MUST have length 20')
    }
    if (isDebugging()) {
      this._debug('handshake i=%s p=%s exts=%o', infoHashBytes.toString('hex'), peerIdBytes.toString('hex'), extensions)
    }

    this.extensions = {
      extended: true,
      dht: Boolean(extensions?.dht),
      fast: Boolean(extensions?.fast)
    }
    this.#transfer(TRANSFER_HANDSHAKE, Buffer.concat([infoHashBytes, peerIdBytes]),
      Number(this.extensions.dht), Number(this.extensions.fast), 1)
    this[kOutbound].schedule()
    if (this[kInbound].isNegotiating) this[kCrypto].releaseLater()
    this.#isHandshakeSent = true
    this.#enableFast()

    // The peer was first, and said that it speaks BEP 10.
    if (this.peerExtensions.extended) this.#sendExtendedHandshake()
  }

  #enableFast () {
    if (!this.extensions.fast || !this.peerExtensions.fast) return
    if (isDebugging()) this._debug('fast extension is enabled')
    this.#hasFast = true
  }

  #sendExtendedHandshake () {
    if (this.#isExtendedHandshakeSent) return
    const m = {}
    for (const id in this.extendedMapping) m[this.extendedMapping[id]] = Number(id)
    this.extended(0, bencode.encode({ ...this.extendedHandshake, m }))
    this.#isExtendedHandshakeSent = true
  }

  choke () {
    if (this.#amChoking) return
    if (isDebugging()) this._debug('choke')
    this.#syncAllowedFast()
    this.#amChoking = true
    this.#send(COMMAND_CHOKE)

    this.#theirs.dropAll(
      request => this.#hasFast && this.allowedFastSet.includes(request.piece),
      ({ piece, offset, length }) => {
        if (this.#hasFast && isDebugging()) this._debug('reject index=%d offset=%d length=%d', piece, offset, length)
      }
    )
  }

  unchoke () {
    if (!this.#amChoking) return
    if (isDebugging()) this._debug('unchoke')
    this.#amChoking = false
    this.#send(COMMAND_UNCHOKE)
  }

  interested () {
    if (this.#amInterested) return
    this.#amInterested = true
    if (isDebugging()) this._debug('interested')
    this.#send(COMMAND_INTERESTED)
  }

  uninterested () {
    if (!this.#amInterested) return
    this.#amInterested = false
    if (isDebugging()) this._debug('uninterested')
    this.#send(COMMAND_NOT_INTERESTED)
  }

  have (index) {
    checkNumber(index, 'index')
    if (isDebugging()) this._debug('have %d', index)
    this.#send(COMMAND_HAVE, index)
  }

  bitfield (bitfield) {
    const bits = toBytes(ArrayBuffer.isView(bitfield) ? bitfield : bitfield?.buffer, 'bitfield')
    if (isDebugging()) this._debug('bitfield')
    this.#sendBytes(TRANSFER_BITFIELD, bits)
  }

  request (index, offset, length, callback) {
    checkCallback(callback, 'callback')
    callback ??= noop
    if (this[kIsFinished]) return callback(new Error('wire is closed'))
    checkBlock(index, offset, length)

    if (this.#peerChoking) this.#syncAllowedFast()
    touchClock()
    this.#run(COMMAND_REQUEST, index, offset, length)
    if (page[SLOT_RESULT] === RESULT_CHOKED) return callback(new Error('peer is choking'))
    if (isDebugging()) this._debug('request index=%d offset=%d length=%d', index, offset, length)
    const own = this.#ownRequests ?? this.#own
    own.add(index, offset, length, callback)
    this[kOutbound].schedule()
  }

  piece (index, offset, buffer) {
    checkNumber(index, 'index')
    checkNumber(offset, 'offset')
    const block = toBytes(buffer, 'buffer')
    if (this[kIsFinished]) return
    touchClock()
    if (this.#takesBlocks) this.#transfer(TRANSFER_PIECE, block, index, offset)
    else this.#run(COMMAND_PIECE, index, offset, block.length)
    this.#theirs.settle(index, offset, block.length)
    this.#sendBlock(index, offset, block)
  }

  /** Sends on the block whose header the engine has just queued. */
  #sendBlock (index, offset, block) {
    const outbound = this[kOutbound]
    if (!this.#takesBlocks) outbound.addBlock(block)
    outbound.schedule()
    if (isDebugging()) this._debug('piece index=%d offset=%d', index, offset)
    this.uploaded += block.length
    fire1(this, this._events.upload, 'upload', block.length)
  }

  cancel (index, offset, length) {
    checkBlock(index, offset, length)
    if (isDebugging()) this._debug('cancel index=%d offset=%d length=%d', index, offset, length)
    this.#send(COMMAND_CANCEL, index, offset, length)
    this.#own.settle(index, offset, length, 'request was cancelled')
  }

  port (port) {
    checkNumber(port, 'port')
    if (port > 0xffff) throw rangeError(`port must be at most 65535, not ${port}`)
    if (isDebugging()) this._debug('port %d', port)
    this.#send(COMMAND_PORT, port)
  }

  suggest (index) {
    checkNumber(index, 'index')
    this.#sendFast(COMMAND_SUGGEST, index)
    if (isDebugging()) this._debug('suggest %d', index)
  }

  haveAll () {
    this.#sendFast(COMMAND_HAVE_ALL)
    if (isDebugging()) this._debug('have-all')
  }

  haveNone () {
    this.#sendFast(COMMAND_HAVE_NONE)
    if (isDebugging()) this._debug('have-none')
  }

  reject (index, offset, length) {
    checkBlock(index, offset, length)
    this.#sendFast(COMMAND_REJECT, index, offset, length)
    if (isDebugging()) this._debug('reject index=%d offset=%d length=%d', index, offset, length)
    this.#theirs.settle(index, offset, length)
  }

  allowedFast (index) {
    checkNumber(index, 'index')
    this.#syncAllowedFast()
    this.#sendFast(COMMAND_ALLOWED_FAST, index)
    if (isDebugging()) this._debug('allowed-fast %d', index)
    if (!this.allowedFastSet.includes(index)) {
      this.allowedFastSet.push(index)
      this.#allowedFastKnown = this.allowedFastSet.length
    }
  }

  extended (extension, message) {
    if (isDebugging()) this._debug('extended ext=%s', extension)
    let id = extension
    if (typeof extension === 'string' && Object.hasOwn(this.peerExtendedMapping, extension)) {
      id = this.peerExtendedMapping[extension]
    }
    if (typeof id !== 'number') throw new Error(`Unrecognized extension: ${extension}`)
    if (!(id >= 0 && id <= LAST_EXTENSION_ID && Number.isInteger(id))) {
      throw rangeError(`the id of an extension must be a whole number from 0 to 255, not ${id}`)
    }
    const bytes = ArrayBuffer.isView(message) ? toBytes(message, 'message') : bencode.encode(message)
    this.#sendBytes(TRANSFER_EXTENDED, bytes, id)
  }

  //
  // RECEIVING
  //

  /** Applies the event that the page describes: the message's id, or one of `EVENT_*`. */
  [kApply] (event) {
    switch (event) {
      case 7: return this.#onPiece()
      case 4: return this.#onHaves()
      case 6: return this.#onRequest(page[SLOT_INDEX], page[SLOT_OFFSET], page[SLOT_LENGTH], page[SLOT_KEY])
      case 0: return this.#onChoke()
      case 1:
        this.#peerChoking = false
        if (isDebugging()) this._debug('got unchoke')
        return this.emit('unchoke')
      case 2:
        this.peerInterested = true
        if (isDebugging()) this._debug('got interested')
        return this.emit('interested')
      case 3: return this.#onUninterested()
      case 5: return this.#onBitfield(this.#body())
      case 8: return this.#onCancel(page[SLOT_INDEX], page[SLOT_OFFSET], page[SLOT_LENGTH])
      case 9:
        if (isDebugging()) this._debug('got port %d', page[SLOT_INDEX])
        return this.emit('port', page[SLOT_INDEX])
      case 13: return this.#emitSuggest(page[SLOT_INDEX])
      case 14: return this.#emitHaveAll()
      case 15: return this.#emitHaveNone()
      case 16: return this.#emitReject(page[SLOT_INDEX], page[SLOT_OFFSET], page[SLOT_LENGTH])
      case 17: return this.#emitAllowedFast(page[SLOT_INDEX])
      case 20: return this.#onExtended(page[SLOT_INDEX])
      case EVENT_KEEP_ALIVE:
        if (isDebugging()) this._debug('got keep-alive')
        return this.emit('keep-alive')
      case EVENT_HANDSHAKE: return this.#onHandshake(page[SLOT_INDEX], this.#body(Buffer.allocUnsafe(40)))
      case EVENT_EXTENDED_HANDSHAKE: return this._onExtendedHandshake(this.#body())
      case EVENT_UNKNOWN:
        if (isDebugging()) this._debug('got unknown message')
        return this.emit('unknownmessage', this.#body())
      case EVENT_CRYPTO_INFO_HASH: return this.#onCryptoInfoHash(this.#body().toString('hex'))
      case EVENT_CRYPTO_HANDSHAKE: return this.#onCryptoHandshake(page[SLOT_INDEX], page[SLOT_LENGTH])
      case EVENT_VIOLATION: return this.#onViolation()
    }
  }

  /** The bytes that came with the event. */
  #body (bytes = Buffer.allocUnsafeSlow(page[SLOT_LENGTH])) {
    this.#transfer(TRANSFER_BODY, bytes)
    return bytes
  }

  #onCryptoInfoHash (hash) {
    if (isDebugging()) this._debug('PE: got step 3 for %s', hash)
    try {
      this.emit('crypto-infohash', hash)
    } finally {
      if (!this[kIsEnding]) this[kCrypto].answerStep3(hash)
    }
  }

  /**
   * @param {number} method 1 plaintext, 2 RC4, 0 if the peer began with a plaintext handshake
   * @param {number} received how many bytes of the stream came within the crypto handshake
   */
  #onCryptoHandshake (method, received) {
    this[kInbound].endNegotiation(received)
    this.#takesBlocks = this[kInbound].isEncrypted
    // To a peer that connects and speaks plaintext there was no crypto handshake.
    if (method === 0 && this.type.includes('Incoming')) return this[kCrypto].close()
    if (isDebugging()) this._debug('PE: crypto handshake done (method %s)', method)
    this[kCrypto].finish(method === 0 ? null : method)
    this.emit('crypto-handshake')
  }

  #onHandshake (bits, body) {
    const infoHash = body.toString('hex', 0, 20)
    const peerId = body.toString('hex', 20)
    const extensions = {
      dht: (bits & 1) !== 0,
      fast: (bits & 2) !== 0,
      extended: (bits & 4) !== 0
    }
    if (isDebugging()) this._debug('got handshake i=%s p=%s exts=%o', infoHash, peerId, extensions)
    this.peerId = peerId
    this.peerIdBuffer = peerIds.allocate(20)
    markAsUntransferable(this.peerIdBuffer.buffer)
    body.copy(this.peerIdBuffer, 0, 20)
    this.peerExtensions = extensions
    this.#enableFast()

    try {
      this.emit('handshake', infoHash, peerId, extensions)
    } finally {
      this.#extensions?.callAll('onHandshake', [infoHash, peerId, extensions])
      if (extensions.extended && this.#isHandshakeSent && !this[kIsEnding]) this.#sendExtendedHandshake()
    }
  }

  #onChoke () {
    this.#peerChoking = true
    if (isDebugging()) this._debug('got choke')
    try {
      this.emit('choke')
    } finally {
      // BEP 6: a choke no longer rejects what is pending.
      if (!this.#hasFast && this.#peerChoking) this.#own.failAll('peer is choking')
    }
  }

  #onUninterested () {
    this.peerInterested = false
    if (isDebugging()) this._debug('got uninterested')
    this.emit('uninterested')
  }

  #onHaves () {
    // Handlers may use the page, so that the run leaves it first.
    const run = new Array(page[SLOT_RUN_LENGTH])
    for (let i = 0; i < run.length; i++) run[i] = page[SLOT_RUN + i]
    if (isDebugging()) {
      for (const index of run) this._debug('got have %d', index)
    }
    this.#emitHaves(run, 0)
  }

  #emitHaves (run, from) {
    let i = from
    try {
      while (i < run.length && !this[kIsEnding]) {
        const index = run[i++]
        const pieces = this.#peerPieces ?? this.peerPieces
        if (pieces instanceof PeerPieces) pieces[kMark](index, true)
        else pieces.set(index, true)
        fire1(this, this._events.have, 'have', index)
      }
    } finally {
      if (i < run.length) this[kInbound].unfinished = () => this.#emitHaves(run, i)
    }
  }

  #onBitfield (bits) {
    this.#peerPieces = this.#newPieces(bits)
    if (isDebugging()) this._debug('got bitfield')
    this.emit('bitfield', this.#peerPieces)
  }

  #newPieces (bits) {
    const pieces = new PeerPieces(bits, this.#options.maxPieces, (index, value) => {
      // A caller may have kept one that a newer word of the peer has replaced.
      if (pieces === this.#peerPieces) this.#run(COMMAND_SET_PEER_PIECE, index, Number(value))
    })
    return pieces
  }

  #onRequest (piece, offset, length, key) {
    if (isDebugging()) this._debug('got request index=%d offset=%d length=%d', piece, offset, length)
    const respond = (error, buffer) => this.#respond(request, error, buffer)
    const request = new Request(piece, offset, length, respond)
    const theirs = this.#peerRequests ?? this.#theirs
    theirs.add(request, key)
    fire4(this, this._events.request, 'request', piece, offset, length, respond)
  }

  #respond (request, error, buffer) {
    const key = this.#peerRequests.keyOf(request)
    if (key < 0) return
    const { piece, offset, length } = request
    if (error) {
      if (isDebugging()) {
        this._debug('error satisfying request index=%d offset=%d length=%d (%s)', piece, offset, length, error.message)
      }
      this.#run(COMMAND_DECLINE, key)
      if (page[SLOT_WAITING] > 0) this[kInbound].resumeLater()
      this.#peerRequests.remove(request)
      this[kOutbound].schedule()
      return
    }
    const block = toBytes(buffer, 'buffer')
    touchClock()
    if (this.#takesBlocks) this.#transfer(TRANSFER_ANSWER, block, key)
    else this.#run(COMMAND_ANSWER, key, block.length)
    const isOpen = page[SLOT_RESULT] === RESULT_OK
    this.#peerRequests.remove(request)
    if (isOpen) this.#sendBlock(piece, offset, block)
  }

  #onPiece () {
    const index = page[SLOT_INDEX]
    const offset = page[SLOT_OFFSET]
    const length = page[SLOT_LENGTH]
    const position = page[SLOT_POSITION]
    const open = page[SLOT_REQUESTS]
    const block = this[kInbound].payload()
    if (block === null) return
    if (isDebugging()) this._debug('got piece index=%d offset=%d', index, offset)
    const own = this.#ownRequests ?? this.#own
    const request = own.take(position, open, index, offset, length)
    try {
      if (request !== null) request.callback(null, block)
    } finally {
      if (request !== null) this.downloaded += length
      if (!this[kIsEnding]) {
        try {
          fire1(this, this._events.download, 'download', length)
        } finally {
          if (!this[kIsEnding]) fire3(this, this._events.piece, 'piece', index, offset, block)
        }
      }
    }
  }

  #onCancel (piece, offset, length) {
    if (isDebugging()) this._debug('got cancel index=%d offset=%d length=%d', piece, offset, length)
    this.#theirs.settle(piece, offset, length)
    this[kOutbound].schedule()
    this.emit('cancel', piece, offset, length)
  }

  #emitSuggest (index) {
    if (isDebugging()) this._debug('got suggest %d', index)
    this.emit('suggest', index)
  }

  #emitHaveAll () {
    if (isDebugging()) this._debug('got have-all')
    this.#peerPieces = new HaveAll()
    this.emit('have-all')
  }

  #emitHaveNone () {
    if (isDebugging()) this._debug('got have-none')
    this.#peerPieces = null
    this.emit('have-none')
  }

  #emitReject (piece, offset, length) {
    if (isDebugging()) this._debug('got reject index=%d offset=%d length=%d', piece, offset, length)
    try {
      this.#own.settle(piece, offset, length, 'request was rejected')
    } finally {
      if (!this[kIsEnding]) this.emit('reject', piece, offset, length)
    }
  }

  #emitAllowedFast (index) {
    if (isDebugging()) this._debug('got allowed-fast %d', index)
    if (!this.peerAllowedFastSet.includes(index)) {
      this.peerAllowedFastSet.push(index)
      this.#peerAllowedFastKnown = this.peerAllowedFastSet.length
    }
    this.emit('allowed-fast', index)
  }

  /** The packages in compat/ hand the bytes on as they are. */
  _onExtendedHandshake (bytes) {
    const handshake = native.bencodeDecode(bytes)
    this.peerExtendedHandshake = handshake
    const mapping = this.peerExtendedMapping
    for (const [name, id] of Object.entries(native.engine.takeExtensionChanges())) {
      if (id === 0) delete mapping[name]
      // An assignment to `__proto__` would change the prototype instead.
      else Object.defineProperty(mapping, name, { value: id, configurable: true, enumerable: true, writable: true })
    }
    this.#extensions?.callAll('onExtendedHandshake', [handshake], name => Object.hasOwn(mapping, name))
    if (this[kIsEnding]) return
    if (isDebugging()) this._debug('got extended handshake')
    this.emit('extended', 'handshake', handshake)
  }

  #onExtended (id) {
    const payload = this[kInbound].payload()
    if (payload === null) return
    const extension = Object.hasOwn(this.extendedMapping, id) ? this.extendedMapping[id] : id
    if (this.#extensions?.has(extension)) this.#extensions.call(extension, 'onMessage', payload)
    if (this[kIsEnding]) return
    if (isDebugging()) this._debug('got extended message ext=%s', extension)
    try {
      this.emit('extended', extension, payload)
    } finally {
      this.#run(COMMAND_SUMMARIZE)
      this[kInbound].pauseAbove(page[SLOT_UNSENT])
    }
  }

  #onViolation () {
    const report = native.engine.violation()
    this[kFail](report === null
      ? new WireError('ERR_INTERNAL', 'the engine failed: this is a defect of bittorrent-protocol-native')
      : new WireError(report.code, report.message))
  }

  [kFail] (error) {
    if (this[kIsEnding]) return
    if (isDebugging()) this._debug('Error: %s', error.message)
    this.closeReason = error
    Wire.#violations[error.code] = (Wire.#violations[error.code] ?? 0) + 1
    try {
      this.emit('violation', error)
    } finally {
      try {
        this.#emitIfHeard(error)
      } finally {
        this.destroy()
      }
    }
  }

  /**
   * Emits `error` to those who listen for it. `socket.pipe(wire)` listens as well, only to throw the
   * error where it finds itself to be the last: it must not be.
   */
  #emitIfHeard (error) {
    if (this.listenerCount('error') === 0) return
    this.on('error', noop)
    try {
      this.emit('error', error)
    } finally {
      this.off('error', noop)
    }
  }

  // The names under which published packages apply these messages themselves.

  _onSuggest (index) {
    if (this.#requireFast('suggest')) this.#emitSuggest(index)
  }

  _onHaveAll () {
    if (!this.#requireFast('have-all')) return
    this.#run(COMMAND_SET_PEER_HAS_ALL, 1)
    this.#emitHaveAll()
  }

  _onHaveNone () {
    if (!this.#requireFast('have-none')) return
    this.#run(COMMAND_SET_PEER_HAS_ALL, 0)
    this.#emitHaveNone()
  }

  _onReject (index, offset, length) {
    if (!this.#requireFast('reject')) return
    this.#run(COMMAND_FORGET_REQUEST, index, offset, length)
    this.#emitReject(index, offset, length)
  }

  _onAllowedFast (index) {
    if (!this.#requireFast('allowed-fast')) return
    this.#emitAllowedFast(index)
    this.#peerAllowedFastKnown = -1
  }

  /** BEP 6: who uses the extension without it has the connection closed. */
  #requireFast (message) {
    if (this.#hasFast) return true
    if (isDebugging()) this._debug('Error: got %s whereas fast extension is disabled', message)
    this.destroy()
    return false
  }

  /** Calls a request back that the caller has taken out of `requests` itself. */
  _callback (request, error, buffer) {
    if (!request) return
    this.#own.forget(request)
    request.callback(error, buffer)
  }

  //
  // REQUESTS
  //

  // A private getter takes its time: what is called by the thousand looks at the fields first.

  get #own () {
    return (this.#ownRequests ??= new OwnRequests(this))
  }

  get #theirs () {
    return (this.#peerRequests ??= new PeerRequests(this))
  }

  //
  // THE ENGINE
  //

  get #native () {
    return native.nativeWire(this[kId])
  }

  #free () {
    native.close(this[kId])
    this[kId] = this.#tie.id = NO_WIRE
  }

  #syncAllowedFast () {
    if (this.#allowedFastKnown === this.allowedFastSet.length &&
      this.#peerAllowedFastKnown === this.peerAllowedFastSet.length) return
    this.#native.syncAllowedFast(Uint32Array.from(this.allowedFastSet), Uint32Array.from(this.peerAllowedFastSet))
    this.#allowedFastKnown = this.allowedFastSet.length
    this.#peerAllowedFastKnown = this.peerAllowedFastSet.length
  }

  #syncState () {
    const states = [this.#amChoking, this.#amInterested, this.#peerChoking, this.#hasFast]
    this.#run(COMMAND_SET_STATE, states.reduce((bits, isSet, place) => bits | Number(isSet) << place, 0))
  }

  #run (what, a, b, c) {
    run(this[kId], what, a, b, c)
  }

  #send (what, a, b, c) {
    this.#run(what, a, b, c)
    this[kOutbound].schedule()
  }

  #sendFast (what, a, b, c) {
    if (!this.#hasFast) throw Error('fast extension is disabled')
    this.#send(what, a, b, c)
  }

  #transfer (what, bytes, a, b, c) {
    transfer(this[kId], what, bytes, a, b, c)
  }

  #sendBytes (what, bytes, a) {
    this.#transfer(what, bytes, a)
    this[kOutbound].schedule()
  }

  //
  // THE STREAM
  //

  destroy () {
    if (!this[kIsEnding] && isDebugging()) this._debug('destroy')
    return super.destroy()
  }

  end (chunk, encoding, callback) {
    if (!this[kIsEnding] && isDebugging()) this._debug('end')
    return super.end(chunk, encoding, callback)
  }

  [kOnEnd] () {
    clearInterval(this.#keepAliveTimer)
    this[kCrypto]?.close()
    try {
      this.#onUninterested()
    } finally {
      this.#onChoke()
    }
  }

  [kOnFinish] () {
    this.#run(COMMAND_CLOSE)
    this.#ownRequests?.stop()
    this.#lastStatistics = this.#native.statistics()
    this.#free()
  }

  [kOnClose] () {
    this.#theirs.clear()
    this.#own.failAll('wire was closed')
  }

  _debug (format, ...values) {
    if (isDebugging()) debug(`[${this._debugId}] ${format}`, ...values)
  }
}

Wire[kKeepShape]()

module.exports = Wire
