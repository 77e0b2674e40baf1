/**
 * Downloads a torrent from one peer into FOLDER and destroys its client when that is done or when
 * its standard input ends: `node download.mjs PORT FOLDER < torrent`, where the first line of
 * the input is a magnet link or a .torrent file in base64.
 */

import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Duplex } from 'node:stream'
import { createClient, tell } from './client.mjs'

const [port, folder, downloadLimit] = process.argv.slice(2)

const lines = createInterface({ input: process.stdin })
const [line] = await once(lines, 'line')
const client = createClient({ downloadLimit: Number(downloadLimit ?? -1) })
const torrent = client.add(line.startsWith('magnet:') ? line : Buffer.from(line, 'base64'), {
  path: folder
})

torrent.on('infoHash', () => torrent.addPeer(`127.0.0.1:${port}`))
torrent.once('download', () => tell({ downloading: true }))
torrent.on('wire', wire => {
  // A field of the npm package's own.
  const ourExtensions = !('_bitfield' in wire.ut_metadata)
  tell({ wire: wire.type, nodeStream: wire instanceof Duplex, ourExtensions })
  wire.once('close', () => tell({
    closed: wire.type, pending: wire.requests.length, encryption: wire._encryptionMethod
  }))
})
torrent.once('done', () => {
  tell({ done: torrent.progress, downloaded: torrent.downloaded })
  leave()
})
lines.once('close', leave)

function leave () {
  lines.close()
  if (!client.destroyed) client.destroy(() => tell({ destroyed: true }))
}
