'use strict'

// A peer that seeds one file, to all who ask. It speaks the fast extension, takes encrypted and
// plain connections, and gives the torrent's metadata to those who come with a magnet link.

const fs = require('node:fs/promises')
const path = require('node:path')

const Wire = require('bittorrent-protocol-native')
const utMetadata = require('bittorrent-protocol-native/ut_metadata')

const { addressOf } = require('./demo/connect')
const { Failure, cause } = require('./demo/failure')
const { size } = require('./demo/figures')
const { program, parsePort } = require('./program')
const { makeTorrent, serve } = require('./server')

program(module, {
  usage: `Seeds one file until Ctrl-C.

  node examples/seed.js FILE [--host HOST] [--port PORT] [--torrent OUT.torrent]

Options
  --host HOST       the address to listen on (default 127.0.0.1; 0.0.0.0 for all)
  --port PORT       default: any that is free
  --torrent FILE    writes the torrent file, for clients that take no magnet link`,
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    torrent: { type: 'string' }
  },
  arguments: [1, 1],
  async run (values, [file], signal) {
    const port = parsePort(values.port)
    const served = await makeTorrent(path.resolve(file))
    const { torrent, bytes } = served
    if (values.torrent !== undefined) {
      await fs.writeFile(values.torrent, bytes).catch((err) => {
        throw new Failure(`cannot write ${values.torrent}: ${cause(err)}`)
      })
    }

    // Extensions are ECMAScript modules.
    await serve({
      host: values.host,
      port,
      torrents: new Map([[torrent.infoHash, served]]),
      createWire () {
        // 1: encrypted where the peer wants it. The wire finds the info hash by itself.
        const wire = new Wire('tcpIncoming', 1, { infoHashes: [torrent.infoHash] })
        wire.use(utMetadata(bytes))
        return wire
      },
      signal,
      onListening (port) {
        const peer = addressOf(values.host, port)
        console.log(`Seeding ${torrent.name}, ${size(torrent.length)} in ${torrent.pieceCount} pieces, on ${peer}`)
        console.log(`magnet:?xt=urn:btih:${torrent.infoHash}&dn=${encodeURIComponent(torrent.name)}&x.pe=${peer}`)
      }
    })
  }
})
