'use strict'

/** A session in which everything that is logged happens: `debug-session.js URL CHUNK,CHUNK,…` */

const [file, chunks] = process.argv.slice(2)

import(file).then(({ default: Wire }) => {
  const wire = new Wire('tcpOutgoing')
  const hash = '01'.repeat(20)
  const id = '02'.repeat(20)
  wire.resume()
  wire.handshake(hash, id, { fast: true })
  wire.unchoke()
  for (const bytes of chunks.split(',')) wire._write(Buffer.from(bytes, 'hex'), () => {})
  wire.keepAlive()
  wire.setTimeout(5, true)
  wire.interested()
  wire.uninterested()
  wire.have(1)
  wire.bitfield(new Uint8Array(1))
  wire.port(9)
  wire.request(1, 2, 3, () => {})
  wire.cancel(1, 2, 3)
  wire.piece(1, 2, new Uint8Array(3))
  wire.suggest(1)
  wire.haveAll()
  wire.haveNone()
  wire.reject(1, 2, 3)
  wire.allowedFast(4)
  wire.choke()
  wire.destroy()
})
