'use strict'

/**
 * Downloads a torrent into FOLDER and ends when that is done: `node download.js FOLDER < torrent`,
 * where the input is a magnet link or a .torrent file in base64.
 */

const fs = require('node:fs')
const torrentStream = require(process.env.TORRENT_STREAM)

const [folder] = process.argv.slice(2)
const given = fs.readFileSync(0, 'utf8').trim()

const engine = torrentStream(given.startsWith('magnet:') ? given : Buffer.from(given, 'base64'), {
  path: folder,
  tmp: folder,
  dht: false
})
engine.on('ready', () => {
  for (const file of engine.files) file.select()
})
engine.on('verify', piece => tell({ verified: piece }))
engine.swarm.on('wire', wire => {
  tell({ isOurs: 'closeReason' in wire, address: wire.peerAddress })
  wire.on('close', () => tell({ closed: wire.requests.length }))
})
// It is idle before the last block is counted.
engine.once('idle', () => setImmediate(() => engine.destroy(() => tell({ downloaded: engine.swarm.downloaded }))))

function tell (what) {
  process.stdout.write(JSON.stringify(what) + '\n')
}
