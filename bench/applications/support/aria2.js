'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { NAME, makeContents } = require('./torrent.js')

const COMMAND = 'aria2c'

/** Nothing of a configuration, no peers but who connects. */
const QUIET = [
  '--no-conf', '--async-dns=false', '--disable-ipv6=true', '--interface=127.0.0.1', '--enable-dht=false',
  '--enable-dht6=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false', '--file-allocation=none',
  '--quiet=true', '--follow-torrent=false', `--stop-with-process=${process.pid}`
]
const PLAIN = ['--bt-require-crypto=false', '--bt-min-crypto-level=plain']
const RC4 = ['--bt-require-crypto=true', '--bt-min-crypto-level=arc4']
const SEEDS = ['--seed-ratio=0.0', '--check-integrity=true']
const LEECHES = ['--seed-time=0']

/** aria2 with one torrent, in a folder of its own, waiting for a peer. */
class Aria2 {
  /**
   * @param {{ torrent: import('./torrent.js').Torrent, seeds: boolean, encrypted: boolean }} options
   * @returns {Promise<Aria2>}
   */
  static async start ({ torrent, seeds, encrypted }) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-aria2-'))
    const file = path.join(folder, 'bench.torrent')
    fs.writeFileSync(file, torrent.file)
    if (seeds) fs.writeFileSync(path.join(folder, NAME), makeContents(torrent.length))
    const port = await freePort()
    const process = spawn(COMMAND, [
      ...QUIET, ...(encrypted ? RC4 : PLAIN), ...(seeds ? SEEDS : LEECHES), `--listen-port=${port}`, `--dir=${folder}`, file
    ], { stdio: 'ignore' })
    return new Aria2(folder, port, process)
  }

  constructor (folder, port, process) {
    this.folder = folder
    this.port = port
    this.process = process
    this.exit = once(process, 'close')
  }

  /** Ends it, and leaves nothing of it. */
  async close () {
    this.process.kill()
    await this.exit
    fs.rmSync(this.folder, { recursive: true })
  }
}

/** @returns {Promise<number>} a TCP port that was free a moment ago */
async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { Aria2, COMMAND }
