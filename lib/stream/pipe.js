'use strict'

/** How much a destination takes of a flush before it has to drain, in bytes. */
const BATCH_LENGTH = 256 * 1024

/**
 * A wire piped to a destination. It differs from Node's own pipe in three points:
 * - What leaves together is written together. Node stops at the first chunk that fills the
 *   destination, 16 KiB for a socket, and goes on a chunk a turn of the event loop; here all chunks
 *   of a flush go into one `writev`, and the next flush waits for the destination to drain.
 * - Where the destination is lost, the wire closes: Node only stops writing, so that requests would
 *   wait for ever, and an error of the socket would end the process.
 * - Unpiped, it leaves nothing behind: no listener, and nothing that is waited for.
 */
class Pipe {
  /**
   * @param {import('node:stream').Duplex} wire
   * @param {import('node:stream').Writable} destination Node's, streamx's, or of their kind
   * @param {import('../sending/outbound.js')} outbound of the wire
   * @param {boolean} ends whether the destination ends with the wire
   */
  constructor (wire, destination, outbound, ends) {
    this.wire = wire
    this.destination = destination
    this.outbound = outbound
    this.ends = ends
    /** Until it has drained, nothing is written any more, but for the rest of a flush. */
    this.needsDrain = destination.writableNeedDrain === true
    /** What is written belongs to one flush. */
    this.isCorking = false
    /** Bytes written since it last had drained. */
    this.written = 0
    this.onData = this.onData.bind(this)
    this.onEnd = this.onEnd.bind(this)
    this.listeners = Object.entries({
      drain: () => this.onDrain(),
      finish: () => this.stop(),
      error: () => this.onLost(),
      close: () => this.onLost()
    })
    wire.on('data', this.onData)
    wire.once('end', this.onEnd)
    for (const [event, listener] of this.listeners) destination.on(event, listener)
    if (wire.readableEnded) process.nextTick(this.onEnd)
  }

  /** How many bytes the destination still has, as far as it tells. */
  get queued () {
    return this.needsDrain ? this.destination.writableLength ?? this.written : 0
  }

  /** Whether the destination has had enough of a flush. */
  get isFull () {
    return this.needsDrain && this.queued > BATCH_LENGTH
  }

  cork () {
    // What is no stream of Node's may mean something else by it.
    this.isCorking = this.destination.writableCorked !== undefined
    if (this.isCorking) this.destination.cork()
  }

  uncork () {
    if (this.isCorking) this.destination.uncork()
    this.isCorking = false
  }

  onData (chunk) {
    const { destination } = this
    if (destination.destroyed || destination.destroying || destination.writableEnded) return
    if (this.needsDrain) {
      this.written += chunk.length
      destination.write(chunk)
    } else if (destination.write(chunk) === false) {
      this.needsDrain = true
      this.written = chunk.length
    }
  }

  onDrain () {
    this.needsDrain = false
    this.outbound.drain()
  }

  onEnd () {
    if (this.ends) {
      this.stop()
      // Its listeners stay: a socket may still fail when it is told to end.
      this.destination.end()
      if (isAbandoned(this.destination)) this.destination.resume()
    } else {
      this.detach()
    }
  }

  onLost () {
    this.stop()
    this.wire.destroy()
  }

  /** Writes no more. */
  stop () {
    this.wire.removeListener('data', this.onData)
    this.wire.removeListener('end', this.onEnd)
    const { pipes } = this.outbound
    if (!pipes.includes(this)) return
    this.outbound.pipes = pipes.filter(other => other !== this)
    this.destination.emit('unpipe', this.wire, { hasUnpiped: true })
    // Whoever else it went to may have been waiting for this one.
    if (this.needsDrain) process.nextTick(() => this.outbound.drain())
  }

  /** Takes the pipe away. */
  detach () {
    this.stop()
    for (const [event, listener] of this.listeners) this.destination.removeListener(event, listener)
  }
}

/**
 * Whether nobody reads what a socket still brings: it was piped to the wire, whose end has paused it.
 * Its peer may have a whole window of blocks under way, and a socket that is not read to its end
 * never closes (in Deno, none that is paused).
 */
function isAbandoned (socket) {
  return socket.readableFlowing === false &&
    socket.listenerCount('data') === 0 && socket.listenerCount('readable') === 0
}

/**
 * What `pipe` of a stream does whose output is a wire's.
 * @param {import('node:stream').Duplex} stream
 * @param {import('../sending/outbound.js')} outbound
 * @param {import('node:stream').Writable} destination
 * @param {{ end?: boolean }=} options
 */
function pipe (stream, outbound, destination, options) {
  // What comes before the first read is buffered, and leaves a chunk at a time.
  stream.read(0)
  const ends = options?.end !== false && destination !== process.stdout && destination !== process.stderr
  outbound.pipes = [...outbound.pipes, new Pipe(stream, destination, outbound, ends)]
  destination.emit('pipe', stream)
  if (!stream.readableFlowing) stream.resume()
  return destination
}

/** What `unpipe` of such a stream does. */
function unpipe (stream, outbound, destination) {
  const lost = outbound.pipes.filter(pipe => destination === undefined || pipe.destination === destination)
  for (const pipe of lost) pipe.detach()
  if (lost.length > 0 && outbound.pipes.length === 0) stream.pause()
  return stream
}

module.exports = { pipe, unpipe }
