'use strict'

// The side that has the file: a process of its own.

const { once } = require('node:events')

const { runChild } = require('./child')
const protocol = require('./protocol')
const { Source } = require('./source')
const { readTorrent } = require('./torrent')
const { transport } = require('./transport')
const { Upload } = require('./upload')

runChild(async ({ file, torrentFile, native }, { tell, gone }) => {
  const { Wire, decode } = await protocol.load()
  const torrent = await readTorrent(torrentFile, decode)
  const source = new Source(file, torrent.length)

  const server = transport(native).createServer({ noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening', { signal: gone })
  tell({ listening: server.address().port })
  const [socket] = await once(server, 'connection', { signal: gone })
  server.close()
  gone.addEventListener('abort', () => socket.destroy())

  const find = (infoHash) => infoHash === torrent.infoHash ? { torrent, source } : undefined
  return new Upload({ socket, wire: new Wire('tcpIncoming'), find }).finished
})
