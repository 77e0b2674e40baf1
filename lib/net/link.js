'use strict'

const native = require('../native/index.js')
const { kHandle, kInbound, kOutbound } = require('../symbols.js')

const { nextTick } = process

/** How much of a flush is added before it has to leave, in bytes. */
const BATCH_LENGTH = 256 * 1024

function noop () {}

/** The owner of a connection that was given up. */
const NOBODY = { onOpen: noop, onBytes: noop, onDrain: noop, onEnd: noop, onError: noop, onClose: noop }

/**
 * What stands between a wire and its connection: to the connection its owner, to the wire's output
 * what a pipe is otherwise.
 */
class Link {
  /** @param {import('./wire.js')} wire */
  constructor (wire) {
    this.wire = wire
    /** @type {import('./connection.js').Connection | null} */
    this.connection = null
    /** Nothing is written any more before the connection is there, or has drained. */
    this.needsDrain = true
    /** Bytes that wait, as far as we know. */
    this.queued = 0
    /** More than so many are not to wait, where a limit keeps them. */
    this.highWater = Infinity
    /** The wire did not write all that it had. */
    this.isCut = false
    /** A chunk is at work. */
    this.isTaking = false
    /** The peer has ended, and the wire is told when that chunk is done. */
    this.hasEnded = false
    this.onTaken = this.onTaken.bind(this)
  }

  /** The connection is there, and open. */
  attach (connection) {
    this.connection = connection
    connection.owner = this
    this.onDrain()
    this.wire[kOutbound].schedule()
  }

  /** Gives the connection up, for another one. */
  detach () {
    this.connection.owner = NOBODY
    this.connection.destroy()
    this.connection = null
    this.needsDrain = true
    this.isTaking = this.isCut = this.hasEnded = false
    this.queued = 0
  }

  //
  // WHAT THE CONNECTION TELLS
  //

  onBytes (bytes) {
    this.isTaking = true
    try {
      this.wire[kInbound].take(bytes, this.onTaken)
    } finally {
      if (this.isTaking) this.connection.pause()
    }
  }

  onTaken () {
    this.isTaking = false
    if (this.hasEnded) nextTick(end, this)
    else this.connection?.resume()
  }

  onDrain () {
    this.needsDrain = false
    this.wire[kOutbound].drain()
  }

  onEnd () {
    // In the crypto handshake a chunk may wait for the application for ever.
    if (this.isTaking && !native.is(this.wire[kHandle], native.NEGOTIATING)) this.hasEnded = true
    else this.wire.onConnectionEnd()
  }

  onError (error) {
    this.wire.onConnectionError(error)
  }

  onClose () {
    this.wire.onDisconnect()
  }

  //
  // WHAT THE WIRE'S OUTPUT ASKS: as `Pipe` in stream/pipe.js
  //

  cork () {}

  get isFull () {
    return this.isCut
  }

  /** Adds a chunk to what leaves with the next `uncork`. */
  write (chunk) {
    this.queued += chunk.length
    if (this.queued > BATCH_LENGTH) this.isCut = true
    this.connection?.write(chunk)
  }

  uncork () {
    this.connection?.flush(this)
  }

  onFlushed (queued, isFull, highWater) {
    this.queued = queued
    this.highWater = highWater
    this.needsDrain = isFull
    if (!this.isCut) return
    this.isCut = false
    if (isFull) return
    // The wire has more, and there is room after all.
    this.needsDrain = true
    nextTick(drain, this)
  }

  /** The crypto handshake is over: the ciphers move to the connection, after all that was encrypted here. */
  moveCiphers () {
    this.wire[kOutbound].flush(true)
    this.connection?.encrypt(native.takeCiphers(this.wire[kHandle]))
  }
}

function drain (link) {
  link.onDrain()
}

function end (link) {
  link.wire.onConnectionEnd()
}

module.exports = Link
