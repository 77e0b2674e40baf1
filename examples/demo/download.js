'use strict'

const { createHash } = require('node:crypto')

const { Failure, cause } = require('./failure')
const { Meter, size } = require('./figures')
const { peerId } = require('./peer-id')
const { Pieces } = require('./pieces')
const { HASH_LENGTH } = require('./torrent')

/** Requests on their way at once. */
const DEPTH = 128
/** Bytes that wait to be written to disk: above it, nothing is requested. */
const MAX_UNWRITTEN = 32 << 20
/** How long to wait after a request that was turned down, in milliseconds. */
const RETRY_DELAY = 1000

/** Downloads a torrent from one peer, and checks every piece. */
class Download {
  /**
   * @param {object} options
   * @param {import('node:stream').Duplex} options.wire fresh, or one that has shaken hands with the peer
   * @param {import('node:net').Socket=} options.socket connected; none for a wire that has a
   *   connection of its own, and has shaken hands
   * @param {string} options.peer what to call it in errors
   * @param {import('./torrent').Torrent} options.torrent
   * @param {import('./storage').Storage} options.storage
   * @param {number} options.timeout how long the peer may send no block, in milliseconds
   */
  constructor ({ wire, socket = wire, peer, torrent, storage, timeout }) {
    this.socket = socket
    this.peer = peer
    this.torrent = torrent
    this.storage = storage
    this.timeout = timeout
    this.pieces = new Pieces(torrent)
    this.wire = wire
    this.meter = new Meter(socket, this.wire)
    this.inFlight = 0
    /** Bytes of checked pieces that are on disk. */
    this.written = 0
    this.isOver = false
    /** While it runs, nothing is requested. */
    this.retryTimer = null
    this.peerHas = (piece) => this.wire.peerPieces.get(piece)
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<import('./figures').Figures>} once everything is written
   * @throws {Failure}
   */
  async run (signal) {
    try {
      await new Promise((resolve, reject) => {
        this.succeed = resolve
        this.fail = reject
        signal.addEventListener('abort', () => reject(new Failure('interrupted')))
        this.resetStallTimer()
        this.listen()
      })
      return this.meter.read()
    } finally {
      this.isOver = true
      clearTimeout(this.stallTimer)
      clearTimeout(this.retryTimer)
      this.wire.destroy()
      this.socket.end()
    }
  }

  listen () {
    const { socket, wire, torrent } = this
    socket.on('error', (err) => this.fail(wire.closeReason ? this.closed() : new Failure(`lost ${this.peer}: ${cause(err)}`)))
    socket.on('close', () => this.fail(this.closed()))
    wire.on('close', () => this.fail(this.closed()))
    for (const event of ['unchoke', 'have', 'bitfield', 'have-all']) wire.on(event, () => this.unblocked())
    if (wire.peerId !== null) {
      if (socket.destroyed) return this.fail(this.closed())
      wire.interested()
      this.request()
      return
    }
    socket.pipe(wire).pipe(socket)
    wire.on('handshake', (infoHash) => this.greeted(infoHash))
    wire.handshake(torrent.infoHash, peerId(), { fast: true })
    this.meter.messagesOut++
  }

  greeted (infoHash) {
    const { torrent, wire, meter } = this
    if (infoHash !== torrent.infoHash) {
      return this.fail(new Failure(`${this.peer} serves another torrent: its info hash is ${infoHash}, not ${torrent.infoHash}`))
    }
    if (wire.hasFast) {
      wire.haveNone()
      meter.messagesOut++
    }
    wire.interested()
    // The extended handshake goes out by itself, if the peer has it.
    meter.messagesOut += wire.peerExtensions.extended ? 2 : 1
  }

  /** The peer has become able to send more. */
  unblocked () {
    clearTimeout(this.retryTimer)
    this.retryTimer = null
    this.request()
  }

  /** Keeps as many requests on their way as there may be. */
  request () {
    const { wire } = this
    while (!this.isOver && !wire.peerChoking && !this.retryTimer &&
           this.inFlight < DEPTH && this.storage.pending < MAX_UNWRITTEN) {
      const block = this.pieces.next(this.peerHas)
      if (block === null) return
      this.inFlight++
      this.meter.messagesOut++
      wire.request(block.piece, block.offset, block.length, (err, bytes) => this.answered(block, err, bytes))
    }
  }

  answered (block, err, bytes) {
    this.inFlight--
    if (this.isOver) return
    if (err) {
      this.pieces.putBack(block)
      this.retryTimer ??= setTimeout(() => this.unblocked(), RETRY_DELAY)
      return
    }
    this.resetStallTimer()
    this.meter.messagesIn++
    this.meter.payload += bytes.length
    const blocks = this.pieces.add(block, bytes)
    if (blocks !== null) this.complete(block.piece, blocks)
    this.request()
  }

  complete (piece, blocks) {
    const { hashes, pieceLength, length } = this.torrent
    const hash = createHash('sha1')
    for (const block of blocks) hash.update(block)
    if (hash.digest().compare(hashes, piece * HASH_LENGTH, (piece + 1) * HASH_LENGTH) !== 0) {
      return this.fail(new Failure(`piece ${piece} from ${this.peer} does not match its hash`))
    }
    this.storage.write(piece * pieceLength, blocks).then(() => {
      this.written += this.pieces.lengthOf(piece)
      if (this.written === length) this.succeed()
      else this.request()
    }, this.fail)
  }

  /** Gives up when the peer sends no block for too long. */
  resetStallTimer () {
    if (this.stallTimer) {
      this.stallTimer.refresh()
      return
    }
    this.stallTimer = setTimeout(() => {
      const what = this.wire.peerId === null ? 'no handshake' : this.wire.peerChoking ? 'no unchoke' : 'no data'
      this.fail(new Failure(`${this.peer} sent ${what} for ${this.timeout / 1000} seconds, ${this.progress()}`))
    }, this.timeout)
  }

  /** @returns {Failure} for a connection that ended too early */
  closed () {
    const { closeReason, peerId } = this.wire
    if (closeReason) return new Failure(`${this.peer} broke the protocol: ${closeReason.message}`)
    if (peerId === null) {
      return new Failure(this.socket.bytesRead > 0
        ? `${this.peer} does not speak the BitTorrent protocol in plain TCP`
        : `${this.peer} closed the connection without a handshake: it may not have this torrent`)
    }
    return new Failure(`${this.peer} closed the connection, ${this.progress()}`)
  }

  progress () {
    return `with ${size(this.written)} of ${size(this.torrent.length)} downloaded`
  }
}

module.exports = { Download }
