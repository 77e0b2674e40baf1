/**
 * A process with unmodified webtorrent, whose wires are those of WIRE_MODULE: a seeder, or some
 * leechers. All of them keep what they have in memory.
 */

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createClient } from '../../../__test__/world/webtorrent/client.mjs'
import children from '../../support/child.js'
import meters from './meter.js'
import torrents from './torrent.js'

const MemoryStore = createRequire(process.env.WEBTORRENT)('memory-chunk-store')
const { default: Wire } = await import(process.env.WIRE_MODULE)

const meter = new meters.Meter()
const leechers = []

const handlers = {
  /** Tells the port that it seeds on. */
  async seed ({ file, length, pieceLength }) {
    const client = createClient()
    const store = new MemoryStore(pieceLength, { length })
    // Buffers, as stores on disks give them: blocks of those are views.
    torrents.cut(torrents.makeContents(length), pieceLength).forEach((piece, i) => store.put(i, piece))
    // A slot for everybody: who is choked in between gets rejects.
    const torrent = client.add(file, { preloadedStore: store, skipVerify: true, uploads: 100 })
    torrent.on('wire', watch)
    await once(torrent, 'ready')
    return client.torrentPort
  },

  async start () {
    meter.start()
  },

  async stop () {
    return meter.stop()
  },

  /** Makes leechers that know of nobody. */
  async add ({ file, leechers: count }) {
    for (let i = 0; i < count; i++) {
      const torrent = createClient().add(file, { store: MemoryStore })
      torrent.on('wire', watch)
      torrent.on('warning', ({ message }) => meter.fault(message))
      leechers.push(torrent)
    }
    await Promise.all(leechers.map(torrent => once(torrent, 'ready')))
  },

  /** From connecting until the last of them is done. */
  async download ({ port }) {
    meter.start()
    await Promise.all(leechers.map(async torrent => {
      torrent.addPeer(`127.0.0.1:${port}`)
      await once(torrent, 'done')
    }))
    const cost = meter.stop()
    for (const { wires } of leechers) {
      if ((wires[0]._encryptionMethod ?? 0) !== Number(process.env.SECURE)) throw new Error('the encryption is another one')
    }
    return cost
  }
}

function watch (wire) {
  if (!(wire instanceof Wire)) throw new Error('the wire is another one')
  meter.watch(wire)
}

children.serve(request => handlers[request.do](request))
