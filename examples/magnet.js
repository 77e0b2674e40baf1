'use strict'

// A downloader for a magnet link: the torrent's metadata from a peer (BEP 9), then its pieces from
// the same peer, over the native transport.

const path = require('node:path')

const { bencodeDecode } = require('bittorrent-protocol-native')
const { connect } = require('bittorrent-protocol-native/net')
const utMetadata = require('bittorrent-protocol-native/ut_metadata')

const { parsePeer } = require('./demo/arguments')
const { addressOf } = require('./demo/connect')
const { Download } = require('./demo/download')
const { Failure, cause, printable } = require('./demo/failure')
const { size, table } = require('./demo/figures')
const { peerId } = require('./demo/peer-id')
const { Progress } = require('./demo/progress')
const { Storage } = require('./demo/storage')
const { parseTorrent } = require('./demo/torrent')
const { program, parseInfoHash, parseSeconds } = require('./program')

const MAX_TORRENT_VALUES = 1 << 20
const REPORT_INTERVAL = 100
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

program(module, {
  usage: `Downloads what a magnet link names, from one peer, and checks every piece.

  node examples/magnet.js 'magnet:?xt=urn:btih:...&x.pe=HOST:PORT'

Options
  --peer HOST:PORT   instead of the link's own
  --out DIR          where to leave what was downloaded (default ./downloads)
  --encrypted        speaks RC4 only
  --timeout SECONDS  gives up when the peer sends nothing of use for so long (default 60)`,
  options: {
    peer: { type: 'string' },
    out: { type: 'string', default: 'downloads' },
    encrypted: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '60' }
  },
  arguments: [1, 1],
  async run (values, [link], signal) {
    const magnet = parseMagnet(link)
    const given = values.peer ?? magnet.peer
    if (!given) throw new Failure('the link names no peer: give one with --peer HOST:PORT')
    const { host, port } = parsePeer(given)
    const timeout = parseSeconds(values.timeout)

    const { infoHash } = magnet
    const wire = connect({
      host,
      port,
      infoHash,
      peerId: peerId(),
      extensions: { fast: true },
      encryption: values.encrypted ? 'require' : 'none',
      connectTimeout: timeout
    })
    wire.use(utMetadata())
    const peer = addressOf(host, port)
    try {
      const torrent = await introduce({ wire, peer, infoHash, timeout, signal })
      await download({ wire, peer, torrent, out: path.resolve(values.out), timeout, signal })
    } finally {
      wire.destroy()
    }
  }
})

/**
 * @param {string} link
 * @returns {{ infoHash: string, peer: string|null }}
 * @throws {Failure}
 */
function parseMagnet (link) {
  const parameters = link.startsWith('magnet:?') ? new URLSearchParams(link.slice(8)) : new URLSearchParams()
  const topics = parameters.getAll('xt').filter((topic) => topic.startsWith('urn:btih:'))
  if (topics.length === 0) throw new Failure(`${link} is no magnet link of BitTorrent version 1`)
  const hash = topics[0].slice('urn:btih:'.length)
  const isBase32 = /^[A-Z2-7]{32}$/i.test(hash)
  return { infoHash: isBase32 ? base32ToHex(hash) : parseInfoHash(hash), peer: parameters.get('x.pe') }
}

function base32ToHex (text) {
  const bits = [...text.toUpperCase()].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return bits.match(/.{4}/g).map((four) => parseInt(four, 2).toString(16)).join('')
}

/**
 * Asks for the metadata.
 * @returns {Promise<import('./demo/torrent').Torrent>}
 * @throws {Failure}
 */
async function introduce ({ wire, peer, infoHash, timeout, signal }) {
  let timer
  const bytes = await new Promise((resolve, reject) => {
    const fail = (reason) => reject(new Failure(reason))
    timer = setTimeout(() => fail(`${peer} sent no metadata for ${timeout / 1000} seconds`), timeout)
    signal.addEventListener('abort', () => fail('interrupted'))
    wire.on('error', (err) => {
      if (!wire.closeReason) fail(`${wire.connecting ? 'cannot connect to' : 'lost'} ${peer}: ${cause(err)}`)
    })
    wire.on('close', () => fail(wire.closeReason
      ? `${peer} broke the protocol: ${wire.closeReason.message}`
      : `${peer} closed the connection before it sent the metadata`))
    wire.on('handshake', (theirs) => {
      if (theirs !== infoHash) fail(`${peer} serves another torrent: its info hash is ${theirs}, not ${infoHash}`)
      if (!wire.peerExtensions.extended) fail(`${peer} gives no metadata: it does not speak the extension protocol`)
      if (wire.hasFast) wire.haveNone()
    })
    wire.ut_metadata.on('warning', (err) => fail(`${peer} gives no metadata: ${err.message}`))
    wire.ut_metadata.on('metadata', resolve)
    wire.ut_metadata.fetch()
  }).finally(() => clearTimeout(timer))
  try {
    return parseTorrent(Buffer.from(bytes), (bytes) => bencodeDecode(bytes, MAX_TORRENT_VALUES))
  } catch (err) {
    throw new Failure(`${peer} sent metadata that is not usable: ${err.message}`)
  }
}

async function download ({ wire, peer, torrent, out, timeout, signal }) {
  console.log(`Downloading ${printable(torrent.name)}, ${size(torrent.length)} in ${torrent.pieceCount} pieces`)
  const storage = await Storage.create(torrent, out)
  const progress = new Progress('Transfer', torrent.length)
  const download = new Download({ wire, peer, torrent, storage, timeout })
  const reports = setInterval(() => progress.update(download.written), REPORT_INTERVAL)
  try {
    const figures = await download.run(signal)
    await storage.finish()
    progress.update(download.written)
    progress.end()
    console.log(table({ downloader: figures }))
    console.log(`\nEvery piece matches its SHA-1. Written to ${printable(path.join(out, torrent.name))}`)
  } catch (err) {
    progress.clear()
    await storage.remove()
    throw err
  } finally {
    clearInterval(reports)
  }
}
