'use strict'

const { Buffer } = require('node:buffer')
const { kId, kOutbound, kCrypto, kApply, kFail } = require('./symbols.js')
const { WireError } = require('./errors.js')
const Slab = require('./slab.js')
const { bufferOf, lend, lenders } = require('./lending.js')
const native = require('./native.js')

const { page, poll, transfer, decrypt, touchClock } = native
const {
  SLOT_EVENT, SLOT_START, SLOT_LENGTH, SLOT_CONSUMED, SLOT_HEAD,
  SLOT_TAIL_START, SLOT_TAIL_LENGTH, SLOT_MISSING, SLOT_PAYLOADS,
  SLOT_EARLY_EVENTS, SLOT_TAKES_BLOCKS, TRANSFER_RECEIVE, TRANSFER_BODY, EVENT_NONE, NONE
} = native

const { nextTick } = process

const EMPTY = Buffer.alloc(0)
/** Most wires are idle, so that what an idle wire lacks is not made. */
const NOTHING = Object.freeze([])

/** Payloads up to this many bytes are copied: that costs less than lending a part of the chunk. */
const COPIED_LENGTH = 2048
/** Up to this many bytes, a loop copies them sooner than a view of them is made. */
const TINY_LENGTH = 48

/**
 * What comes from the peer: takes chunks, has the engine frame them, collects the payload that a
 * chunk's end cuts, and hands one event after the other to the wire.
 */
class Inbound {
  constructor (wire, isNegotiating) {
    this.wire = wire
    /** What comes belongs to the crypto handshake. */
    this.isNegotiating = isNegotiating
    /** What comes is RC4. */
    this.isEncrypted = false
    /** The chunk at work; `null` between chunks. @type {Buffer | null} */
    this.chunk = null
    /** Where it lies. @type {ArrayBuffer | null} */
    this.memory = null
    this.memoryStart = 0
    /** How long it was when it came: it is shorter if its memory was transferred away since. */
    this.length = 0
    /** How much of it is framed, and where the part framed last begins, in bytes. */
    this.framed = 0
    this.origin = 0
    /** Payloads of the framed part that lie in the chunk and are not yet given out. */
    this.payloads = 0
    /** To be called when the chunk is done. @type {Function | null} */
    this.callback = null
    /** Chunks that came meanwhile, each followed by its callback. */
    this.queue = NOTHING
    /** A payload that a chunk's end cut, as far as it has come. @type {Buffer | null} */
    this.assembly = null
    this.filled = 0
    this.missing = 0
    /** Bytes that were collected without the engine's knowing, yet. */
    this.uncounted = 0
    /** A payload that is whole, until its event comes. @type {Buffer | null} */
    this.collected = null
    /** Memory of payloads that are copied, and of payloads that chunks have cut. */
    this.copies = null
    this.assemblies = null
    /** The chunk at work is a copy that nobody else sees. */
    this.isSecured = false
    /** Whether this is one of `lenders`. */
    this.isLending = false
    /** The rest of an event whose listener threw. @type {Function | null} */
    this.unfinished = null
    this.isRunning = false
    this.isPaused = false
    this.isClosed = false
  }

  /**
   * Takes a chunk. Its events have fired when `callback` runs.
   * @param {Buffer} chunk
   * @param {Function} callback
   */
  take (chunk, callback) {
    if (this.isClosed) {
      callback(null)
    } else if (this.callback !== null) {
      if (this.queue === NOTHING) this.queue = []
      this.queue.push(chunk, callback)
    } else if (chunk.length < this.missing) {
      this.collect(chunk)
      callback(null)
    } else {
      this.begin(chunk, callback)
      if (!this.isPaused && !this.isRunning) this.run()
    }
  }

  /** Whether no chunk is at work. */
  get isIdle () {
    return this.callback === null
  }

  /**
   * Stops between two events while much is unsent; the callback of the chunk waits. For messages
   * that extensions answer: the engine holds back requests by itself.
   * @param {number} unsent how many bytes wait
   */
  pauseAbove (unsent) {
    if (unsent > this.wire.highWaterMark) this.isPaused = true
  }

  /**
   * Goes on where output that has drained lets it.
   * @param {number} waiting how many requests of the peer wait
   * @param {number} unsent how many bytes wait
   */
  onDrain (waiting, unsent) {
    const isDrained = unsent <= this.wire.highWaterMark
    if (isDrained && (this.isPaused || waiting > 0)) this.resume()
  }

  /** Goes on with what is framed, and with requests that waited for output to drain. */
  resume () {
    this.isPaused = false
    if (!this.isRunning && !this.isClosed) this.run()
  }

  /** Goes on with requests that waited for an earlier one to be answered. */
  resumeLater () {
    if (!this.isPaused) nextTick(resume, this)
  }

  /** Drops what is not yet applied. Nothing is emitted any more. */
  close () {
    this.isClosed = true
    if (!this.isRunning) this.release()
  }

  begin (chunk, callback) {
    this.setChunk(this.isEncrypted ? this.decrypt(chunk, Buffer.allocUnsafeSlow(chunk.length)) : chunk)
    this.framed = 0
    this.isSecured = false
    this.callback = callback
  }

  setChunk (chunk) {
    this.chunk = chunk
    this.memory = bufferOf.call(chunk)
    this.memoryStart = chunk.byteOffset
    this.length = chunk.length
  }

  run () {
    touchClock()
    this.isRunning = true
    let isDone = false
    try {
      if (this.unfinished !== null) this.finishEvent()
      this.applyAll()
      isDone = true
    } catch (error) {
      // What a listener throws is the application's to see. Since Node.js 24, `pipe` takes it for
      // an error of this stream instead, and destroys the stream with it. Every stream that is
      // piped into another listens for the other's `unpipe`.
      if (this.wire.listenerCount('unpipe') === 0) throw error
      nextTick(() => { throw error })
    } finally {
      this.isRunning = false
      if (this.isClosed) this.release()
      else if (!isDone) nextTick(resume, this)
    }
  }

  applyAll () {
    while (!this.isClosed && !this.isPaused) {
      poll(this.wire[kId])
      const event = page[SLOT_EVENT]
      if (event !== EVENT_NONE) {
        this.wire[kApply](event)
      } else {
        // The engine may have answered by itself, with rejects.
        this.wire[kOutbound].schedule()
        if (!this.advance()) return
      }
    }
  }

  finishEvent () {
    const rest = this.unfinished
    this.unfinished = null
    rest()
  }

  /** Frames more of the chunk, or begins the next one; tells whether there was more. */
  advance () {
    if (this.chunk !== null) {
      if (this.framed < this.length) return this.isNegotiating ? this.negotiate() : this.frame() !== null
      // The callback of a chunk that brought a key comes with its answer.
      if (this.isNegotiating && this.wire[kCrypto].isAgreeing) return false
      this.settle()
    }
    if (this.chunk !== null) return true
    if (this.queue.length === 0 || this.callback !== null) return false
    this.begin(this.queue.shift(), this.queue.shift())
    return true
  }

  /** The chunk is done. */
  settle () {
    const callback = this.callback
    this.chunk = this.memory = null
    this.callback = null
    this.endLending()
    // It may bring the next chunk at once, by way of `take`: `run` goes on with it.
    if (callback !== null) callback(null)
  }

  /** Gives the crypto handshake what it wants of the chunk; tells whether it went on. */
  negotiate () {
    if (this.chunk.length !== this.length) return this.failDetached()
    const rest = this.framed === 0 ? this.chunk : this.chunk.subarray(this.framed)
    const used = this.wire[kCrypto].take(rest)
    this.framed += used
    return used > 0 || page[SLOT_EARLY_EVENTS] > 0
  }

  /** Goes on with the crypto handshake after another input than the peer's bytes. */
  renegotiate () {
    if (!this.isRunning && !this.isClosed && !this.isPaused) this.run()
  }

  /**
   * The crypto handshake is over: what is left of the chunk is the stream, after the `length`
   * bytes of it that the engine has already decrypted.
   */
  endNegotiation (length) {
    this.isNegotiating = false
    this.isEncrypted = page[SLOT_TAKES_BLOCKS] !== 0
    const rest = this.chunk === null ? EMPTY : this.chunk.subarray(this.framed)
    const stream = Buffer.allocUnsafeSlow(length + rest.length)
    transfer(this.wire[kId], TRANSFER_BODY, stream.subarray(0, length))
    if (rest.length > 0) this.decrypt(rest, stream.subarray(length))
    this.setChunk(stream)
    this.framed = 0
  }

  decrypt (chunk, plain) {
    return decrypt(this.wire[kId], chunk, plain)
  }

  frame () {
    if (this.chunk.length !== this.length || this.assembly?.length === 0) return this.failDetached()
    const rest = this.framed === 0 ? this.chunk : this.chunk.subarray(this.framed)
    transfer(this.wire[kId], TRANSFER_RECEIVE, rest, this.uncounted)
    this.uncounted = 0
    this.origin = this.framed
    this.framed += page[SLOT_CONSUMED]
    this.payloads = page[SLOT_PAYLOADS]
    const head = page[SLOT_HEAD]
    const start = page[SLOT_TAIL_START]
    const length = page[SLOT_TAIL_LENGTH]
    this.missing = page[SLOT_MISSING]
    const at = this.memoryStart + this.origin
    if (head > 0) {
      this.assembly.set(new Uint8Array(this.memory, at, head), this.filled)
      this.filled += head
      if (this.filled === this.assembly.length) {
        this.collected = this.assembly
        this.assembly = null
      }
    }
    if (length > 0) {
      this.filled = rest.length - start
      this.assembly = this.makeAssembly(length)
      this.assembly.set(new Uint8Array(this.memory, at + start, this.filled), 0)
    }
    return true
  }

  /** Takes a chunk that is all of one payload. */
  collect (chunk) {
    if (this.assembly.length === 0) return this.failDetached()
    if (this.isEncrypted) this.decrypt(chunk, this.assembly.subarray(this.filled, this.filled + chunk.length))
    else this.assembly.set(chunk, this.filled)
    this.filled += chunk.length
    this.missing -= chunk.length
    this.uncounted += chunk.length
  }

  /** The payload of the event in the page; `null` if its memory is gone, and the wire with it. */
  payload () {
    const start = page[SLOT_START]
    const length = page[SLOT_LENGTH]
    if (length === 0) return Buffer.alloc(0)
    if (start === NONE) {
      const { collected } = this
      this.collected = null
      // The next one may be under way in the same slab, or come there.
      return this.assemblies?.isIn(bufferOf.call(collected)) ? lend(collected) : collected
    }
    const { chunk } = this
    if (chunk.length !== this.length) return this.failDetached()
    const at = this.origin + start
    const isLast = --this.payloads === 0 && this.framed === this.length
    if (length <= TINY_LENGTH && !isLast) {
      const copy = this.makeCopy(length)
      for (let i = 0; i < length; i++) copy[i] = chunk[at + i]
      return copy
    }
    // `subarray` would look the memory up each time, at twice the cost.
    const view = Buffer.from(this.memory, this.memoryStart + at, length)
    if (isLast) return view
    if (length > COPIED_LENGTH) {
      // Where somebody asks one payload for its memory, others are likely to.
      if (this.isSecured) return copyOf(view)
      this.beginLending()
      return lend(view)
    }
    const copy = this.makeCopy(length)
    copy.set(view)
    return copy
  }

  beginLending () {
    if (this.isLending) return
    this.isLending = true
    lenders.push(this)
  }

  /** A buffer for a payload that is copied. */
  makeCopy (length) {
    this.copies ??= new Slab()
    return this.copies.allocate(length)
  }

  /** A buffer for a payload that a chunk's end cuts. */
  makeAssembly (length) {
    // One that is long has memory of its own.
    if (length * 4 > Slab.LENGTH) return Buffer.allocUnsafeSlow(length)
    this.assemblies ??= new Slab()
    return this.assemblies.allocate(length, this)
  }

  endLending () {
    if (!this.isLending) return
    this.isLending = false
    if (lenders.at(-1) === this) lenders.pop()
    else lenders.splice(lenders.indexOf(this), 1)
  }

  /** Keeps what is still needed of memory that is about to be shown to a caller. */
  secure (memory) {
    if (this.chunk !== null && this.memory === memory) {
      this.setChunk(copyOf(this.chunk))
      this.isSecured = true
    }
    if (this.assemblies?.isIn(memory)) this.assemblies = null
    if (this.assembly !== null && bufferOf.call(this.assembly) === memory) this.assembly = copyOf(this.assembly)
    if (this.collected !== null && bufferOf.call(this.collected) === memory) this.collected = copyOf(this.collected)
  }

  /** A caller transferred the chunk away by a way that `secure` does not see. */
  failDetached () {
    this.wire[kFail](new WireError('ERR_CHUNK_DETACHED',
      'the memory of a chunk was transferred away before all of it was read'))
    return null
  }

  /** Lets go of everything, so that the stream can end. */
  release () {
    const waiting = this.queue.filter(entry => typeof entry === 'function')
    if (this.callback !== null) waiting.unshift(this.callback)
    this.queue = NOTHING
    this.chunk = this.memory = this.callback = null
    this.assembly = this.collected = null
    this.copies = this.assemblies = null
    this.endLending()
    for (const callback of waiting) callback(null)
  }
}

function copyOf (bytes) {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

function resume (inbound) {
  inbound.resume()
}

module.exports = Inbound
