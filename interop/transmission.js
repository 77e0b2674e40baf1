'use strict'

const fs = require('node:fs')
const path = require('node:path')

const { METHODS, Seeder, download, downloadAtFullSpeed } = require('./our-side')
const { FULL_SIZE, UTP_SIZE, freePort } = require('./workspace')

const COMMAND = 'transmission-daemon'

/** Its setting `encryption`. */
const PLAINTEXT_PREFERRED = 0
const REQUIRED = 2

/** `status` of a torrent. */
const SEEDING = 6

/** @type {import('./cases').Case[]} */
const cases = [
  seeds('transmission-daemon seeds to us, RC4 required by both', REQUIRED, 2, METHODS[2]),
  seeds('transmission-daemon seeds to us, RC4 required by it', REQUIRED, 1, METHODS[2]),
  seeds('transmission-daemon seeds to us, which have no encryption', PLAINTEXT_PREFERRED, 0, 'plaintext'),
  downloads('transmission-daemon downloads from us, RC4 required by both', REQUIRED, 2, METHODS[2]),
  downloads('transmission-daemon downloads from us, RC4 required by it', REQUIRED, 1, METHODS[2]),
  downloads('transmission-daemon downloads from us, which have no encryption', PLAINTEXT_PREFERRED, 0, 'plaintext'),
  seeds('transmission-daemon seeds to us at full speed, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', FULL_SIZE),
  seeds('transmission-daemon seeds to us at full speed, in RC4', REQUIRED, 2, METHODS[2], FULL_SIZE),
  downloads('transmission-daemon downloads from us at full speed, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', FULL_SIZE),
  downloads('transmission-daemon downloads from us at full speed, in RC4', REQUIRED, 2, METHODS[2], FULL_SIZE),
  downloads('transmission-daemon downloads from us over the native transport, RC4 required by both', REQUIRED, 2, METHODS[2], undefined, 'native'),
  downloads('transmission-daemon downloads from us over the native transport, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', FULL_SIZE, 'native'),
  seeds('transmission-daemon seeds to our native socket, RC4 required by both', REQUIRED, 2, METHODS[2], undefined, 'native'),
  seeds('transmission-daemon seeds to our native socket, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', undefined, 'native'),
  seeds('transmission-daemon seeds to us over the native transport, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', FULL_SIZE, 'native'),
  seeds('transmission-daemon seeds to us over the native transport, in RC4', REQUIRED, 2, METHODS[2], FULL_SIZE, 'native'),
  seeds('transmission-daemon seeds to us over uTP, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', UTP_SIZE, 'utp'),
  seeds('transmission-daemon seeds to us over uTP, in RC4', REQUIRED, 2, METHODS[2], UTP_SIZE, 'utp'),
  downloads('transmission-daemon downloads from us over uTP, in plaintext', PLAINTEXT_PREFERRED, 0, 'plaintext', UTP_SIZE, 'utp'),
  downloads('transmission-daemon downloads from us over uTP, in RC4', REQUIRED, 2, METHODS[2], UTP_SIZE, 'utp')
]

function seeds (name, encryption, level, expected, size, way = 'tcp') {
  return {
    name,
    command: COMMAND,
    size,
    async run (workspace) {
      const { torrent, bytes } = await workspace.makeTorrent()
      const daemon = await Daemon.start(workspace, { encryption, folder: workspace.shared, address: '127.0.0.1', isUtp: way === 'utp' })
      await daemon.add(bytes)
      await workspace.until(`${COMMAND} to seed`, async () => (await daemon.torrent())?.status === SEEDING)
      const folder = workspace.subfolder(name)
      const from = { torrent, host: '127.0.0.1', port: daemon.port, level, way }
      if (size) return { hash: workspace.hash, ...await downloadAtFullSpeed(from), expected }
      const method = await download({ ...from, folder })
      return { hash: workspace.hashOf(folder), method, expected }
    }
  }
}

function downloads (name, encryption, level, expected, size, way = 'tcp') {
  return {
    name,
    command: COMMAND,
    size,
    // It never dials 127.0.0.0/8.
    needsNamespace: true,
    async run (workspace) {
      const seeder = await Seeder.listen(workspace, level, {}, way)
      const bytes = await seeder.makeTorrent(workspace)
      const folder = workspace.subfolder(name)
      const daemon = await Daemon.start(workspace, { encryption, folder, address: workspace.otherAddress, isUtp: way === 'utp' })
      await daemon.add(bytes)
      await workspace.until(`${COMMAND} to finish`, async () => (await daemon.torrent())?.percentDone === 1)
      const { summary: method, complaints } = seeder
      return { hash: workspace.hashOf(folder), method, expected, complaints }
    }
  }
}

/** A transmission-daemon with a configuration of its own, which is told what to do by RPC. */
class Daemon {
  /**
   * @param {import('./workspace').Workspace} workspace
   * @param {object} options
   * @param {number} options.encryption
   * @param {string} options.folder to download to, or with what it seeds
   * @param {string} options.address for peers
   * @param {boolean} options.isUtp it may use uTP
   */
  static async start (workspace, { encryption, folder, address, isUtp }) {
    const daemon = new Daemon(await freePort(), await freePort(address))
    const home = fs.mkdtempSync(path.join(workspace.folder, 'transmission-'))
    fs.writeFileSync(path.join(home, 'settings.json'), JSON.stringify({
      'bind-address-ipv4': address,
      'blocklist-enabled': false,
      'dht-enabled': false,
      'download-dir': folder,
      encryption,
      'incomplete-dir-enabled': false,
      'lpd-enabled': false,
      'peer-port': daemon.port,
      'peer-port-random-on-start': false,
      'pex-enabled': false,
      'port-forwarding-enabled': false,
      preallocation: 0,
      'rename-partial-files': false,
      'rpc-authentication-required': false,
      'rpc-bind-address': '127.0.0.1',
      'rpc-enabled': true,
      'rpc-host-whitelist-enabled': false,
      'rpc-port': daemon.rpcPort,
      'rpc-whitelist-enabled': false,
      'start-added-torrents': true,
      'utp-enabled': isUtp,
      'watch-dir-enabled': false
    }))
    workspace.start(COMMAND, ['--foreground', '--log-info', '--config-dir', home])
    await workspace.until(`${COMMAND} to answer`, () => workspace.listens(daemon.rpcPort))
    return daemon
  }

  constructor (rpcPort, port) {
    this.rpcPort = rpcPort
    this.port = port
    this.session = ''
  }

  /** @param {Buffer} bytes of a torrent file */
  async add (bytes) {
    await this.call('torrent-add', { metainfo: bytes.toString('base64') })
  }

  /** @returns {Promise<object|undefined>} its one torrent */
  async torrent () {
    const { torrents } = await this.call('torrent-get', { fields: ['status', 'percentDone', 'errorString'] })
    const [torrent] = torrents
    // It has no tracker where it seeds, which is no error.
    if (torrent?.errorString) throw new Error(`${COMMAND}: ${torrent.errorString}`)
    return torrent
  }

  async call (method, args) {
    const body = JSON.stringify({ method, arguments: args })
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${this.rpcPort}/transmission/rpc`, {
        method: 'POST', body, headers: { 'X-Transmission-Session-Id': this.session }
      })
      if (response.status === 409) {
        this.session = response.headers.get('X-Transmission-Session-Id')
        await response.arrayBuffer()
        continue
      }
      const { result, arguments: answer } = await response.json()
      if (result !== 'success') throw new Error(`${COMMAND}: ${method}: ${result}`)
      return answer
    }
  }
}

module.exports = { cases }
