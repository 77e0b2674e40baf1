'use strict'

// What seed.js and encrypted-server.js share: torrents that are made of files, and a server of them.

const { once } = require('node:events')
const fs = require('node:fs/promises')
const net = require('node:net')

const { bencodeDecode } = require('bittorrent-protocol-native')

const { addressOf } = require('./demo/connect')
const { Failure, cause, printable } = require('./demo/failure')
const { size } = require('./demo/figures')
const { Source } = require('./demo/source')
const { createTorrent, parseTorrent } = require('./demo/torrent')
const { Upload } = require('./demo/upload')

const MAX_TORRENT_VALUES = 1 << 20

/**
 * @typedef {object} Served
 * @property {import('./demo/torrent').Torrent} torrent
 * @property {Buffer} bytes of the torrent file
 * @property {Source} source
 */

/**
 * @param {string} file
 * @returns {Promise<Served>} a torrent that is made of it
 * @throws {Failure}
 */
async function makeTorrent (file) {
  const stat = await fs.stat(file).catch((err) => { throw new Failure(`cannot read ${file}: ${cause(err)}`) })
  if (!stat.isFile()) throw new Failure(`${file} is not a file`)
  if (stat.size === 0) throw new Failure(`${file} is empty`)
  const bytes = await createTorrent(file, stat.size, () => {}).catch((err) => {
    throw new Failure(`cannot read ${file}: ${cause(err)}`)
  })
  const torrent = parseTorrent(bytes, (bytes) => bencodeDecode(bytes, MAX_TORRENT_VALUES))
  return { torrent, bytes, source: new Source(file, torrent.length) }
}

/**
 * Serves torrents until the signal: a line on the screen for every peer that leaves.
 *
 * @param {object} options
 * @param {string} options.host
 * @param {number} options.port 0 for any that is free
 * @param {Map<string, Served>} options.torrents by info hash
 * @param {() => import('node:stream').Duplex} options.createWire makes the wire for a peer
 * @param {AbortSignal} options.signal
 * @param {(port: number) => void} options.onListening
 */
async function serve ({ host, port, torrents, createWire, signal, onListening }) {
  const sockets = new Set()
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    const peer = addressOf(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
    const wire = createWire()
    const upload = new Upload({ socket, wire, find: (infoHash) => torrents.get(infoHash) })
    upload.finished.then(({ payload }) => {
      sockets.delete(socket)
      const reason = wire.closeReason ? `: ${wire.closeReason.message}` : ''
      const name = upload.torrent ? ` of ${upload.torrent.name}` : ''
      console.log(printable(`${peer} took ${size(payload)}${name}${reason}`))
    }, (err) => console.error(printable(err.message)))
  })
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (err) {
    throw new Failure(`cannot listen on ${addressOf(host, port)}: ${cause(err)}`)
  }
  onListening(server.address().port)
  if (!signal.aborted) await once(signal, 'abort')
  server.close()
  for (const socket of sockets) socket.destroy()
}

module.exports = { makeTorrent, serve }
