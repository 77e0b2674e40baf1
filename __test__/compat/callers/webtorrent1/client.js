'use strict'

/** What seed.js and download.js share: a webtorrent 1.x client that speaks TCP, on 127.0.0.1. */

const net = require('node:net')

// webtorrent listens on all addresses and has no option for it.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, callback) {
  return listen.call(this, { port, host: '127.0.0.1' }, callback)
}

const WebTorrent = require(process.env.WEBTORRENT)

/** Encrypted if the environment variable SECURE is `true`. */
function createClient () {
  const client = new WebTorrent({
    dht: false,
    lsd: false,
    secure: process.env.SECURE === 'true',
    tracker: false,
    utp: false,
    webSeeds: false
  })
  client.on('error', err => { throw err })
  return client
}

/** Tells of each wire of a torrent. */
function watch (torrent) {
  torrent.on('wire', wire => {
    tell({ wire: wire.type, isOurs: 'closeReason' in wire, method: wire._encryptionMethod ?? null })
    wire.once('close', () => tell({ closed: wire.type, pending: wire.requests.length }))
  })
}

function tell (what) {
  process.stdout.write(JSON.stringify(what) + '\n')
}

module.exports = { createClient, tell, watch }
