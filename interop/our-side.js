'use strict'

const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')

const Wire = require('..')
const { Download } = require('../examples/demo/download')
const { peerId } = require('../examples/demo/peer-id')
const { Source } = require('../examples/demo/source')
const { Storage } = require('../examples/demo/storage')
const { encode } = require('../lib/bencode')

/** What `_encryptionMethod` means. */
const METHODS = { 1: 'plaintext after an encrypted handshake', 2: 'RC4' }

/** How long a peer may send nothing, in milliseconds. */
const TIMEOUT = 45_000

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
   */
  static async listen (workspace, level, options = {}) {
    const seeder = new Seeder(workspace, level, options)
    seeder.server.listen(0, workspace.address)
    await once(seeder.server, 'listening')
    return seeder
  }

  constructor (workspace, level, options) {
    this.source = new Source(workspace.file, require('node:fs').statSync(workspace.file).size)
    /** Set once the torrent is made: it names the tracker, which names our port. */
    this.torrent = null
    this.level = level
    this.options = options
    /** How the peers that got blocks were served, in words. */
    this.methods = new Set()
    /** Why connections were closed. */
    this.violations = []
    const sockets = new Set()
    this.server = net.createServer({ noDelay: true }, socket => {
      sockets.add(socket)
      this.serve(socket)
    })
    workspace.defer(() => {
      for (const socket of sockets) socket.destroy()
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
    this.torrent = torrent
    return bytes
  }

  serve (socket) {
    const { torrent } = this
    const wire = new Wire('tcpIncoming', this.level, { infoHashes: [torrent.infoHash], ...this.options })
    socket.on('error', () => {}) // 'close' follows
    socket.pipe(wire).pipe(socket)
    wire.on('violation', error => this.violations.push(error.code))
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
    wire.once('upload', () => this.methods.add(METHODS[wire._encryptionMethod] ?? 'plaintext'))
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
 * @returns {Promise<string>} how the blocks came, in words
 */
async function download ({ torrent, host, port, folder, level, options }) {
  const socket = net.connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  const storage = await Storage.create(torrent, folder)
  const wire = new Wire('tcpOutgoing', level, options)
  wire.startEncryption(torrent.infoHash)
  const run = new Download({ wire, socket, peer: `${host}:${port}`, torrent, storage, timeout: TIMEOUT })
  await run.run(new AbortController().signal)
  await storage.finish()
  return METHODS[wire._encryptionMethod] ?? 'plaintext'
}

/** @returns {Uint8Array} the bits of all pieces, with the spare ones at the end zero */
function allOnes (pieceCount) {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8)).fill(0xff)
  if (pieceCount % 8 !== 0) bits[bits.length - 1] = 0xff << (8 - pieceCount % 8)
  return bits
}

module.exports = { METHODS, Seeder, download, startTracker }
