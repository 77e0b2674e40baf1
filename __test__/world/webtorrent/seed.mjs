/** Seeds FILE until its standard input ends: `node seed.mjs FILE`. */

import { countSources, createClient, tell } from './client.mjs'

const client = createClient()

client.seed(process.argv[2], { announceList: [], pieceLength: 128 * 1024 }, torrent => {
  tell({
    port: client.torrentPort,
    isNative: countSources() > 0,
    magnet: torrent.magnetURI,
    torrentFile: Buffer.from(torrent.torrentFile).toString('base64')
  })
})

process.stdin.resume().once('end', () => client.destroy(() => tell({ destroyed: true })))
