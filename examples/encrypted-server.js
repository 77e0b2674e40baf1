'use strict'

// A server of many torrents that speaks to nobody in plaintext. A peer says in its crypto handshake
// which torrent it wants, as a hash that only those who know the torrent understand; the wire finds
// it among `infoHashes`.

const path = require('node:path')

const Wire = require('bittorrent-protocol-native')
const utMetadata = require('bittorrent-protocol-native/ut_metadata')

const { addressOf } = require('./demo/connect')
const { size } = require('./demo/figures')
const { program, parsePort } = require('./program')
const { makeTorrent, serve } = require('./server')

program(module, {
  usage: `Serves files, each as a torrent of its own, until Ctrl-C: encrypted connections only.

  node examples/encrypted-server.js FILE... [--host HOST] [--port PORT]

Options
  --host HOST  the address to listen on (default 127.0.0.1; 0.0.0.0 for all)
  --port PORT  default: any that is free`,
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' }
  },
  arguments: [1, Infinity],
  async run (values, files, signal) {
    const port = parsePort(values.port)
    const torrents = new Map()
    // One set for all wires: they remember what they have computed of it.
    const infoHashes = new Set()
    for (const file of files) {
      const served = await makeTorrent(path.resolve(file))
      torrents.set(served.torrent.infoHash, served)
      infoHashes.add(served.torrent.infoHash)
    }

    await serve({
      host: values.host,
      port,
      torrents,
      createWire () {
        // 2: RC4 and nothing else.
        const wire = new Wire('tcpIncoming', 2, { requireEncryption: true, infoHashes })
        wire.once('handshake', (infoHash) => {
          const served = torrents.get(infoHash)
          if (served) wire.use(utMetadata(served.bytes))
        })
        return wire
      },
      signal,
      onListening (port) {
        const peer = addressOf(values.host, port)
        console.log(`Serving ${torrents.size} torrents, encrypted only, on ${peer}`)
        for (const { torrent: { infoHash, name, length } } of torrents.values()) {
          console.log(`magnet:?xt=urn:btih:${infoHash}&dn=${encodeURIComponent(name)}&x.pe=${peer}  (${size(length)})`)
        }
      }
    })
  }
})
