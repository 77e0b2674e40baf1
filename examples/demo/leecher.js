'use strict'

// The side that wants the file: a process of its own.

const { runChild } = require('./child')
const { addressOf, connect } = require('./connect')
const { Download } = require('./download')
const protocol = require('./protocol')
const { Storage } = require('./storage')
const { readTorrent } = require('./torrent')

/** Milliseconds between two reports of progress. */
const REPORT_INTERVAL = 100

runChild(async ({ torrentFile, host, port, out, timeout, native }, { tell, gone }) => {
  const { Wire, decode } = await protocol.load()
  const torrent = await readTorrent(torrentFile, decode)
  const peer = addressOf(host, port)
  const socket = await connect(host, port, { timeout, signal: gone, native })

  let storage
  try {
    storage = await Storage.create(torrent, out)
    const download = new Download({ wire: new Wire('tcpOutgoing'), socket, peer, torrent, storage, timeout })
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
