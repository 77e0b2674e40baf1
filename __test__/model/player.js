'use strict'

const { Message, ExtendedHandshake } = require('./decoder')
const { Line, Sequence } = require('./line')
const { OwnRequests } = require('./own-requests')
const { PeerRequests } = require('./peer-requests')
const { blockOf } = require('./blocks')
const messages = require('../world/support/messages')

const INFO_HASH = '5a'.repeat(20)

/** What a message of the peer is emitted as. */
const MESSAGE_EVENTS = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece', 'cancel',
  'port', 'suggest', 'have-all', 'have-none', 'reject', 'allowed-fast', 'extended', 'keep-alive', 'unknownmessage'
]

const CLOSING_EVENTS = ['finish', 'end', 'close']

const OTHER_EVENTS = ['upload', 'download', 'violation', 'timeout', 'crypto-infohash', 'crypto-handshake']

/** How far the numbers that one side names are from those of another. */
const RANGE = 1000

/** The name of the extension that all wires use. */
const EXTENSION = 'ut_model'

/**
 * A wire under test, what it was told, and what is known about it: that all that it does is right.
 */
class Player {
  /**
   * @param {import('./session').Session} session
   * @param {object} options
   * @param {number} options.number its own
   * @param {string} options.type of the wire
   * @param {boolean} options.isOutgoing
   * @param {number} options.encryption
   * @param {boolean} options.fast it announces BEP 6
   * @param {object} [options.limits] options of the wire
   * @param {boolean} [options.greetsItself] the wire sends its handshake of its own accord
   */
  constructor (session, { number, type, isOutgoing, encryption, fast, limits = {}, greetsItself = false }) {
    this.session = session
    this.random = session.random
    this.name = `wire ${number}`
    this.salt = number
    /** Where the numbers of its pieces begin. */
    this.base = number * RANGE
    this.peerId = number.toString(16).padStart(40, '0')
    /** @type {object | null} */
    this.face = null
    this.type = type
    this.isOutgoing = isOutgoing
    this.encryption = encryption
    this.fast = fast
    this.limits = limits
    this.greetsItself = greetsItself
    this.isLimited = limits.maxPeerRequests !== undefined
    this.hasExtension = true

    this.amChoking = true
    this.amInterested = false
    this.peerChoking = true
    this.peerInterested = false
    this.hasFast = false
    /** @type {Set<number> | 'all'} */
    this.pieces = new Set()

    /** Its own handshake was sent, the peer's has come, and both extended ones likewise. */
    this.isGreeted = false
    this.isMet = false
    this.isExtendedSent = false
    this.isExtended = false
    this.isConnected = false
    this.isEnding = false
    this.isClosed = false
    /** It was closed before anything else was, so that nothing of what it was told is lost. */
    this.isFirst = false
    /** The codes of violations that may be. */
    this.mayFail = new Set()
    /** What a wire that closes still emits. */
    this.farewells = []
    /** The last message was one that the peer has sent, or the first of the farewells. */
    this.isPerhapsEnding = false
    this.closings = []
    this.counts = {}
    this.handled = null
    this.uploaded = 0
    this.extendedTold = 0
    this.extendedHeard = 0
    this.offset = 0

    this.own = new OwnRequests(this)
    this.theirs = new PeerRequests(this)
    this.inbox = new Sequence({
      maySkip: expected => expected.name === 'request' || (expected.name === 'have' && this.knows(expected.index)),
      onSkipped: expected => this.theirs.wait(expected),
      takesExtra: message => !this.line.isWatched && this.peer.takeAutomatic(message)
    })
  }

  /**
   * Its wire is there.
   * @param {object} dressed
   * @param {object} dressed.face what the application uses: the wire, or something around it
   * @param {object} dressed.voice what it sends by
   * @param {object} dressed.seen what its methods have seen pass
   */
  join ({ face: wire, voice, seen }) {
    this.face = wire
    this.voice = voice
    this.seen = seen
    for (const name of MESSAGE_EVENTS) wire.on(name, (...args) => this.onEvent(name, args, () => this.onMessage(name, args)))
    for (const name of CLOSING_EVENTS) wire.on(name, (...args) => this.onEvent(name, args, () => this.onClosing(name)))
    for (const name of OTHER_EVENTS) wire.on(name, (...args) => this.onEvent(name, args, () => this.onOther(name, args)))
    // Who does not listen must not be bothered.
    if (this.random.below(2) === 0) wire.on('error', error => this.onEvent('error', [error], () => this.onOther('error', [error])))
    wire.use(this.extension())
    wire.extendedHandshake.v = this.name
  }

  /**
   * @param {import('./connections').Connection} connection
   * @param {import('./player').Player | import('./stranger').Stranger} peer
   * @param {boolean} isWatched whether what this sends passes as plain bytes
   */
  meet (connection, peer, isWatched) {
    this.connection = connection
    this.peer = peer
    this.out = new Line({ from: this, to: peer, isWatched })
  }

  /** Whether something may have closed it that it was piped to, or from. */
  get mayEnd () {
    return this.connection.interruptions > 0
  }

  /** What the peer sends. */
  get line () {
    return this.peer.out
  }

  extension () {
    const player = this
    class Extension {
      onMessage (bytes) {
        player.onExtension(bytes)
      }
    }
    Extension.prototype.name = EXTENSION
    return Extension
  }

  //
  // FAILURES
  //

  /** Which one it is, and where it hangs. */
  toString () {
    const { plug, connection, seen } = this
    const traits = [plug?.constructor.name ?? 'piped to the other', ...connection?.traits ?? [], ...seen?.names ?? []]
    return `${this.name} (${traits.join(', ')}) to ${this.peer?.name}:`
  }

  fail (message) {
    this.session.fail(`${this} ${message}`)
  }

  /** @param {string | (() => string)} message */
  expectThat (isTrue, message) {
    if (!isTrue) this.fail(typeof message === 'function' ? message() : message)
  }

  //
  // WHAT IT IS TOLD
  //

  /** What is sent from now on has to reach the peer; if it is closing, it may. */
  tell (frame) {
    if (!this.isClosed) this.out.tell(frame instanceof Buffer ? new Message(frame) : frame, this.isEnding)
  }

  /** Calls a method. Nothing leaves the wire within it. */
  call (action) {
    const { session } = this
    const outer = session.calling
    session.calling = this
    try {
      session.guard(() => action(this.voice))
    } finally {
      session.calling = outer
    }
  }

  send (frame, action) {
    this.tell(frame)
    this.call(action)
  }

  /** What its handshake announces. */
  get announced () {
    return { fast: this.fast, dht: this.fast }
  }

  greet () {
    if (this.isGreeted || this.isEnding) return
    this.isGreeted = true
    this.tell(messages.handshake(INFO_HASH, this.peerId, { fast: this.fast, extended: true, dht: this.fast }))
    this.updateFast()
    if (this.isMet) this.tellExtendedHandshake()
    if (!this.greetsItself) this.call(() => this.face.handshake(INFO_HASH, this.peerId, this.announced))
  }

  tellExtendedHandshake () {
    if (this.isExtendedSent || this.isEnding || !this.peer.hasExtension) return
    this.isExtendedSent = true
    this.tell(new ExtendedHandshake({ m: { [EXTENSION]: 1 }, v: this.name }))
  }

  updateFast () {
    this.hasFast = this.isGreeted && this.isMet && this.fast && this.peer.fast
    this.theirs.note()
  }

  choke () {
    if (!this.amChoking) {
      this.tell(messages.choke())
      this.theirs.dropAll()
    }
    this.amChoking = true
    this.call(() => this.face.choke())
    this.theirs.note()
  }

  unchoke () {
    if (this.amChoking) this.tell(messages.unchoke())
    this.amChoking = false
    this.call(() => this.face.unchoke())
    this.theirs.note()
  }

  interested () {
    if (!this.amInterested) this.tell(messages.interested())
    this.amInterested = true
    this.call(() => this.face.interested())
  }

  uninterested () {
    if (this.amInterested) this.tell(messages.uninterested())
    this.amInterested = false
    this.call(() => this.face.uninterested())
  }

  /** A method of the fast extension. */
  sendFast (frame, action) {
    if (this.hasFast) return this.send(frame, action)
    let message = 'nothing'
    this.call(voice => {
      try {
        action(voice)
      } catch (error) {
        message = error.message
      }
    })
    this.expectThat(message === 'fast extension is disabled', () => `without the fast extension ${message} was thrown`)
  }

  allowFast (index) {
    this.sendFast(messages.allowedFast(index), () => this.face.allowedFast(index))
    this.theirs.note()
  }

  extend (payload) {
    const { peerExtendedMapping } = this.face
    const name = peerExtendedMapping[EXTENSION] === undefined ? 1 : EXTENSION
    this.extendedTold += payload.length + 10
    this.send(messages.extended(peerExtendedMapping[EXTENSION] ?? 1, payload), voice => voice.extended(name, payload))
  }

  /** Whether the peer has so little of this to read that neither waits for the other. */
  get mayExtend () {
    return this.isExtended && this.extendedTold - this.peer.extendedHeard < (this.limits.highWaterMark ?? 393_216) / 4
  }

  /** A block that nobody asked for. */
  sendPiece (piece, offset, length) {
    const block = blockOf(this.salt, piece, offset, length)
    this.tell(messages.piece(piece, offset, block))
    this.count(block)
    this.call(voice => voice.piece(piece, offset, block))
  }

  count (block) {
    if (!this.isEnding) this.uploaded += block.length
  }

  /** Answers a request of the peer, or one that is not open any more. */
  respond (entry, error = null) {
    const { index, offset, length } = entry.message
    const block = blockOf(this.salt, index, offset, length)
    const isSent = this.theirs.answer(entry, error === null ? 'piece' : 'reject')
    if (isSent && error === null) {
      this.tell(messages.piece(index, offset, block))
      this.count(block)
    } else if (isSent) {
      this.tell(messages.reject(index, offset, length))
    }
    this.call(() => entry.respond(error, error === null ? block : undefined))
  }

  close () {
    if (!this.isEnding) {
      const isReady = this.isMet || !this.connection.isEncrypted
      this.isFirst = this.connection.interruptions++ === 0 && isReady && this.plug?.isGraceful === true
    }
    this.beginEnding()
    this.session.guard(() => this.random.below(2) === 0 ? this.face.end() : this.face.destroy())
  }

  beginEnding () {
    if (this.isEnding) return
    this.isEnding = true
    this.connection.onEnding(this)
    this.farewells = ['uninterested', 'choke']
    this.inbox.clear()
  }

  //
  // WHAT IT HEARS
  //

  /** The peer has sent this, and the wire will hear of it. */
  expect (expected, isMaybe) {
    if (this.isEnding) return
    if (expected.name === 'request') this.theirs.add(expected)
    this.inbox.add(expected, isMaybe)
  }

  /** Whether the wire may speak so of its own accord, and has. */
  takeAutomatic (message) {
    return message.name === 'reject' && this.theirs.reject(message)
  }

  /** Whether this may be the next message of the peer. */
  hears (message) {
    return this.inbox.allows(message) || (!this.line.isWatched && message.name === 'reject')
  }

  knows (index) {
    return this.pieces === 'all' || this.pieces.has(index)
  }

  onEvent (name, args, apply) {
    const { session } = this
    session.progress++
    this.counts[name] = (this.counts[name] ?? 0) + 1
    session.count(name)
    try {
      if (this.isClosed) this.fail(`emitted ${name} after close`)
      apply()
      // Those that pipe to and from it listen after this, and are not to be kept from it.
      session.react(this, { mayThrow: !CLOSING_EVENTS.includes(name) && name !== 'error' })
    } finally {
      // Whatever a listener of `handshake` says comes first.
      if (name === 'handshake' && this.isGreeted) this.tellExtendedHandshake()
    }
  }

  onMessage (name, args) {
    const message = this.messageOf(name, args)
    const isFarewell = name === 'uninterested' || name === 'choke'
    if (isFarewell && this.mayEnd && !this.isEnding && !this.inbox.allows(message)) {
      this.beginEnding()
      // The first of the two looked like the peer's.
      if (name === 'choke') this.farewells.shift()
    }
    if (this.isEnding) return this.onFarewell(name)
    this.isPerhapsEnding = name === 'uninterested' && this.mayEnd
    if (name === 'have') this.expectThat(!this.knows(message.index), () => `emitted ${message} again`)
    // A request may have waited while later messages came.
    const isLate = name === 'request' && this.theirs.isWaiting(message)
    if (!isLate && !this.inbox.take(message)) {
      this.fail(`emitted ${message}, and the peer sent ${this.inbox}`)
      this.inbox.clear()
    }
    this.apply(message, args)
    this.checkState(`in ${name}`)
  }

  onFarewell (name) {
    if (name === 'choke' && this.isPerhapsEnding) this.farewells = ['choke']
    const next = this.farewells.shift()
    this.expectThat(next === name, () => `emitted ${name} when it was closed, not ${next ?? 'nothing'}`)
    if (name === 'choke') this.peerChoking = true
    if (name === 'uninterested') this.peerInterested = false
  }

  apply (message, args) {
    if (message.name !== 'piece' && message.name !== 'reject') this.own.called = null
    switch (message.name) {
      case 'handshake': return this.onHandshake()
      case 'choke': return this.onChoke()
      case 'unchoke': this.peerChoking = false; return
      case 'interested': this.peerInterested = true; return
      case 'uninterested': this.peerInterested = false; return
      case 'have':
        if (this.pieces !== 'all') this.pieces.add(message.index)
        return
      case 'bitfield': this.pieces = bitsOf(message.payload); return
      case 'have-all': this.pieces = 'all'; return
      case 'have-none': this.pieces = new Set(); return
      case 'reject': return this.own.onAnswer(message)
      case 'piece':
        this.own.onAnswer(message)
        return this.transfer(args[2])
      case 'cancel': return this.theirs.cancel(message)
      case 'request': return this.onRequest(message, args[3])
      case 'extended': return this.onExtended(message, args)
    }
  }

  onChoke () {
    this.peerChoking = true
    if (!this.hasFast) this.own.doom()
  }

  onHandshake () {
    this.isMet = true
    this.updateFast()
    this.expectThat(this.face.peerId === this.peer.peerId, () => `has peerId ${this.face.peerId}`)
    if (this.greetsItself || this.random.below(3) > 0) this.greet()
  }

  /** Takes the memory of a payload away, and with it the rest of the chunk in which it came. */
  transfer (payload) {
    if (!this.session.isRude || this.plug?.givesOwnMemory !== true) return
    if (payload.length === 0 || this.session.isQuiet || this.random.below(100) > 0) return
    this.mayFail.add('ERR_CHUNK_DETACHED')
    structuredClone(payload.buffer, { transfer: [payload.buffer] })
    this.session.count('transferred')
  }

  onRequest (message, respond) {
    const entry = this.theirs.open(message, respond)
    if (entry !== undefined && this.random.below(3) === 0) this.respond(entry)
  }

  onExtended (message, args) {
    if (message.isExtendedHandshake) {
      this.isExtended = true
      return
    }
    this.extendedHeard += message.frame.length + 4
    if (args[0] !== EXTENSION) return
    this.expectThat(this.handled !== null && Buffer.compare(this.handled, args[1]) === 0, 'emitted a message that its extension did not get')
    this.handled = null
  }

  onExtension (bytes) {
    this.expectThat(!this.isEnding, 'gave its extension a message after it was closed')
    this.handled = Buffer.from(bytes)
    this.session.react(this, { mayThrow: false })
    if (!this.session.isQuiet && this.session.isRude && this.random.below(30) === 0) {
      this.mayFail.add('ERR_EXTENSION_FAILED')
      throw new Error('an extension fails')
    }
  }

  onOther (name, args) {
    switch (name) {
      case 'violation':
        this.expectThat(this.mayFail.has(args[0].code), () => `closed with ${args[0].stack}`)
        this.connection.interruptions++
        this.beginEnding()
        return
      case 'error': return this.onError(args[0])
      case 'timeout': return this.fail('a request has timed out')
      case 'crypto-infohash': return this.connection.namesTorrent ? undefined : this.session.soon(() => this.face.setInfoHash(INFO_HASH))
      case 'crypto-handshake': return this.isOutgoing ? this.greet() : undefined
      case 'download': this.expectThat(!this.isEnding, 'emitted download after it was closed')
    }
  }

  onError (error) {
    if (error === this.face.connectionError) {
      this.expectThat(this.mayEnd, () => `lost its connection: ${error.stack}`)
      this.beginEnding()
    } else {
      this.expectThat(this.mayFail.has(error.code), () => `emitted ${error.stack}`)
    }
  }

  onClosing (name) {
    if (this.mayEnd) this.beginEnding()
    this.expectThat(this.isEnding, () => `emitted ${name}, and nobody closed it`)
    this.closings.push(name)
    if (name === 'finish') this.connection.onFinished(this)
    if (name === 'close') {
      this.isClosed = true
      this.connection.onClosed(this)
    }
  }

  messageOf (name, args) {
    switch (name) {
      case 'handshake': return new Message(messages.handshake(...args))
      case 'bitfield': return new Message(messages.bitfield(args[0].buffer))
      case 'piece': return new Message(messages.piece(...args))
      case 'request': return new Message(messages.request(...args.slice(0, 3)))
      case 'extended': {
        if (args[0] === 'handshake') return new Message(messages.extended(0, messages.bencode(args[1])))
        return new Message(messages.extended(args[0] === EXTENSION ? 1 : args[0], args[1]))
      }
      case 'unknownmessage': return new Message(messages.message(args[0][0], args[0].subarray(1)))
      default: return new Message(messages[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())](...args))
    }
  }

  //
  // CHECKS
  //

  checkState (where) {
    for (const key of ['amChoking', 'amInterested', 'peerChoking', 'peerInterested', 'hasFast']) {
      this.expectThat(this.face[key] === this[key], () => `${where}: ${key} is ${this.face[key]}`)
    }
  }

  /** What is still to come before this wire is at rest; `null` if nothing. */
  unsettled () {
    if (this.isClosed) return null
    if (this.isEnding || this.connection.isLost || this.peer.isEnding || this.peer.isClosed) return 'it does not close'
    if (!this.isConnected) return 'it is not connected'
    if (!this.isGreeted || !this.isMet) return 'the handshakes'
    this.inbox.skipAll()
    if (this.inbox.queue.length > 0) return `to be emitted: ${this.inbox}`
    const waiting = this.theirs.unsettled
    if (waiting.length > 0) {
      const alike = this.theirs.entries.filter(({ message }) => message.block === waiting[0].message.block)
      return `${waiting.length} requests of the peer: ${alike.map(entry => JSON.stringify(entry)).join(' ')}`
    }
    return this.out.told.queue.length > 0 ? `to be sent: ${this.out.told}` : null
  }

  /** Everything that can happen has happened. */
  checkAtRest () {
    if (this.isEnding) return
    this.checkState('at rest')
    this.own.check()
    this.theirs.check()
    this.expectThat(this.face.closeReason == null, () => `has closeReason ${this.face.closeReason}`)
    this.expectThat(this.voice !== this.face || this.face.uploaded === this.uploaded, () => `has uploaded ${this.face.uploaded}, not ${this.uploaded}`)
    this.checkSeen()
    for (let index = this.peer.base; index < this.peer.base + RANGE; index++) {
      if (this.face.peerPieces.get(index) === this.knows(index)) continue
      return this.fail(`peerPieces.get(${index}) is ${this.face.peerPieces.get(index)}`)
    }
  }

  /** What is still open has been lost on purpose. */
  checkAnswers () {
    for (const record of this.own.open) {
      this.expectThat(this.peer.mayLose(record), () => `request ${record.block} was never answered`)
    }
  }

  /** Whether the peer may ask for a block once more. */
  mayRepeat (block) {
    return this.theirs.mayRepeat(block)
  }

  /** A subclass has seen all that passes. */
  checkSeen () {
    const { line, out, connection } = this
    if (!line.isWatched || !out.isWatched || connection.isEncrypted || connection.isTcp) return
    const missing = this.seen.missing(line.bytes, out.bytes, this.counts)
    this.expectThat(missing === null, () => `a subclass: ${missing}`)
  }

  /** Whether it need not answer this request of the peer. */
  mayLose ({ block }) {
    return this.theirs.isLost(block) || !this.theirs.entries.some(({ message }) => message.block === block)
  }

  /** What is still to come before this wire is closed; `null` if nothing. */
  unclosed () {
    if (!this.isClosed) return 'it does not close'
    const isWhole = this.isFirst && this.connection.interruptions === 1
    return isWhole && !this.out.isDone ? `it was closed, and did not send ${this.out.told}` : null
  }

  checkClosed () {
    this.expectThat(this.closings.join() === CLOSING_EVENTS.join(), () => `emitted ${this.closings} when it was closed`)
    this.expectThat(this.face.destroyed, 'is closed and not destroyed')
    this.expectThat(this.face.requests.length === 0 && this.face.peerRequests.length === 0, 'is closed and has requests')
    this.own.checkClosed()
    this.out.checkEnd()
  }
}

function bitsOf (bytes) {
  const set = new Set()
  for (let index = 0; index < bytes.length * 8; index++) {
    if ((bytes[index >> 3] & (0x80 >> (index & 7))) !== 0) set.add(index)
  }
  return set
}

module.exports = { Player, INFO_HASH, EXTENSION, RANGE }
