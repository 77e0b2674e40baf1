'use strict'

const { Failure } = require('./failure')
const { Meter } = require('./figures')
const { peerId } = require('./peer-id')

/** Blocks that were answered and are not sent yet, in bytes: above it, requests wait. */
const MAX_UNSENT = 4 << 20
/** Requests that wait, at most; more are turned down. */
const MAX_WAITING = 2000
/** A larger block is nothing that an honest client asks for. */
const MAX_BLOCK = 128 << 10

/** Serves every piece of a torrent to one peer. */
class Upload {
  /**
   * @param {object} options
   * @param {import('node:net').Socket} options.socket connected
   * @param {import('node:stream').Duplex} options.wire fresh
   * @param {(infoHash: string) => { torrent: import('./torrent').Torrent,
   *   source: import('./source').Source } | undefined} options.find the torrent that the peer asks
   *   for; without one the peer is sent away
   */
  constructor ({ socket, wire, find }) {
    this.socket = socket
    this.wire = wire
    this.find = find
    /** What is served, once the peer has said what it wants. */
    this.torrent = null
    this.source = null
    this.meter = new Meter(socket, this.wire)
    /** Read when the peer is done: what the wire emits while it closes is none of its messages. */
    this.figures = this.meter.read()
    /** Requests that wait for those before them to be sent: { position, length, respond }. */
    this.waiting = []
    /** Bytes that are being read from the disk. */
    this.reading = 0
    /** Settles when the peer is gone: with the figures, unless the file could not be read. */
    this.finished = new Promise((resolve, reject) => {
      this.fail = reject
      socket.on('close', () => resolve(this.figures))
    })
    this.listen()
  }

  listen () {
    const { socket, wire } = this
    socket.on('error', () => {}) // 'close' follows
    socket.on('drain', () => this.serve())
    socket.on('end', () => { this.figures = this.meter.read() })
    socket.pipe(wire).pipe(socket)

    wire.on('handshake', (infoHash) => this.greet(infoHash))
    wire.on('interested', () => {
      wire.unchoke()
      this.meter.messagesOut++
    })
    wire.on('request', (piece, offset, length, respond) => {
      this.meter.messagesIn++
      this.enqueue(piece, offset, length, respond)
    })
    wire.on('close', () => socket.end())
  }

  greet (infoHash) {
    const { wire } = this
    const found = this.find(infoHash)
    if (found === undefined) return wire.destroy()
    const { torrent } = Object.assign(this, found)
    wire.handshake(torrent.infoHash, peerId(), { fast: true })
    if (wire.hasFast) wire.haveAll()
    else wire.bitfield(allOnes(torrent.pieceCount))
    // With the handshake goes the extended one, if the peer has it.
    this.meter.messagesOut += wire.peerExtensions.extended ? 3 : 2
  }

  enqueue (piece, offset, length, respond) {
    const { pieceLength, length: total } = this.torrent
    const position = piece * pieceLength + offset
    const inside = offset + length <= pieceLength && position + length <= total
    if (!inside || length < 1 || length > MAX_BLOCK || this.waiting.length >= MAX_WAITING) {
      return respond(new Error('request refused'))
    }
    this.waiting.push({ position, length, respond })
    this.serve()
  }

  /** Answers requests in their order while the socket keeps up. */
  serve () {
    while (this.waiting.length > 0 && this.unsent() < MAX_UNSENT) {
      const { position, length, respond } = this.waiting.shift()
      this.reading += length
      this.source.read(position, length, (err, bytes) => {
        this.reading -= length
        if (err) return this.stop(err)
        respond(null, bytes)
        this.meter.messagesOut++
        this.meter.payload += length
      })
    }
  }

  unsent () {
    return this.reading + this.socket.writableLength + (this.wire.readableLength || 0)
  }

  stop (err) {
    this.fail(err instanceof Failure ? err : new Failure(err.message))
    this.wire.destroy()
  }
}

/** @returns {Uint8Array} the bits of all pieces, with the spare ones at the end zero */
function allOnes (pieceCount) {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8)).fill(0xff)
  if (pieceCount % 8 !== 0) bits[bits.length - 1] = 0xff << (8 - pieceCount % 8)
  return bits
}

module.exports = { Upload, allOnes, MAX_BLOCK }
