'use strict'

const { Duplex } = require('node:stream')

const { toBytes } = require('../arguments.js')
const { attempt } = require('../surface.js')
const { pipe, unpipe } = require('./pipe.js')
const {
  kSelf, kInbound, kOutbound, kIsEnding, kIsFinished, kOnEnd, kOnFinish, kOnClose
} = require('../symbols.js')

const { nextTick } = process

const STREAM_OPTIONS = {
  // `destroy` is a graceful `end` here, so that Node.js must not call it by itself.
  autoDestroy: false,
  readableHighWaterMark: 64 * 1024,
  // More than the 64 KiB that a socket brings at once: Node.js 18 stops a pipe at each that fills it.
  writableHighWaterMark: 128 * 1024
}

/**
 * A Node.js stream that closes as the streams of bittorrent-protocol do: `destroy` is a graceful
 * `end`, both sides end together, and `finish`, `end` and `close` come once each, in this order.
 * A subclass sets its `kInbound` and `kOutbound`, and has `kOnEnd`, `kOnFinish` and `kOnClose`.
 */
class PeerStream extends Duplex {
  constructor () {
    super(STREAM_OPTIONS)
    this[kSelf] = this
    this[kIsEnding] = false
    this[kIsFinished] = false
  }

  write (chunk, encoding, callback) {
    if (!this[kIsEnding]) return super.write(chunk, encoding, callback)
    // A socket may go on for a while after the wire was closed.
    const done = typeof encoding === 'function' ? encoding : callback
    if (typeof done === 'function') nextTick(done, null)
    return true
  }

  _write (chunk, encoding, callback) {
    const done = typeof encoding === 'function' ? encoding : callback
    this[kInbound].take(toBytes(chunk, 'chunk'), done)
  }

  _read () {
    // Node.js would take it for an error of this stream.
    attempt(() => this[kOutbound].drain())
  }

  pipe (destination, options) {
    return pipe(this, this[kOutbound], destination, options)
  }

  unpipe (destination) {
    return unpipe(this, this[kOutbound], destination)
  }

  destroy () {
    this.end()
    return this
  }

  end (chunk, encoding, callback) {
    if (this[kIsEnding]) return this
    if (chunk != null && typeof chunk !== 'function') {
      super.write(chunk, typeof encoding === 'string' ? encoding : undefined)
      if (this[kIsEnding]) return this
    }
    const done = [chunk, encoding, callback].find(argument => typeof argument === 'function')
    this[kSelf][kIsEnding] = true
    try {
      this[kOnEnd]()
    } finally {
      const { isRunning } = this[kInbound]
      this[kInbound].close()
      // Node.js never finishes a stream that was ended within a write of its buffer.
      if (isRunning) nextTick(() => super.end(done))
      else super.end(done)
    }
    return this
  }

  _final (callback) {
    queueMicrotask(() => finish(this, callback))
  }
}

function finish (stream, callback) {
  stream[kOutbound].flushLast()
  stream[kSelf][kIsFinished] = true
  stream[kOnFinish]()

  attempt(callback)
  // Before the listeners of others, any of which may throw, but with its effect after them.
  stream.prependOnceListener('end', () => nextTick(() => Duplex.prototype.destroy.call(stream)))
  attempt(() => stream.push(null))
  readAll(stream)

  stream[kOnClose]()
}

/** Nobody may be reading: what nobody takes by now is lost, so that the stream ends. */
function readAll (stream) {
  for (let isEmpty = false; !isEmpty;) attempt(() => { isEmpty = stream.read() === null })
}

module.exports = PeerStream
