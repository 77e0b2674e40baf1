'use strict'

// The processes of libtorrent.js that are ours: a seeder or the leecher, on the native transport.

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')

const { connect, listen } = require('../../net.js')
const { Source } = require('../../examples/demo/source')
const { memory, serve } = require('../applications/support/seeder.js')
const children = require('../support/child.js')

const BLOCK_LENGTH = 16384
const DEPTH = 128
const HOST = '127.0.0.1'

const leeches = []

/** How a seeder reads its blocks. */
const SOURCES = {
  memory: file => memory(fs.readFileSync(file)),
  file (file, length) {
    const source = new Source(file, length)
    return (...request) => source.read(...request)
  }
}

const encryptionOf = isEncrypted => isEncrypted ? 'require' : 'none'

/** One connection, which asks for the whole file over and over. */
class Leech {
  constructor (wire, torrent, bytes, first) {
    Object.assign(this, { wire, torrent, bytes, next: first })
    this.blocks = torrent.length / BLOCK_LENGTH
  }

  /** Downloads as long as `more()` gives blocks. */
  download (more) {
    return new Promise((resolve, reject) => {
      let pending = 0
      const ask = () => {
        if (!more()) return
        const position = this.next++ % this.blocks * BLOCK_LENGTH
        const { pieceLength } = this.torrent
        pending++
        this.wire.request(Math.floor(position / pieceLength), position % pieceLength, BLOCK_LENGTH, (error, block) => {
          if (error) return reject(error)
          if (this.bytes.compare(block, 0, BLOCK_LENGTH, position, position + BLOCK_LENGTH) !== 0) return reject(new Error(`other bytes at ${position}`))
          pending--
          ask()
          if (pending === 0) resolve()
        })
      }
      for (let i = 0; i < DEPTH; i++) ask()
      if (pending === 0) resolve()
    })
  }
}

const handlers = {
  /** Tells the port. */
  async seed ({ from, file, torrent, isEncrypted }) {
    const read = SOURCES[from](file, torrent.length)
    const server = listen({
      host: HOST,
      encryption: encryptionOf(isEncrypted),
      infoHashes: [torrent.infoHash],
      peerId: randomBytes(20),
      extensions: { fast: true }
    }, wire => {
      wire.on('error', () => {})
      serve(wire, torrent, read)
    })
    await once(server, 'listening')
    return server.address().port
  },

  async connect ({ port, file, torrent, isEncrypted, connections }) {
    const bytes = fs.readFileSync(file)
    for (let i = 0; i < connections; i++) {
      const wire = connect({
        host: HOST, port, encryption: encryptionOf(isEncrypted), infoHash: torrent.infoHash, peerId: randomBytes(20), extensions: { fast: true }
      })
      wire.once('handshake', () => {
        wire.haveNone()
        wire.interested()
      })
      await once(wire, 'unchoke')
      if (wire._encryptionMethod !== (isEncrypted ? 2 : undefined)) throw new Error(`the encryption is ${wire._encryptionMethod}`)
      leeches.push(new Leech(wire, torrent, bytes, Math.floor(i * torrent.length / BLOCK_LENGTH / connections)))
    }
  },

  /** Tells how many seconds it took. */
  async download ({ length }) {
    let left = length / BLOCK_LENGTH
    const start = performance.now()
    await Promise.all(leeches.map(leech => leech.download(() => left-- > 0)))
    return (performance.now() - start) / 1000
  }
}

children.serve(request => handlers[request.do](request))
