/** What seed.mjs and download.mjs share: a webtorrent client on TCP, on 127.0.0.1. */

import net from 'node:net'
import { pathToFileURL } from 'node:url'
import native from '../../../net.js'
import transport from '../../../lib/net/native.js'

// webtorrent listens on all addresses and has no option for it.
for (const { Server: { prototype } } of [net, native]) {
  const { listen } = prototype
  prototype.listen = function (port, callback) {
    return listen.call(this, { port, host: '127.0.0.1' }, callback)
  }
}

/** How many connections and listeners are the native transport's. */
export const { countSources } = transport

const { SECURE } = process.env
const { default: WebTorrent } = await import(pathToFileURL(process.env.WEBTORRENT))

export function createClient (options) {
  const client = new WebTorrent({
    dht: false,
    lsd: false,
    natPmp: false,
    natUpnp: false,
    secure: SECURE ? Number(SECURE) : undefined, // the level of encryption
    tracker: false,
    utp: false,
    webSeeds: false,
    ...options
  })
  client.on('error', err => { throw err })
  return client
}

export function tell (what) {
  process.stdout.write(JSON.stringify(what) + '\n')
}
