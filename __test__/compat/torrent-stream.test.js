'use strict'

/** torrent-stream from npm, unchanged but for its peer-wire-protocol, downloads from wires of ours. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const Wire = require('../..')
const BitTorrentWire = require('../../compat/bittorrent-wire')
const { install } = require('../helpers/install')
const Child = require('../helpers/child')
const { messages } = require('./support/peer')
const { makeTorrent, startSeeder, startTracker } = require('./support/torrent')

const CALLER = path.join(__dirname, 'callers/torrent-stream')
const SIZE = 3 * 1024 * 1024 + 12345

let installed, folder, tracker, torrent, child, seeder

beforeAll(async () => {
  installed = await install(CALLER)
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torrent-stream-test-'))
  tracker = await startTracker()
  torrent = makeTorrent(SIZE, tracker.url)
}, 300_000)

afterAll(() => {
  tracker.close()
  fs.rmSync(folder, { recursive: true })
})

afterEach(() => {
  child.kill()
  seeder.close()
})

/** Ways to seed, each with one of our wires. */
const seeders = {
  main () {
    const wire = new Wire('tcpIncoming')
    wire.on('handshake', () => {
      wire.handshake(torrent.infoHash, '33'.repeat(20))
      wire.bitfield(torrent.bits)
    })
    wire.on('interested', () => wire.unchoke())
    wire.on('request', (index, offset, length, respond) => respond(null, torrent.block(index, offset, length)))
    return wire
  },
  'bittorrent-wire' () {
    const wire = new BitTorrentWire(torrent.infoHash, '-SE0000-000000000000')
    wire.createExtensions(torrent.infoLength, torrent.info)
    wire.on('handshake', () => {
      wire.sendHandshake()
      wire.sendBitfield(torrent.bits)
    })
    wire.on('request', () => {
      const { index, begin, length } = wire.inRequests.shift()
      wire.sendPiece(messages.piece(index, begin, torrent.block(index, begin, length)))
    })
    return wire
  }
}

test.each([['main', 'torrentFile'], ['bittorrent-wire', 'magnet']])('from the %s, given a %s', async (seeding, given) => {
  seeder = await startSeeder(seeders[seeding])
  tracker.port = seeder.port
  const into = fs.mkdtempSync(path.join(folder, 'into-'))
  child = new Child(path.join(CALLER, 'download.js'), [into], {
    TORRENT_STREAM: path.join(installed, 'node_modules/torrent-stream/index.js'),
    WIRE_MODULE: path.join(__dirname, '../../compat/peer-wire-protocol.js')
  })
  child.process.stdin.end(torrent[given])

  expect(await child.told('isOurs')).toEqual({ isOurs: true, address: `127.0.0.1:${seeder.port}` })
  expect(await child.told('downloaded')).toEqual({ downloaded: SIZE })
  expect(new Set(child.all('verified').map(line => line.verified)).size).toBe(torrent.pieceCount)
  expect(await child.told('closed')).toEqual({ closed: 0 })
  await child.exited()
  expect(fs.readFileSync(path.join(into, 'file.bin')).equals(torrent.data)).toBe(true)
}, 60_000)
