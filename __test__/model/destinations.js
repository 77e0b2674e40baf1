'use strict'

const { Duplex, Writable } = require('node:stream')

/** When a destination has taken a chunk. None of them sleeps. */
const PACES = {
  atOnce: action => action(),
  tick: action => process.nextTick(action),
  turn: action => setImmediate(action),
  turns: action => inTurns(7, action)
}

function inTurns (count, action) {
  setImmediate(() => count > 1 ? inTurns(count - 1, action) : action())
}

/**
 * How fast something takes what it gets, until it is released; `held` takes nothing until then.
 */
class Pace {
  constructor (session, name) {
    this.session = session
    this.later = PACES[name]
    this.isHeld = name === 'held'
    this.waiting = []
  }

  run (action) {
    const act = () => {
      this.session.progress++
      action()
    }
    if (this.isHeld) this.waiting.push(act)
    else this.later(act)
  }

  release () {
    if (!this.isHeld) return
    this.isHeld = false
    this.later = PACES.tick
    for (const action of this.waiting.splice(0)) action()
  }
}

/** How many bytes lie between the two ends before the one has to wait for the other. */
const BETWEEN = 64 * 1024

/** One of two ends of a connection within the process, slow or fast, like a socket. */
class MemoryEnd extends Duplex {
  /**
   * @param {import('./session').Session} session
   * @param {object} options
   * @param {number} options.highWaterMark in bytes
   * @param {string} options.pace
   * @param {number} options.chunkLength what it gives comes in chunks of up to so many bytes
   * @param {boolean} options.allowHalfOpen
   */
  constructor (session, { highWaterMark, pace, chunkLength, allowHalfOpen }) {
    super({ highWaterMark, allowHalfOpen })
    this.session = session
    this.pace = new Pace(session, pace)
    this.chunkLength = chunkLength
    /** @type {MemoryEnd} */
    this.other = null
    /** @type {(Buffer | null)[]} */
    this.arrived = []
    this.waitingBytes = 0
    this.isWanted = false
    /** What goes on once the other end has read. @type {Function[]} */
    this.blocked = []
  }

  _write (chunk, encoding, callback) {
    this.session.checkQuiet(this)
    const copy = Buffer.from(chunk)
    this.pace.run(() => {
      if (!copy.equals(chunk)) this.session.fail('a chunk was changed before it was taken')
      this.other.arrive(copy, callback)
    })
  }

  _final (callback) {
    this.pace.run(() => {
      this.other.arrive(null, callback)
    })
  }

  _read () {
    this.isWanted = true
    this.give()
  }

  _destroy (error, callback) {
    this.other.arrive(null, () => {})
    this.unblock()
    callback(error)
  }

  arrive (chunk, callback) {
    if (this.destroyed || this.arrived.at(-1) === null) return callback(null)
    this.arrived.push(chunk)
    this.waitingBytes += chunk?.length ?? 0
    if (this.waitingBytes > BETWEEN) this.blocked.push(callback)
    else callback(null)
    this.give()
  }

  give () {
    while (this.isWanted && this.arrived.length > 0 && !this.destroyed && !this.readableEnded) {
      const chunk = this.arrived.shift()
      if (chunk === null) {
        // Nothing may come after it.
        this.arrived.push(null)
        this.isWanted = false
        if (!this.hasGivenAll) this.push(null)
        this.hasGivenAll = true
        return
      }
      const length = Math.min(chunk.length, this.nextLength())
      if (length < chunk.length) this.arrived.unshift(chunk.subarray(length))
      this.waitingBytes -= length
      this.session.progress++
      // Memory of its own, as a socket's.
      const given = Buffer.allocUnsafeSlow(length)
      chunk.copy(given)
      this.isWanted = false
      if (this.push(given)) this.isWanted = true
    }
    if (this.waitingBytes <= BETWEEN) this.unblock()
  }

  /** A few bytes now and then, so that any place in a message is cut. */
  nextLength () {
    const { random } = this.session
    return 1 + random.below(random.below(4) === 0 ? 5 : this.chunkLength)
  }

  unblock () {
    for (const callback of this.blocked.splice(0)) callback(null)
  }
}

/**
 * Another destination in front of an end, slow, which keeps the order. Its `pipe` handler may
 * listen to what is piped to it, as some do.
 */
class Relay extends Writable {
  /**
   * @param {Duplex} target
   * @param {object} options
   * @param {boolean} options.isCurious
   */
  constructor (session, target, { highWaterMark, pace, isCurious }) {
    super({ highWaterMark })
    this.session = session
    this.target = target
    this.pace = new Pace(session, pace)
    this.written = this.heard = 0
    if (isCurious) this.listen()
    target.on('close', () => this.destroy())
  }

  listen () {
    // To a stream that is destroyed nobody writes any more, though its source may have something yet.
    const onData = chunk => { if (!this.destroyed) this.heard += chunk.length }
    const check = () => {
      if (this.heard !== this.written) this.session.fail(`a listener heard ${this.heard} bytes, and ${this.written} were written`)
    }
    this.on('pipe', source => source.on('data', onData))
    this.on('unpipe', source => {
      source.off('data', onData)
      // The chunk that is being written it hears yet.
      process.nextTick(check)
    })
  }

  write (chunk, encoding, callback) {
    this.written += chunk.length
    // In the order of the calls, whatever else is written to the end.
    this.target.write(chunk)
    return super.write(chunk, encoding, callback)
  }

  _write (chunk, encoding, callback) {
    this.session.checkQuiet(this.target)
    this.pace.run(callback)
  }

  _final (callback) {
    this.target.end()
    callback()
  }
}

module.exports = { MemoryEnd, Relay, Pace, PACES }
