'use strict'

const FIFO = require('fast-fifo')
const native = require('../native/index.js')
const { closeFor } = require('../closing.js')
const { WireError } = require('../errors.js')
const { attempt } = require('../surface.js')
const { kHandle, kInbound, kIsFinished } = require('../symbols.js')

const { nextTick } = process

/** Most wires are idle, so that what an idle wire lacks is not made. */
const NOTHING = Object.freeze([])

/**
 * What goes to the peer: after the code that runs now, it takes from the engine what was sent,
 * and pushes it to the stream as few chunks. Nothing leaves inside a sending call: callers add listeners after
 * it. But it leaves before the next turn of microtasks: callers await something, and destroy the
 * socket then.
 */
class Outbound {
  constructor (wire) {
    this.wire = wire
    /** Blocks of callers, in the order in which the engine's output has their places. */
    this.blocks = null
    /** The memory of one of them was transferred away: nothing leaves any more. */
    this.isTorn = false
    /** Chunks that are ready to be pushed, and how many of them have been. @type {Buffer[]} */
    this.ready = NOTHING
    this.pushed = 0
    /** How many bytes of them have not, as the engine knows it. */
    this.undelivered = 0
    /** Above so many the peer's requests wait. */
    this.highWater = this.wire.highWaterMark
    this.isScheduled = false
    /** Nobody wants more until `_read`, or until a destination drains. */
    this.isStalled = false
    /** What the wire is piped to. @type {import('../stream/pipe.js')[]} */
    this.pipes = NOTHING
  }

  /** To be called after a call that may have sent something. */
  schedule () {
    if (this.isScheduled || this.isStalled || this.wire[kIsFinished]) return
    this.isScheduled = true
    queueMicrotask(() => flush(this))
  }

  /** Adds a block that follows the header which the engine just queued. */
  addBlock (block) {
    if (block.length === 0) return
    this.blocks ??= new FIFO()
    this.blocks.push(block)
  }

  /** The block whose place has come; `null` if its memory is gone. */
  nextBlock (length) {
    const block = this.blocks.shift()
    if (block.length === length) return block
    this.isTorn = true
    return null
  }

  /** The reader, or a destination, wants more. */
  drain () {
    if (!this.isStalled) return
    this.isStalled = false
    this.flush()
  }

  /** Pushes what waits, as far as it is wanted; with `isLast`, all of it: see `flushLast`. */
  flush (isLast = false) {
    if (this.wire[kIsFinished]) return
    if (!isLast && (this.isStalled || this.mustDrain())) return
    let isDone = false
    const { pipes } = this
    for (const pipe of pipes) pipe.cork()
    try {
      while (this.pushNext(isLast));
      isDone = true
    } finally {
      for (const pipe of pipes) pipe.uncork()
      if (!isDone && !this.isScheduled) {
        this.isScheduled = true
        nextTick(flush, this)
      }
    }
    if (!isLast) this.tellUndelivered()
  }

  /** Pushes all that waits: nothing comes after it. What a listener throws changes nothing of that. */
  flushLast () {
    while (!attempt(() => this.flush(true)));
  }

  /** Tells the engine what did not leave yet, and goes on with what that kept back. */
  tellUndelivered () {
    this.mustDrain()
    const undelivered = this.isStalled ? this.countUndelivered() : 0
    const highWater = this.countHighWater()
    const inbound = this.wire[kInbound]
    if (undelivered === this.undelivered && highWater === this.highWater && !inbound.isPaused && !inbound.hasWaiting) return
    this.undelivered = undelivered
    this.highWater = highWater
    if (native.setUndelivered(this.wire[kHandle], undelivered, highWater)) inbound.resume()
  }

  /** Stalls until every destination has drained; tells whether one has to. */
  mustDrain () {
    for (const pipe of this.pipes) if (pipe.needsDrain) this.isStalled = true
    return this.isStalled
  }

  /** Pushes one chunk; tells whether to go on. */
  pushNext (isLast) {
    if (this.pushed === this.ready.length && !this.takeAll()) return false
    const chunk = this.ready[this.pushed]
    this.ready[this.pushed++] = undefined
    const isWanted = this.wire.push(chunk)
    if (isLast) return true
    if (!isWanted) this.isStalled = true
    return isWanted && !this.pipes.some(isFull)
  }

  /** Makes chunks of what the engine has; tells whether there are any. */
  takeAll () {
    this.ready = []
    this.pushed = 0
    if (!this.isTorn && native.takeOutput(this.wire[kHandle], this.ready, this)) return true
    this.ready = NOTHING
    if (this.isTorn) this.failDetached()
    return false
  }

  /** The caller transferred memory away that was still to be sent. */
  failDetached () {
    closeFor(this.wire, new WireError('ERR_CHUNK_DETACHED',
      'the memory of a block was transferred away before the block had left'))
  }

  /** Where output leaves slowly, requests are not to come long before their answers can leave. */
  countHighWater () {
    let bytes = this.wire.highWaterMark
    for (const pipe of this.pipes) if (pipe.highWater < bytes) bytes = pipe.highWater
    return bytes
  }

  /** How many bytes have been taken from the engine and did not leave yet. */
  countUndelivered () {
    let bytes = this.wire.readableLength
    for (const pipe of this.pipes) bytes += pipe.queued
    for (let i = this.pushed; i < this.ready.length; i++) bytes += this.ready[i].length
    return bytes
  }
}

function isFull (pipe) {
  return pipe.isFull
}

function flush (outbound) {
  outbound.isScheduled = false
  outbound.flush()
}

module.exports = Outbound
