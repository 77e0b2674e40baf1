'use strict'

const { Duplex } = require('node:stream')

const Wire = require('../lib/wire.js')
const { pipe, unpipe } = require('../lib/stream/pipe.js')
const keepShape = require('../lib/v8/keep-shape.js')
const { kOutbound } = require('../lib/symbols.js')

const { nextTick } = process

/** The wire inside an adapter. */
const kWire = Symbol('wire')

const STREAM_OPTIONS = {
  // An adapter says by itself when it is closed: before `finish`.
  emitClose: false,
  readableHighWaterMark: 64 * 1024,
  writableHighWaterMark: 64 * 1024
}

/** The main wire as it works inside an adapter: what it sends leaves by the adapter. */
class InnerWire extends Wire {
  #adapter

  constructor (adapter, options) {
    super('', 0, options)
    this.#adapter = adapter
  }

  push (chunk) {
    return chunk === null ? this.#adapter.onDrained() : this.#adapter.push(chunk)
  }

  /** Nothing is ever buffered here. */
  read () {
    return null
  }

  /** The handshake of BEP 10 is the application's: the wire's own does not go out. */
  extended (extension, message) {
    if (extension !== 0) super.extended(extension, message)
  }

  /** Sends the application's handshake of BEP 10, or any other extended message. */
  sendExtended (extension, message) {
    super.extended(extension, message)
  }
}

/**
 * A stream with another package's methods and events, over the main wire: the wire does the
 * protocol, and the subclass the translation.
 *
 * It closes as these packages do: `destroy` emits `close` at once, then come `finish` and `end`;
 * after an `end` by the peer, `close` comes last. Either way it comes once.
 */
class Adapter extends Duplex {
  #isEnding = false
  #isClosed = false
  /** The wire has put out its last byte. */
  #isDrained = false
  /** @type {Function | null} */
  #onFinal = null

  /**
   * @param {object=} options the main wire's limits
   * @param {typeof InnerWire=} Inner
   */
  constructor (options, Inner = InnerWire) {
    super(STREAM_OPTIONS)
    /** Why the wire was closed, if the peer is to blame. */
    this.closeReason = null
    this[kWire] = new Inner(this, options)
    this[kWire].on('violation', error => this.#onViolation(error))
  }

  /** Whether the wire is closed, or about to be: nothing is emitted any more. */
  get isEnding () {
    return this.#isEnding
  }

  /**
   * Listens to the wire, until it is closed.
   * @param {Object<string, Function>} handlers by the name of the event
   */
  listen (handlers) {
    for (const [event, handler] of Object.entries(handlers)) {
      this[kWire].on(event, (...args) => {
        if (!this.#isEnding) handler(...args)
      })
    }
  }

  #onViolation (error) {
    this.closeReason = error
    try {
      this.emit('violation', error)
    } finally {
      try {
        if (this.listenerCount('error') > 0) this.emit('error', error)
      } finally {
        this.destroy()
      }
    }
  }

  write (chunk, encoding, callback) {
    if (!this.#isEnding) return super.write(chunk, encoding, callback)
    // A socket may go on for a while after the wire was closed.
    const done = typeof encoding === 'function' ? encoding : callback
    if (typeof done === 'function') nextTick(done, null)
    return true
  }

  _write (chunk, encoding, callback) {
    this[kWire]._write(chunk, encoding, callback)
  }

  _read () {
    this[kWire]._read()
  }

  pipe (destination, options) {
    return pipe(this, this[kWire][kOutbound], destination, options)
  }

  unpipe (destination) {
    return unpipe(this, this[kWire][kOutbound], destination)
  }

  destroy () {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.emit('close')
    }
    // Node.js calls this too, once all is over.
    if (this.writableFinished && this.readableEnded) return super.destroy()
    return this.end()
  }

  end (chunk, encoding, callback) {
    if (this.#isEnding) return this
    if (chunk != null && typeof chunk !== 'function') {
      super.write(chunk, typeof encoding === 'string' ? encoding : undefined)
      if (this.#isEnding) return this
    }
    const done = [chunk, encoding, callback].find(argument => typeof argument === 'function')
    this.#isEnding = true
    this[kWire].destroy()
    // Node.js never finishes a stream that was ended within a write of its buffer.
    nextTick(() => super.end(done))
    return this
  }

  _final (callback) {
    this.#onFinal = callback
    this.#finish()
  }

  /** The wire has put out its last byte. */
  onDrained () {
    this.#isDrained = true
    this.#finish()
    return false
  }

  #finish () {
    if (!this.#isDrained || this.#onFinal === null) return
    this.#onFinal(null)
    this.push(null)
  }
}

/** Keeps the shape of a class of adapters, and of their inner wires. */
function keepAdapterShape (Class, ...args) {
  keepShape(Class, adapter => adapter.destroy(), ...args)
}

module.exports = { Adapter, InnerWire, kWire, keepAdapterShape }
