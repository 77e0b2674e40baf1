'use strict'

/** Seeds FILE until its standard input ends: `node seed.js FILE`. */

const { createClient, tell, watch } = require('./client')

const client = createClient()

client.seed(process.argv[2], { announceList: [], pieceLength: 128 * 1024 }, torrent => {
  watch(torrent)
  tell({ port: client.torrentPort, magnet: torrent.magnetURI, torrentFile: torrent.torrentFile.toString('base64') })
})

process.stdin.resume().once('end', () => client.destroy(() => tell({ destroyed: true })))
