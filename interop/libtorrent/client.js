'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { createInterface } = require('node:readline')

const { PYTHON } = require('./install')

const DRIVER = path.join(__dirname, 'driver.py')

/** What `encryption` of a client means in its settings: `pe_settings` of libtorrent. */
const ENCRYPTION = {
  /** Everybody has to speak RC4. */
  required: { out_enc_policy: 0, in_enc_policy: 0, allowed_enc_level: 2 },
  /** The crypto handshake, and plaintext after it. */
  plaintext: { out_enc_policy: 0, in_enc_policy: 0, allowed_enc_level: 1 },
  /** None. */
  none: { out_enc_policy: 2, in_enc_policy: 2 }
}

/** Settings for uTP and nothing else, both ways. */
const UTP_ONLY = { enable_incoming_tcp: false, enable_outgoing_tcp: false, enable_incoming_utp: true, enable_outgoing_utp: true }

/** A libtorrent with one torrent, in a process of its own: see driver.py. */
class Client {
  /**
   * @param {import('../workspace').Workspace} workspace
   * @param {object=} settings of libtorrent
   */
  static async start (workspace, settings = {}) {
    const client = new Client(workspace, settings)
    client.port = (await client.call('port')).port
    return client
  }

  constructor (workspace, settings) {
    this.workspace = workspace
    /** Where it listens. */
    this.port = 0
    const { child } = workspace.start(PYTHON, ['-W', 'ignore', DRIVER, JSON.stringify(settings)])
    this.pid = child.pid
    this.input = child.stdin
    this.input.on('error', () => {}) // the calls that wait fail
    /** Those who wait for an answer, in order. */
    this.waiting = []
    createInterface({ input: child.stdout })
      .on('line', line => this.waiting.shift()?.resolve(JSON.parse(line)))
      .on('close', () => {
        for (const { reject } of this.waiting.splice(0)) reject(new Error('libtorrent has ended'))
      })
  }

  /**
   * Runs a command of driver.py.
   * @param {string} op
   * @param {object=} args
   * @returns {Promise<object>}
   */
  async call (op, args) {
    const answer = await new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.input.write(JSON.stringify({ op, ...args }) + '\n')
    })
    if (answer.error) throw new Error(`libtorrent: ${op}: ${answer.error}`)
    return answer
  }

  /** @returns {Promise<Buffer>} the torrent file of a file, for BitTorrent `v1`, `v2` or `hybrid` */
  async make (file, version, pieceLength) {
    const into = this.#newFile()
    await this.call('make', { path: file, version, piece_length: pieceLength, into })
    return fs.readFileSync(into)
  }

  /** Has it seed what is in a folder. */
  async seed (folder, torrent) {
    await this.download(folder, torrent)
    await this.until('it to seed', ({ state }) => state === 'seeding')
  }

  /** Has it download to a folder: given a torrent file, or a magnet link. */
  async download (folder, torrent) {
    if (typeof torrent === 'string') {
      await this.call('add', { folder, magnet: torrent })
    } else {
      const file = this.#newFile()
      fs.writeFileSync(file, torrent)
      await this.call('add', { folder, torrent: file })
    }
    // Before it has checked its files it takes no connections.
    await this.until('it to be ready', ({ state }) => !state.startsWith('checking'))
  }

  /** Waits until it has the whole file, on the disk. @returns {Promise<object>} its status */
  async finished () {
    const status = await this.until('it to finish', ({ progress }) => progress === 1)
    await this.call('flush')
    return status
  }

  #newFile () {
    return path.join(fs.mkdtempSync(path.join(this.workspace.folder, 'torrent-')), 'file.torrent')
  }

  /** Has it connect to 127.0.0.1. */
  async connect (port) {
    await this.call('connect', { host: this.workspace.address, port })
  }

  /** Waits until its status is as it should be. @returns {Promise<object>} the status */
  async until (what, isReached) {
    let status
    await this.workspace.until(what, async () => {
      status = await this.call('status')
      if (status.error) throw new Error(`libtorrent: ${status.error}`)
      return isReached(status)
    })
    return status
  }
}

module.exports = { Client, ENCRYPTION, UTP_ONLY }
