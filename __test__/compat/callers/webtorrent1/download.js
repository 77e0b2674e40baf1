'use strict'

/**
 * Downloads a torrent from one peer into FOLDER, and ends when that is done:
 * `node download.js PORT FOLDER < torrent`, where the input is a magnet link or a .torrent file in
 * base64.
 */

const fs = require('node:fs')
const { createClient, tell, watch } = require('./client')

const [port, folder] = process.argv.slice(2)
const given = fs.readFileSync(0, 'utf8').trim()

const client = createClient()
const torrent = client.add(given.startsWith('magnet:') ? given : Buffer.from(given, 'base64'), { path: folder })
torrent.on('infoHash', () => torrent.addPeer(`127.0.0.1:${port}`))
watch(torrent)
torrent.once('done', () => {
  tell({ done: torrent.progress, downloaded: torrent.downloaded })
  client.destroy(() => tell({ destroyed: true }))
})
