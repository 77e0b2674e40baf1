'use strict'

const { Buffer } = require('node:buffer')
const FIFO = require('fast-fifo')
const native = require('../native/index.js')
const Assembly = require('./assembly.js')
const Chunk = require('./chunk.js')
const Receiver = require('./receiver.js')
const PeerRequests = require('../requests/peer-requests.js')
const { isDebugging } = require('../debug.js')
const logged = require('./logged.js')
const { kHandle, kOutbound, kCrypto, kIsFinished, kMoveCiphers } = require('../symbols.js')
const { closeFor } = require('../closing.js')
const { WireError } = require('../errors.js')
const { surface } = require('../surface.js')

const { APPLIED, GONE, HAS_OUTPUT, IS_PAUSED, HAS_WAITING } = native
const { nextTick } = process

/** How long reading stays paused while nothing leaves, in milliseconds. */
const RELIEF_MS = 1000

/**
 * What comes from the peer: takes chunks, has the engine frame them, collects the payload that a
 * chunk's end cuts, and applies one message after the other.
 */
class Inbound extends Receiver {
  constructor (wire) {
    super(wire)
    /** The chunk at work. @type {Chunk | null} */
    this.chunk = null
    /** Chunks that came meanwhile. @type {FIFO | null} */
    this.queue = null
    /** @type {Assembly | null} */
    this.assembly = null
    /** A cut payload that is whole, until its message comes. @type {Buffer | null} */
    this.collected = null
    this.isRunning = false
    /** Nothing is applied until output has drained. */
    this.isPaused = false
    /** Requests of the peer wait for output to drain, or for others to be answered. */
    this.hasWaiting = false
    this.isClosed = false
    /** `resume` is about to be called. */
    this.isResuming = false
    /** Runs while reading is paused. */
    this.reliefTimer = null
  }

  /**
   * Takes a chunk. Its events have fired when `callback` runs.
   * @param {Buffer} bytes that nobody writes to
   * @param {Function} callback
   */
  take (bytes, callback) {
    if (this.isClosed) {
      callback(null)
    } else if (this.chunk !== null || this.queue?.isEmpty() === false) {
      this.queue ??= new FIFO()
      this.queue.push(new Chunk(bytes, callback))
    } else if (this.assembly !== null && bytes.length < this.assembly.missing) {
      this.collect(bytes)
      callback(null)
    } else {
      this.begin(new Chunk(bytes, callback))
      if (!this.isPaused && !this.isRunning) this.run()
    }
  }

  /** Goes on with what is framed, and with requests that waited. */
  resume () {
    this.isPaused = false
    clearTimeout(this.reliefTimer)
    if (!this.isRunning && !this.isClosed) this.run()
  }

  /** Likewise, but not within the call that made it possible. */
  resumeLater () {
    if (this.isResuming || this.isClosed) return
    this.isResuming = true
    nextTick(resume, this)
  }

  /** Drops what is not yet applied. Nothing is emitted any more. */
  close () {
    this.isClosed = true
    if (!this.isRunning) this.release()
  }

  begin (chunk) {
    this.chunk = native.is(this.wire[kHandle], native.ENCRYPTED) ? this.decrypted(chunk) : chunk
  }

  run () {
    // What is piped into this wire listens for these. Asked now: a handler may unpipe it, and throw.
    const { unpipe, drain } = this.wire._events
    const isPipedTo = unpipe !== undefined || drain !== undefined
    this.isRunning = true
    let isDone = false
    try {
      this.applyAll()
      isDone = true
    } catch (error) {
      // What a listener throws is the application's to see, and not that of who writes here: since
      // Node.js 24, `pipe` takes it for an error of this stream, and a stream of streamx that it
      // passes through never moves again.
      if (!isPipedTo) throw error
      surface(error)
    } finally {
      this.isRunning = false
      if (this.isClosed) this.release()
      else if (!isDone) this.resumeLater()
    }
  }

  applyAll () {
    const receiver = isDebugging() ? logged(this) : this
    this.emitHaves()
    while (!this.isClosed) {
      const status = native.next(this.wire[kHandle], receiver)
      if (status === APPLIED) continue
      if (status === GONE) return this.onGone()
      // The engine may have answered by itself, with rejects.
      if ((status & HAS_OUTPUT) !== 0) this.wire[kOutbound].schedule()
      this.hasWaiting = (status & HAS_WAITING) !== 0
      // What the caller has silently taken out of its list is not to keep them waiting.
      if (this.hasWaiting && PeerRequests.of(this.wire).makeRoom()) continue
      this.isPaused = (status & IS_PAUSED) !== 0
      if (this.isPaused) return this.awaitRelief()
      if (!this.advance()) return
    }
  }

  /** The peer may be waiting for us as we wait for it: after a while without progress, goes on a little. */
  awaitRelief () {
    clearTimeout(this.reliefTimer)
    this.reliefTimer = setTimeout(() => {
      native.relieve(this.wire[kHandle])
      this.resume()
    }, RELIEF_MS)
    this.reliefTimer.unref?.()
  }

  /** Frames more of the chunk, or begins the next one; tells whether there was more. */
  advance () {
    const { chunk } = this
    if (chunk !== null) {
      const isNegotiating = native.is(this.wire[kHandle], native.NEGOTIATING)
      if (chunk.framed < chunk.length) return isNegotiating ? this.negotiate() : this.frame()
      // The callback of a chunk that brought a key comes with its answer.
      if (isNegotiating && this.wire[kCrypto].isAgreeing) return false
      this.chunk = null
      // It may bring the next chunk at once, by way of `take`.
      chunk.callback(null)
    }
    if (this.chunk !== null) return true
    const next = this.queue?.shift()
    if (next === undefined) return false
    this.begin(next)
    return true
  }

  /** Gives the crypto handshake what it wants of the chunk; tells whether it went on. */
  negotiate () {
    if (this.chunk.isDetached) return this.failDetached()
    const { used, hasEvents } = this.wire[kCrypto].take(this.chunk.rest())
    this.chunk.advance(used)
    return used > 0 || hasEvents
  }

  /** Goes on with the crypto handshake after another input than the peer's bytes. */
  renegotiate () {
    if (!this.isRunning && !this.isClosed && !this.isPaused) this.run()
  }

  /**
   * The crypto handshake is over: what is left of the chunk is the stream, after the bytes that the
   * engine has already decrypted.
   */
  endNegotiation (received) {
    const rest = this.chunk === null ? Buffer.alloc(0) : this.chunk.rest()
    const stream = Buffer.allocUnsafeSlow(received.length + rest.length)
    received.copy(stream)
    if (rest.length > 0) native.decrypt(this.wire[kHandle], rest, stream.subarray(received.length))
    this.chunk = new Chunk(stream, this.chunk === null ? noop : this.chunk.callback)
    // From now on the bytes may be encrypted and decrypted where they are.
    this.wire[kMoveCiphers]?.()
  }

  decrypted (chunk) {
    const plain = Buffer.allocUnsafeSlow(chunk.length)
    return new Chunk(native.decrypt(this.wire[kHandle], chunk.bytes, plain), chunk.callback)
  }

  frame () {
    const { chunk, assembly } = this
    if (chunk.isDetached || assembly?.isDetached) return this.failDetached()
    let uncounted = 0
    if (assembly !== null) {
      uncounted = assembly.uncounted
      assembly.uncounted = 0
    }
    native.receive(this.wire[kHandle], chunk.rest(), uncounted, this)
    return true
  }

  /** The engine has framed a part of the chunk: see `receive`. */
  onFramed (consumed, head, tailStart, tailLength) {
    const { chunk } = this
    chunk.advance(consumed)
    if (head > 0) {
      this.assembly.add(chunk.bytesAt(0, head))
      if (this.assembly.missing === 0) {
        this.collected = this.assembly.bytes
        this.assembly = null
      }
    }
    if (tailLength > 0) {
      this.assembly = new Assembly(Buffer.allocUnsafeSlow(tailLength))
      this.assembly.add(chunk.bytesAt(tailStart, consumed - tailStart))
    }
  }

  /** Takes a chunk that is all of one payload. */
  collect (bytes) {
    const { assembly } = this
    if (assembly.isDetached) return this.failDetached()
    if (native.is(this.wire[kHandle], native.ENCRYPTED)) {
      native.decrypt(this.wire[kHandle], bytes, assembly.take(bytes.length))
    } else {
      assembly.add(bytes)
    }
    assembly.uncounted += bytes.length
  }

  /**
   * The payload of a message.
   * @param {number} start where it begins in the part of the chunk that was framed last; -1 if it
   *   was collected
   * @param {number} length in bytes
   * @returns {Buffer | null} `null` if its memory is gone, and the wire with it
   */
  payload (start, length) {
    if (length === 0) return Buffer.alloc(0)
    if (start < 0) {
      const { collected } = this
      this.collected = null
      return collected
    }
    if (this.chunk.isDetached) return this.failDetached()
    return this.chunk.view(start, length)
  }

  /** A caller transferred memory away of which a part is still to be read. */
  failDetached () {
    closeFor(this.wire, new WireError('ERR_CHUNK_DETACHED',
      'the memory of a chunk was transferred away before all of it was read'))
    return null
  }

  /** The engine has lost the wire. */
  onGone () {
    if (!this.wire[kIsFinished]) this.onViolation(null)
  }

  /** Lets go of everything, so that the stream can end. */
  release () {
    const { chunk, queue } = this
    this.chunk = this.queue = this.assembly = this.collected = null
    this.haves = null
    clearTimeout(this.reliefTimer)
    chunk?.callback(null)
    for (let next; (next = queue?.shift()) !== undefined;) next.callback(null)
  }
}

function noop () {}

function resume (inbound) {
  inbound.isResuming = false
  inbound.resume()
}

module.exports = Inbound
