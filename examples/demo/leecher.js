'use strict'

// The side that wants the file: a process of its own.

const net = require('node:net')

const { runChild } = require('./child')
const { Download } = require('./download')
const { Failure, cause } = require('./failure')
const protocol = require('./protocol')
const { Storage } = require('./storage')
const { readTorrent } = require('./torrent')

/** Milliseconds between two reports of progress. */
const REPORT_INTERVAL = 100

runChild(async ({ torrentFile, host, port, out, timeout }, { tell, gone }) => {
  const { Wire, decode } = await protocol.load()
  const torrent = await readTorrent(torrentFile, decode)
  const peer = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const socket = await connect(host, port, peer, timeout, gone)

  let storage
  try {
    storage = await Storage.create(torrent, out)
    const download = new Download({ Wire, socket, peer, torrent, storage, timeout })
    const reports = setInterval(() => tell({ progress: download.written }), REPORT_INTERVAL)
    const figures = await download.run(gone).finally(() => clearInterval(reports))
    tell({ progress: download.written })
    await storage.finish()
    return figures
  } catch (err) {
    socket.destroy()
    await storage?.remove()
    throw err
  }
})

/** @returns {Promise<import('node:net').Socket>} */
function connect (host, port, peer, timeout, signal) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true })
    const fail = (why) => {
      socket.destroy()
      reject(new Failure(`cannot connect to ${peer}: ${why}`))
    }
    const interrupted = () => fail('interrupted')
    signal.addEventListener('abort', interrupted)
    socket.setTimeout(timeout, () => fail('no answer'))
    // Several addresses of one name fail together, as an AggregateError.
    socket.once('error', (err) => fail(cause(err.errors?.[0] ?? err)))
    socket.once('connect', () => {
      signal.removeEventListener('abort', interrupted)
      socket.removeAllListeners('error')
      socket.removeAllListeners('timeout')
      socket.setTimeout(0)
      resolve(socket)
    })
  })
}
