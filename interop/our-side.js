'use strict'

const { createHash } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')

const Wire = require('..')
const native = require('../net')
const UTP = require('../utp.js')
const { Download } = require('../examples/demo/download')
const { peerId } = require('../examples/demo/peer-id')
const { Source } = require('../examples/demo/source')
const { Storage } = require('../examples/demo/storage')
const { encode } = require('../lib/bencode')

/** What `_encryptionMethod` means. */
const METHODS = { 1: 'plaintext after an encrypted handshake', 2: 'RC4' }

/** What the native transport calls the levels of encryption. */
const ENCRYPTION = ['none', 'allow', 'require']

/**
 * How connections are made. `tcp`: wires piped to sockets of Node.js; `utp`: to those of
 * bittorrent-protocol-native/utp; `native` and `nativeUtp`: wires of the native transport.
 * @typedef {'tcp' | 'utp' | 'native' | 'nativeUtp'} Way
 */

/** Those of the native transport, by what it calls theirs. @type {Partial<Record<Way, string>>} */
const TRANSPORTS = { native: 'tcp', nativeUtp: 'utp' }

/** How long a peer may send nothing, in milliseconds. */
const TIMEOUT = 45_000

const BLOCK = 16 << 10
/** Requests on their way at once, at full speed: as many as the peer says that it takes; else, and at most. */
const USUAL_DEPTH = 250
const MOST_DEPTH = 2000

/**
 * An HTTP tracker (BEP 3, BEP 23) that knows of one peer.
 *
 * @param {import('./workspace').Workspace} workspace
 * @param {() => number} port of that peer
 * @returns {Promise<string>} the announce URL
 */
async function startTracker (workspace, port) {
  const server = http.createServer((request, response) => {
    const peer = [...workspace.address.split('.').map(Number), port() >> 8, port() & 0xff]
    response.end(encode({ complete: 1, incomplete: 0, interval: 1800, peers: Buffer.from(peer) }))
  })
  server.listen(0, workspace.address)
  await once(server, 'listening')
  workspace.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${workspace.address}:${server.address().port}/announce`
}

/** Serves the shared file to whoever connects, as far as the level of encryption lets them. */
class Seeder {
  /**
   * @param {import('./workspace').Workspace} workspace
   * @param {number} level 0 no encryption, 1 plaintext allowed, 2 RC4 only
   * @param {object=} options of the wires
   * @param {Way} way
   */
  static async listen (workspace, level, options = {}, way = 'tcp') {
    const seeder = new Seeder(workspace, level, options, way)
    if (way in TRANSPORTS) {
      await once(seeder.server, 'listening')
      return seeder
    }
    seeder.server.listen(0, workspace.address)
    await once(seeder.server, 'listening')
    return seeder
  }

  constructor (workspace, level, options, way) {
    this.source = new Source(workspace.file, require('node:fs').statSync(workspace.file).size)
    /** Set once the torrent is made: it names the tracker, which names our port. */
    this.torrent = null
    /** Its info hash, once there is one. @type {Buffer[]} */
    this.infoHashes = []
    this.level = level
    this.options = options
    /** How the peers that got blocks were served, in words. */
    this.methods = new Set()
    /** The wires that were closed for what their peers did, once they had shaken hands. @type {Wire[]} */
    this.violated = []
    /** The wires of the peers that got blocks. @type {Wire[]} */
    this.serving = []
    if (way in TRANSPORTS) this.listenNatively(workspace, TRANSPORTS[way] === 'utp')
    else this.listen(workspace, way === 'utp' ? UTP : net)
  }

  listen (workspace, { createServer }) {
    const sockets = new Set()
    this.server = createServer({ noDelay: true }, socket => {
      sockets.add(socket)
      this.accept(socket)
    })
    workspace.defer(() => {
      for (const socket of sockets) socket.destroy()
      this.server.close()
    })
  }

  listenNatively (workspace, utp) {
    const { infoHashes, level, options } = this
    this.server = native.listen({ ...options, utp, host: workspace.address, encryption: ENCRYPTION[level], infoHashes }, wire => this.serve(wire))
    workspace.defer(() => {
      for (const wire of this.server.wires) wire.destroy()
      this.server.close()
    })
  }

  get port () {
    return this.server.address().port
  }

  /**
   * Makes the torrent to serve, with a tracker that knows us.
   * @param {import('./workspace').Workspace} workspace
   * @returns {Promise<Buffer>} the torrent file
   */
  async makeTorrent (workspace) {
    const { torrent, bytes } = await workspace.makeTorrent(await startTracker(workspace, () => this.port))
    this.setTorrent(torrent)
    return bytes
  }

  setTorrent (torrent) {
    this.torrent = torrent
    this.infoHashes.push(torrent.infoHash)
  }

  accept (socket) {
    const wire = new Wire('tcpIncoming', this.level, { infoHashes: this.infoHashes, ...this.options })
    socket.on('error', () => {}) // 'close' follows
    socket.pipe(wire).pipe(socket)
    this.serve(wire)
  }

  serve (wire) {
    const { torrent } = this
    wire.on('violation', () => {
      // Before that it is a client that tries encryption where there is none.
      if (wire.peerId !== null) this.violated.push(wire)
    })
    wire.on('handshake', infoHash => {
      if (infoHash !== torrent.infoHash) return wire.destroy()
      wire.handshake(torrent.infoHash, peerId(), { fast: true })
      if (wire.hasFast) wire.haveAll()
      else wire.bitfield(allOnes(torrent.pieceCount))
    })
    wire.on('interested', () => wire.unchoke())
    wire.on('request', (piece, offset, length, respond) => {
      this.source.read(piece * torrent.pieceLength + offset, length, respond)
    })
    wire.once('upload', () => {
      this.methods.add(METHODS[wire._encryptionMethod] ?? 'plaintext')
      this.serving.push(wire)
    })
  }

  /** @returns {string[]} what an honest peer had to bear, in words: nothing, it should be */
  get complaints () {
    const refused = this.serving.reduce((sum, { statistics }) => sum + statistics.refusedRequests, 0)
    return [
      ...this.violated.map(({ closeReason }) => `a violation: ${closeReason.message}`),
      ...refused > 0 ? [`${refused} requests were refused`] : [],
      ...this.serving.length > 1 ? [`it connected ${this.serving.length} times`] : []
    ]
  }

  /** @returns {string} how the blocks went out */
  get summary () {
    return [...this.methods].join(', ')
  }
}

/**
 * Downloads from a client, and checks every piece.
 *
 * @param {object} options
 * @param {import('../examples/demo/torrent').Torrent} options.torrent
 * @param {string} options.host
 * @param {number} options.port
 * @param {string} options.folder to put the file in
 * @param {number} options.level
 * @param {object=} options.options of the wire
 * @param {'tcp' | 'native'} options.way `native`: a socket of the native transport
 * @returns {Promise<string>} how the blocks came, in words
 */
async function download ({ torrent, host, port, folder, level, options, way = 'tcp' }) {
  const { createConnection } = way === 'native' ? native : net
  const socket = createConnection({ host, port, noDelay: true })
  await once(socket, 'connect')
  const storage = await Storage.create(torrent, folder)
  const wire = new Wire('tcpOutgoing', level, options)
  wire.startEncryption(torrent.infoHash)
  const run = new Download({ wire, socket, peer: `${host}:${port}`, torrent, storage, timeout: TIMEOUT })
  await run.run(new AbortController().signal)
  await storage.finish()
  return METHODS[wire._encryptionMethod] ?? 'plaintext'
}

/**
 * Downloads from a client as fast as it goes: with as many requests on their way as the client says
 * that it takes, and without a disk. Checks every piece.
 *
 * @param {object} options as those of `download`, without a folder; `way` may be any
 * @returns {Promise<{ method: string, complaints: string[] }>} how the blocks came, and what else
 *   happened, in words
 */
async function downloadAtFullSpeed ({ torrent, host, port, level, way = 'tcp' }) {
  if (way in TRANSPORTS) return downloadNatively({ torrent, host, port, level, transport: TRANSPORTS[way] })
  const socket = way === 'utp' ? UTP.connect(port, host) : net.connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  const wire = new Wire('tcpOutgoing', level)
  const leech = new Leech(torrent, wire)
  wire.startEncryption(torrent.infoHash)
  socket.on('error', error => leech.end(error)).on('close', () => leech.end(new Error('the client hung up')))
  socket.pipe(wire).pipe(socket)
  wire.handshake(torrent.infoHash, peerId(), { fast: true })
  try {
    await leech.done
  } finally {
    wire.destroy()
    // Over uTP a client that is ended then need not say so: one that only ends its side would wait for it.
    socket.destroy()
  }
  return { method: METHODS[wire._encryptionMethod] ?? 'plaintext', complaints: leech.complaints }
}

/** The same, by a wire of the native transport. */
async function downloadNatively ({ torrent, host, port, level, transport }) {
  const wire = native.connect({
    host, port, transport, encryption: ENCRYPTION[level], infoHash: torrent.infoHash, peerId: peerId(), extensions: { fast: true }
  })
  const leech = new Leech(torrent, wire)
  wire.on('error', error => leech.end(error)).on('close', () => leech.end(new Error('the client hung up')))
  try {
    await leech.done
  } finally {
    wire.destroy()
  }
  return { method: METHODS[wire._encryptionMethod] ?? 'plaintext', complaints: leech.complaints }
}

class Leech {
  constructor (torrent, wire) {
    this.torrent = torrent
    this.wire = wire
    /** Where the next block to ask for begins, in bytes. */
    this.next = 0
    this.inFlight = 0
    this.pieces = 0
    /** Blocks of pieces that are not whole. @type {Map<number, { blocks: Buffer[], missing: number }>} */
    this.partial = new Map()
    /** What happened that should not, and how often. */
    this.counts = new Map()
    this.done = new Promise((resolve, reject) => {
      this.end = error => error ? reject(error) : resolve()
    })
    wire.setTimeout(TIMEOUT)
    wire.on('handshake', () => {
      if (wire.hasFast) wire.haveNone()
      wire.interested()
    })
    for (const event of ['unchoke', 'bitfield', 'have-all', 'extended']) wire.on(event, () => this.ask())
    for (const event of ['reject', 'timeout', 'violation']) wire.on(event, () => this.count(event))
    wire.on('choke', () => { if (!wire.destroyed && this.pieces < torrent.pieceCount) this.count('choke') })
  }

  get complaints () {
    return [...this.counts].map(([event, count]) => `${event} ${count} times`)
  }

  count (event) {
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1)
  }

  get depth () {
    const { reqq } = this.wire.peerExtendedHandshake
    // Transmission says 512, and takes 511.
    return Math.min(typeof reqq === 'number' && reqq > 1 ? reqq - 1 : USUAL_DEPTH, MOST_DEPTH)
  }

  ask () {
    const { torrent, wire, depth } = this
    while (!wire.peerChoking && this.inFlight < depth && this.next < torrent.length) {
      const piece = Math.floor(this.next / torrent.pieceLength)
      const offset = this.next % torrent.pieceLength
      const length = Math.min(BLOCK, torrent.pieceLength - offset, torrent.length - this.next)
      if (!wire.peerPieces.get(piece)) return
      this.next += length
      this.inFlight++
      wire.request(piece, offset, length, (error, block) => {
        this.inFlight--
        if (error) return this.end(error)
        this.add(piece, offset / BLOCK, block)
        this.ask()
      })
    }
  }

  add (piece, index, block) {
    const { torrent } = this
    if (!this.partial.has(piece)) {
      const length = Math.min(torrent.pieceLength, torrent.length - piece * torrent.pieceLength)
      this.partial.set(piece, { blocks: [], missing: Math.ceil(length / BLOCK) })
    }
    const partial = this.partial.get(piece)
    partial.blocks[index] = block
    if (--partial.missing > 0) return
    this.partial.delete(piece)
    const hash = createHash('sha1')
    for (const block of partial.blocks) hash.update(block)
    if (hash.digest().compare(torrent.hashes, piece * 20, piece * 20 + 20) !== 0) {
      return this.end(new Error(`piece ${piece} is another one`))
    }
    if (++this.pieces === torrent.pieceCount) this.end()
  }
}

/** @returns {Uint8Array} the bits of all pieces, with the spare ones at the end zero */
function allOnes (pieceCount) {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8)).fill(0xff)
  if (pieceCount % 8 !== 0) bits[bits.length - 1] = 0xff << (8 - pieceCount % 8)
  return bits
}

module.exports = { METHODS, Seeder, download, downloadAtFullSpeed, startTracker }
