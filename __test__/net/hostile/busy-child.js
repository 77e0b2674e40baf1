'use strict'

// A server whose main thread is busy while its peers send: tells its port, then, once the parent says
// so, is busy for a second, and tells by how many bytes the process grew meanwhile.

const { listen } = require('../../../net.js')

const server = listen({ host: '127.0.0.1', handshakeTimeout: 0 }, wire => wire.on('error', () => {}))
server.on('listening', () => process.send({ port: server.address().port }))

process.on('message', () => {
  const before = process.memoryUsage.rss()
  const end = performance.now() + 1000
  let most = before
  while (performance.now() < end) most = Math.max(most, process.memoryUsage.rss())
  process.send({ grown: most - before, wires: server.wires.size }, () => process.exit())
})
