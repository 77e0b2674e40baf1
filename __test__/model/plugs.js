'use strict'

const { PassThrough } = require('node:stream')
const { pipeline, Transform } = require('streamx')

const { Relay, Pace, PACES } = require('./destinations')

/**
 * How a wire hangs on its end of a connection. A plug may be pulled and put back, each way, where
 * `canPull` is.
 */
class Plug {
  /**
   * @param {import('./player').Player} player
   * @param {import('node:stream').Duplex} end
   */
  constructor (player, end) {
    this.player = player
    this.session = player.session
    this.random = player.random
    this.face = player.face
    this.end = end
    this.canPull = false
  }

  /** Whether the wire has to notice that the end is lost. */
  get isAttached () { return true }

  /** Whether what a wire has said before it was closed reaches the peer. */
  get isGraceful () { return this.isAttached }

  /** Whether the wire gets each chunk in memory of its own. */
  get givesOwnMemory () { return !this.player.connection.isTcp }

  /** Whether the application may pause the wire. */
  get canPause () { return this.isAttached }

  /** The wire is closed: what nobody has ended by now the application has to. */
  letGo () {}

  /** Everything that is held back goes on. */
  release () {}

  /** The application does what concerns nothing that the wire sends or gets. */
  fiddle () {}
}

/** `end.pipe(wire).pipe(end)`, or to a relay in front of the end. */
class PipePlug extends Plug {
  constructor (player, end) {
    super(player, end)
    this.canPull = true
    this.isIn = this.isOut = false
    /** @type {import('node:stream').Writable | null} */
    this.destination = null
    /** @type {Relay[]} */
    this.relays = []
    this.isEnding = !this.session.has('open-ended', 4)
  }

  get isAttached () { return this.isOut }

  connect () {
    this.pushIn()
    this.pushOut()
  }

  letGo () {
    if (!this.end.writableEnded) this.end.end()
  }

  pushIn () {
    if (this.isIn || this.end.destroyed) return
    this.isIn = true
    this.end.pipe(this.face)
  }

  pullIn () {
    if (!this.isIn) return
    this.isIn = false
    this.end.unpipe(this.face)
    // Node.js has it flow on where it waited for a drain and somebody listens for its data.
    this.end.pause()
  }

  pushOut () {
    if (this.isOut || this.end.destroyed || this.end.writableEnded || this.player.isEnding) return
    this.isOut = true
    const { destination } = this
    const next = this.random.below(this.session.has('relays') ? 3 : 2)
    if (next === 0 || (next === 1 && destination === null)) this.destination = this.end
    else if (next === 2) this.destination = this.newRelay()
    this.listen(this.destination !== this.end)
    this.before = this.listeners()
    this.face.pipe(this.destination, this.isEnding ? undefined : { end: false })
  }

  pullOut () {
    if (!this.isOut || this.player.isEnding) return
    this.isOut = false
    this.face.unpipe(this.destination)
    this.checkListeners()
    this.listen(true)
  }

  /** A destination that is not over gets all that listened to it taken away. */
  checkListeners () {
    if (this.destination.writableEnded) return
    const after = this.listeners()
    for (const [name, count] of Object.entries(this.before)) {
      if (after[name] > count) this.player.fail(`unpipe left ${after[name] - count} listeners for ${name}`)
    }
  }

  /** The wire has to bear what befalls its destination, as long as it is piped to it. */
  listen (doesListen) {
    this.end.off('error', noop)
    if (doesListen) this.end.on('error', noop)
  }

  listeners () {
    const counts = {}
    for (const name of ['error', 'close', 'drain', 'finish', 'unpipe']) {
      counts[name] = this.destination.listenerCount(name)
    }
    counts.data = this.face.listenerCount('data')
    return counts
  }

  newRelay () {
    const relay = new Relay(this.session, this.end, {
      highWaterMark: this.random.pick([1, 100, 20_000]),
      pace: this.random.pick([...Object.keys(PACES), 'held']),
      isCurious: this.session.has('curious', 2)
    })
    this.relays.push(relay)
    return relay
  }

  release () {
    this.pushIn()
    this.pushOut()
    for (const { pace } of this.relays) pace.release()
    if (this.isOut) this.face.resume()
    // Nothing tells it.
    else if (this.end.destroyed) this.player.close()
  }
}

/** Without `pipe`: the application does by hand what it does. */
class ManualPlug extends Plug {
  connect () {
    const { face, end, session } = this
    face.on('data', chunk => {
      if (this.isPaused && !this.player.isEnding) this.player.fail('emitted data while it was paused')
      if (!end.destroyed && !end.writableEnded && !end.write(chunk)) this.pause()
      session.react(this.player)
    })
    end.on('drain', () => this.resume())
    face.on('end', () => end.end())
    end.on('data', chunk => session.guard(() => {
      if (face.write(chunk)) return
      end.pause()
      face.once('drain', () => end.resume())
    }))
    end.on('end', () => session.guard(() => face.end()))
    end.on('close', () => session.guard(() => face.destroy()))
    end.on('error', noop)
  }

  pause () {
    this.isPaused = true
    this.face.pause()
  }

  resume () {
    this.isPaused = false
    this.face.resume()
  }

  release () {
    if (this.end.writableNeedDrain) return
    // What a listener of `data` throws ends the flow of a stream of Node.js, and `resume` finds it flowing.
    this.face.pause()
    this.resume()
  }
}

/** `end.pipe(stream).pipe(wire).pipe(stream).pipe(end)`: destinations that take all at once. */
class ThroughPlug extends Plug {
  connect () {
    const streams = [new PassThrough({ highWaterMark: 1 << 20 }), new PassThrough({ highWaterMark: 1 << 20 })]
    this.end.on('error', noop)
    this.end.on('close', () => { for (const stream of streams) stream.destroy() })
    this.end.pipe(streams[0]).pipe(this.face).pipe(streams[1]).pipe(this.end)
  }
}

/** As WebTorrent has it. */
class PipelinePlug extends Plug {
  connect () {
    const streams = Array.from({ length: 4 }, (_, i) => i % 2 === 0 ? this.throttle() : count())
    pipeline(this.end, streams[0], streams[1], this.face, streams[2], streams[3], this.end)
  }

  /** A pipeline in which one stream closes destroys all the others, with what they hold. */
  get isGraceful () { return false }

  throttle () {
    const pace = new Pace(this.session, this.random.pick(['atOnce', 'atOnce', 'tick', 'turn']))
    return new Transform({
      transform: (chunk, callback) => pace.run(() => callback(null, chunk))
    })
  }
}

function count () {
  return new Transform({
    transform: (chunk, callback) => callback(null, chunk)
  })
}

function noop () {}

/** @returns {Plug} one of those, on an end */
function plugIn (player, end) {
  const { session } = player
  const Classes = [PipePlug, PipePlug, PipePlug]
  if (session.has('manual')) Classes.push(ManualPlug)
  if (session.has('through')) Classes.push(ThroughPlug)
  if (session.has('streamx')) Classes.push(PipelinePlug, PipelinePlug)
  return new (player.random.pick(Classes))(player, end)
}

module.exports = { Plug, plugIn }
