'use strict'

const path = require('node:path')
const { parseArgs } = require('node:util')

const { Failure } = require('./failure')

const USAGE = `Moves a file between two BitTorrent peers over TCP and checks every piece of it.

  npm run demo
      makes a file of random bytes in a temporary folder and moves it from a seeder to a
      leecher on 127.0.0.1, each a process of its own
  npm run demo -- PATH
      the same with your own file
  npm run demo -- --torrent FILE.torrent --peer HOST:PORT
      downloads from any BitTorrent client that accepts plain TCP connections

Options
  --out DIR          where to leave what was downloaded; without it, a local transfer is
                     removed at the end, and a torrent is left in ./downloads
  --size MIB         size of the random file (default 256)
  --native           sockets of the native transport, in place of those of Node.js
  --timeout SECONDS  give up when the peer sends no data for so long (default 60)
  --help             this text`

const OPTIONS = {
  torrent: { type: 'string' },
  peer: { type: 'string' },
  out: { type: 'string' },
  size: { type: 'string' },
  timeout: { type: 'string', default: '60' },
  native: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
}

/**
 * @typedef {object} Arguments
 * @property {boolean} help
 * @property {string|null} file the file to serve; null: make one
 * @property {string|null} torrent the torrent file to download
 * @property {{ host: string, port: number }|null} peer to download it from
 * @property {string|null} out the folder to download to
 * @property {number} size of the file to make, in bytes
 * @property {boolean} native whether sockets are those of the native transport
 * @property {number} timeout in milliseconds
 */

/**
 * @param {string[]} argv what the user typed after the script's name
 * @returns {Arguments} with absolute paths
 * @throws {Failure}
 */
function parseArguments (argv) {
  const { values, positionals } = parse(argv)
  const { torrent, peer, out, size } = values

  if (positionals.length > 1) throw new Failure('give one PATH, not several')
  if (positionals.length === 1 && torrent) throw new Failure('give either a PATH or --torrent, not both')
  if (torrent && !peer) throw new Failure('--torrent needs a --peer HOST:PORT to download from')
  if (peer && !torrent) throw new Failure('--peer needs a --torrent FILE.torrent to download')
  if (size && (torrent || positionals.length)) throw new Failure('--size is for the random file only')

  return {
    help: values.help,
    file: resolve(positionals[0]),
    torrent: resolve(torrent),
    peer: peer === undefined ? null : parsePeer(peer),
    out: resolve(out ?? (torrent && 'downloads')),
    size: positive('--size', size ?? '256', 1 << 20) * (1 << 20),
    native: values.native,
    timeout: positive('--timeout', values.timeout, 86400) * 1000
  }
}

function parse (argv) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true })
  } catch (err) {
    throw new Failure(`${err.message.split('. ')[0]}; --help lists the options`)
  }
}

/** @returns {string|null} absolute; `npm run` goes to the package's folder, the user may be elsewhere */
function resolve (given) {
  if (given === undefined) return null
  if (given === '') throw new Failure('a path is empty')
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env
  return path.resolve(script === 'demo' && folder ? folder : process.cwd(), given)
}

/**
 * @param {string} peer `host:port`, `1.2.3.4:port` or `[IPv6]:port`
 * @param {string} [option] that it was given for
 * @returns {{ host: string, port: number }}
 * @throws {Failure}
 */
function parsePeer (peer, option = '--peer') {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(peer)
  const port = Number(match?.[3])
  if (!match || port < 1 || port > 65535) throw new Failure(`${option} wants HOST:PORT, not ${peer}`)
  return { host: match[1] ?? match[2], port }
}

function positive (option, text, max) {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > max) {
    throw new Failure(`${option} wants a whole number from 1 to ${max}, not ${text}`)
  }
  return number
}

module.exports = { parseArguments, parsePeer, USAGE }
