'use strict'

const { kId, kInbound } = require('./symbols.js')
const native = require('./native.js')

const { page, command, transfer, touchClock } = native
const {
  SLOT_WIRE, SLOT_COMMAND, SLOT_NEXT_BYTES, SLOT_NEXT_BLOCK, SLOT_WAITING, SLOT_UNSENT,
  COMMAND_SUMMARIZE, TRANSFER_OUTPUT
} = native

const { nextTick } = process

/**
 * What goes to the peer: once a tick it takes from the engine what was sent meanwhile, and pushes
 * it to the stream as few chunks. Nothing leaves inside a sending call: callers add listeners
 * after it.
 */
class Outbound {
  constructor (wire) {
    this.wire = wire
    /** Blocks of callers, in the order in which the engine's output has their places. */
    this.blocks = []
    this.firstBlock = 0
    /** A block whose header was pushed last. @type {Buffer | null} */
    this.readyBlock = null
    this.isScheduled = false
    /** The reader has enough until `_read`. */
    this.isStalled = false
    /** What the wire is piped to. @type {Set<import('node:stream').Writable>} */
    this.destinations = new Set()
  }

  /** To be called after a command that may have sent something. */
  schedule () {
    if (page[SLOT_NEXT_BYTES] === 0 && this.readyBlock === null) return
    if (this.isScheduled || this.isStalled) return
    this.isScheduled = true
    nextTick(flush, this)
  }

  /** As `schedule`, whatever the page is about. */
  scheduleIfAny () {
    if (this.isScheduled || this.isStalled) return
    this.run(COMMAND_SUMMARIZE)
    this.schedule()
  }

  /** Adds a block that follows the header which the engine just queued. */
  addBlock (block) {
    if (block.length > 0) this.blocks.push(block)
  }

  /** The reader wants more. */
  drain () {
    if (!this.isStalled) return
    this.isStalled = false
    this.flush()
  }

  /** Pushes what waits, as far as the reader wants it; with `isLast`, all of it. */
  flush (isLast = false) {
    if (this.isStalled && !isLast) return
    let isDone = false
    for (const destination of this.destinations) destination.cork?.()
    try {
      while (this.pushNext(isLast));
      isDone = true
    } finally {
      for (const destination of this.destinations) destination.uncork?.()
      if (!isDone) this.schedule()
    }
    this.wire[kInbound].onDrain(page[SLOT_WAITING], page[SLOT_UNSENT])
  }

  /** Pushes one chunk; tells whether to go on. */
  pushNext (isLast) {
    let chunk = this.readyBlock
    this.readyBlock = null
    this.run(COMMAND_SUMMARIZE)
    if (chunk === null) {
      const length = page[SLOT_NEXT_BYTES]
      if (length === 0) return false
      if (page[SLOT_NEXT_BLOCK] > 0) this.readyBlock = this.takeBlock()
      chunk = Buffer.allocUnsafe(length)
      page[SLOT_COMMAND] = TRANSFER_OUTPUT
      transfer(chunk)
    }
    this.isStalled = !this.wire.push(chunk)
    return isLast || !this.isStalled
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

  run (what) {
    page[SLOT_WIRE] = this.wire[kId]
    page[SLOT_COMMAND] = what
    command()
  }
}

function flush (outbound) {
  outbound.isScheduled = false
  touchClock()
  outbound.flush()
}

module.exports = Outbound
