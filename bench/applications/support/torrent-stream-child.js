'use strict'

/**
 * A process with unmodified torrent-stream, whose wires are those of WIRE_MODULE: a leecher that
 * keeps what it has in memory.
 */

const { once } = require('node:events')
const { createRequire } = require('node:module')
const os = require('node:os')
const path = require('node:path')
const children = require('../../support/child.js')
const { Meter } = require('./meter.js')

const torrentStream = require(process.env.TORRENT_STREAM)
const storage = createRequire(process.env.WEBTORRENT)('memory-chunk-store')

const meter = new Meter()
let engine

const handlers = {
  async add ({ file }) {
    // It would look for a magnet link's metadata there, and writes nothing.
    const folder = path.join(os.tmpdir(), 'bench-torrent-stream')
    engine = torrentStream(file, { dht: false, tracker: false, verify: false, storage, path: folder, tmp: folder })
    engine.swarm.on('wire', wire => meter.watch(wire))
    engine.on('invalid-piece', () => meter.fault('invalid pieces'))
    await once(engine, 'ready')
    for (const file of engine.files) file.select()
  },

  /** From connecting until it has selected nothing that it has not. */
  async download ({ port }) {
    meter.start()
    engine.connect(`127.0.0.1:${port}`)
    await once(engine, 'idle')
    return meter.stop()
  }
}

children.serve(request => handlers[request.do](request))
