'use strict'

// A peer that seeds one file, to all who ask, over the native transport. It speaks the fast
// extension, takes encrypted and plain connections, and gives the torrent's metadata to those who
// come with a magnet link.

const { once } = require('node:events')
const fs = require('node:fs/promises')
const path = require('node:path')

const { listen } = require('bittorrent-protocol-native/net')
const utMetadata = require('bittorrent-protocol-native/ut_metadata')

const { addressOf } = require('./demo/connect')
const { Failure, cause, printable } = require('./demo/failure')
const { size } = require('./demo/figures')
const { peerId } = require('./demo/peer-id')
const { allOnes, MAX_BLOCK } = require('./demo/upload')
const { program, parsePort } = require('./program')
const { makeTorrent } = require('./server')

/** Requests of a peer that may be open, each of at most a block that is read from the disk. */
const MAX_PEER_REQUESTS = 256

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
    const options = {
      host: values.host,
      port: parsePort(values.port),
      peerId: peerId(),
      extensions: { fast: true },
      maxPeerRequests: MAX_PEER_REQUESTS
    }
    const { torrent, bytes, source } = await makeTorrent(path.resolve(file))
    if (values.torrent !== undefined) {
      await fs.writeFile(values.torrent, bytes).catch((err) => {
        throw new Failure(`cannot write ${values.torrent}: ${cause(err)}`)
      })
    }

    const Metadata = utMetadata(bytes)
    const server = listen({ ...options, infoHashes: [torrent.infoHash] }, (wire) => {
      wire.use(Metadata)
      seed(wire, torrent, source)
    })
    await once(server, 'listening').catch((err) => {
      throw new Failure(`cannot listen on ${addressOf(values.host, options.port)}: ${cause(err)}`)
    })
    const peer = addressOf(values.host, server.address().port)
    console.log(`Seeding ${torrent.name}, ${size(torrent.length)} in ${torrent.pieceCount} pieces, on ${peer}`)
    console.log(`magnet:?xt=urn:btih:${torrent.infoHash}&dn=${encodeURIComponent(torrent.name)}&x.pe=${peer}`)

    if (!signal.aborted) await once(signal, 'abort')
    server.close()
    for (const wire of server.wires) wire.destroy()
  }
})

/** Serves every piece to one peer. What waits to be sent keeps its further requests waiting. */
function seed (wire, { name, pieceLength, pieceCount, length: total }, source) {
  const peer = addressOf(wire.remoteAddress, wire.remotePort)
  wire.on('handshake', () => {
    if (wire.hasFast) wire.haveAll()
    else wire.bitfield(allOnes(pieceCount))
  })
  wire.on('interested', () => wire.unchoke())
  wire.on('request', (piece, offset, length, respond) => {
    const position = piece * pieceLength + offset
    const isInside = offset + length <= pieceLength && position + length <= total
    if (!isInside || length < 1 || length > MAX_BLOCK) return respond(new Error('request refused'))
    source.read(position, length, (err, bytes) => {
      if (err) console.error(printable(err.message))
      respond(err, bytes)
    })
  })
  wire.on('close', () => {
    const reason = wire.closeReason ?? wire.connectionError
    console.log(printable(`${peer} took ${size(wire.uploaded)} of ${name}${reason ? `: ${reason.message}` : ''}`))
  })
}
