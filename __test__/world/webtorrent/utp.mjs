/**
 * A seeder and a leecher over uTP, given a magnet link with `x.pe`, which are both destroyed when
 * the file was read: what test/node/download-from-ip.js of webtorrent does. Tells what went over
 * the leecher's connection, and how both connections were closed.
 */

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import './utp-module.mjs'
import { createClient, tell } from './client.mjs'

const require = createRequire(process.env.WEBTORRENT)
const UTP = require('utp-native')
const MemoryChunkStore = require('memory-chunk-store').default ?? require('memory-chunk-store')

// It listens on all addresses too.
const { bind, connect } = UTP.prototype
UTP.prototype.bind = function (port, address, callback) {
  return bind.call(this, port, address || '127.0.0.1', callback)
}

/** Resolve when the ends of the connection are closed. @type {Promise<void>[]} */
const closed = []

function watch (conn) {
  closed.push(new Promise(resolve => conn.once('close', resolve)))
}

/** What the leecher has given to its connection while that was open. */
const written = []

UTP.prototype.connect = function (...args) {
  const conn = connect.apply(this, args)
  watch(conn)
  const { write } = conn
  conn.write = function (chunk, ...rest) {
    if (!this.destroyed) written.push(Buffer.from(chunk))
    return write.call(this, chunk, ...rest)
  }
  return conn
}
const { createServer } = UTP
UTP.createServer = (...args) => createServer(...args).on('connection', watch)

const options = { utp: true }
const seeder = createClient(options)
const leecher = createClient(options)
// Its last packet is a small one, which libutp sends, and waits for, by other rules.
const file = randomBytes(362_017)
file.name = 'file.bin'

seeder.seed(file, { announceList: [], pieceLength: 16384, store: MemoryChunkStore }, ({ magnetURI }) => {
  const torrent = leecher.add(`${magnetURI}&x.pe=127.0.0.1:${seeder.torrentPort}`, { store: MemoryChunkStore })
  torrent.on('wire', wire => tell({ wire: wire.type }))
  torrent.once('done', async () => {
    const read = Buffer.from(await torrent.files[0].arrayBuffer())
    const destroyed = [seeder, leecher].map(client => new Promise(resolve => client.destroy(resolve)))
    tell({ isWhole: read.equals(file) })
    await Promise.all([...closed, ...destroyed])
    tell({ closed: closed.length, written: Buffer.concat(written).toString('hex') })
  })
})
