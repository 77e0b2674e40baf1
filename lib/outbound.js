'use strict'

const { Buffer } = require('node:buffer')
const { kId, kInbound, kPushMore } = require('./symbols.js')
const native = require('./native.js')

const { page, run, transfer, touchClock } = native
const {
  SLOT_HAS_OUTPUT, SLOT_RUN, SLOT_RUN_LENGTH, SLOT_WAITING, SLOT_UNSENT,
  COMMAND_OUTPUT, COMMAND_SET_UNDELIVERED, COMMAND_SUMMARIZE, TRANSFER_OUTPUT
} = native

const { nextTick } = process

/** Most wires are idle, so that what an idle wire lacks is not made. */
const NOTHING = Object.freeze([])

/** How much of a flush a destination takes before it has to drain, in bytes. */
const BATCH_LENGTH = 256 * 1024

/**
 * What goes to the peer: once a tick it takes from the engine what was sent meanwhile, and pushes
 * it to the stream as few chunks. Nothing leaves inside a sending call: callers add listeners
 * after it.
 */
class Outbound {
  constructor (wire) {
    this.wire = wire
    /** Blocks of callers, in the order in which the engine's output has their places. */
    this.blocks = NOTHING
    this.firstBlock = 0
    /** Chunks that are ready to be pushed, and how many of them have been. @type {Buffer[]} */
    this.ready = NOTHING
    this.pushed = 0
    /** How many bytes of them have not, as the engine knows it. */
    this.undelivered = 0
    this.isScheduled = false
    /** The reader has enough until `_read`. */
    this.isStalled = false
    /** Chunks that are pushed belong to one batch. */
    this.isFlushing = false
    /** Those of `destinations` whose `drain` is awaited. @type {Set<import('node:stream').Writable> | null} */
    this.draining = null
    /** What the wire is piped to. @type {import('node:stream').Writable[]} */
    this.destinations = []
  }

  /** To be called after a command that may have sent something, while the page tells of it. */
  schedule () {
    if (page[SLOT_HAS_OUTPUT] === 0 || this.isScheduled || this.isStalled) return
    this.isScheduled = true
    nextTick(flush, this)
  }

  /** Adds a block that follows the header which the engine just queued. */
  addBlock (block) {
    if (block.length === 0) return
    if (this.blocks === NOTHING) this.blocks = []
    this.blocks.push(block)
  }

  /** The reader wants more. */
  drain () {
    if (!this.isStalled) return
    this.isStalled = false
    this.flush()
  }

  /** Pushes what waits, as far as the reader wants it; with `isLast`, all of it. */
  flush (isLast = false) {
    if (!isLast && (this.isStalled || this.awaitDrain())) return
    let isDone = false
    for (const destination of this.destinations) destination.cork?.()
    this.isFlushing = true
    try {
      let isFirst = true
      let wantsMore = true
      while (wantsMore) {
        wantsMore = this.pushNext(isLast, isFirst) && (isLast || !this.isFull())
        isFirst = false
      }
      isDone = true
    } finally {
      this.isFlushing = false
      for (const destination of this.destinations) destination.uncork?.()
      if (!isDone && !this.isScheduled) {
        this.isScheduled = true
        nextTick(flush, this)
      }
    }
    if (!isLast) this.awaitDrain()
    const undelivered = this.isStalled ? this.countUndelivered() : 0
    if (undelivered !== this.undelivered) {
      this.undelivered = undelivered
      run(this.wire[kId], COMMAND_SET_UNDELIVERED, undelivered)
    } else {
      run(this.wire[kId], COMMAND_SUMMARIZE)
    }
    this.wire[kInbound].onDrain(page[SLOT_WAITING], page[SLOT_UNSENT])
  }

  /** Whether a destination has had enough of this flush. */
  isFull () {
    for (const { writableLength } of this.destinations) if (writableLength > BATCH_LENGTH) return true
    return false
  }

  /** Stalls until every destination has drained; tells whether one has to. */
  awaitDrain () {
    for (const destination of this.destinations) {
      if (!destination.writableNeedDrain) continue
      this.isStalled = true
      this.draining ??= new Set()
      if (this.draining.has(destination)) continue
      this.draining.add(destination)
      destination.once('drain', () => {
        this.draining.delete(destination)
        this.drain()
      })
    }
    return this.isStalled
  }

  /** Pushes one chunk; tells whether to go on. */
  pushNext (isLast, isFirst) {
    if (this.pushed === this.ready.length) {
      this.takeAll()
      if (this.ready.length === 0) return false
    }
    const chunk = this.ready[this.pushed]
    this.ready[this.pushed++] = undefined
    this.isStalled = !(isFirst ? this.wire.push(chunk) : this.wire[kPushMore](chunk))
    return isLast || !this.isStalled
  }

  /** Makes chunks of what the engine has. */
  takeAll () {
    this.ready = NOTHING
    this.pushed = 0
    run(this.wire[kId], COMMAND_OUTPUT)
    const count = page[SLOT_RUN_LENGTH]
    if (count === 0) return
    let length = 0
    for (let i = 0; i < count; i++) length += page[SLOT_RUN + 2 * i]
    const bytes = Buffer.allocUnsafe(length)
    transfer(this.wire[kId], TRANSFER_OUTPUT, bytes, count)
    this.ready = []
    const { buffer, byteOffset } = bytes
    for (let i = 0, at = byteOffset; i < count; i++) {
      const segment = page[SLOT_RUN + 2 * i]
      this.ready.push(count === 1 ? bytes : Buffer.from(buffer, at, segment))
      if (page[SLOT_RUN + 2 * i + 1] > 0) this.ready.push(this.takeBlock())
      at += segment
    }
  }

  takeBlock () {
    const block = this.blocks[this.firstBlock]
    this.blocks[this.firstBlock++] = undefined
    if (this.firstBlock === this.blocks.length) {
      this.blocks = []
      this.firstBlock = 0
    }
    return block
  }

  /** How many bytes have been taken from the engine and did not leave yet. */
  countUndelivered () {
    let bytes = 0
    for (const { writableLength } of this.destinations) bytes += writableLength ?? 0
    for (let i = this.pushed; i < this.ready.length; i++) bytes += this.ready[i].length
    return bytes
  }
}

function flush (outbound) {
  outbound.isScheduled = false
  touchClock()
  outbound.flush()
}

module.exports = Outbound
