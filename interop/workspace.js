'use strict'

const { spawn } = require('node:child_process')
const { createCipheriv, createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const { bencodeDecode } = require('../binding.js')
const { createTorrent, parseTorrent } = require('../examples/demo/torrent')
const { encode } = require('../lib/bencode')

/** Bytes to share, unless a case says otherwise. */
const SIZE = 16 << 20
/** Bytes to share where it is about full speed. */
const FULL_SIZE = Number(process.env.INTEROP_MIB || 128) << 20
/** The same over uTP, which is slower: libutp above all. */
const UTP_SIZE = Number(process.env.INTEROP_MIB || 32) << 20
/** The file is made, and hashed, so many bytes at a time. */
const CHUNK = 8 << 20
/** How long a process may take to end by itself, in milliseconds. */
const GRACE = 5000
/** How long to wait before a client is asked again, in milliseconds. */
const POLL_INTERVAL = 100
/** Characters of a client's output that a failure shows. */
const LAST_OUTPUT = 2000

/** What a case makes and has to remove: a folder with a file to share, and processes. */
class Workspace {
  /**
   * @param {object} [options]
   * @param {number} [options.size] of the file, in bytes; 16 MiB
   * @param {string} [options.address] of this side: the tracker and our seeder listen there
   * @param {string} [options.otherAddress] of the clients
   */
  constructor ({ size = SIZE, address = '127.0.0.1', otherAddress = address } = {}) {
    this.size = size
    this.address = address
    this.otherAddress = otherAddress
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-'))
    /** Has the file to share, and nothing else. */
    this.shared = this.subfolder('shared')
    this.file = path.join(this.shared, 'interop.bin')
    makeFile(this.file, size)
    this.hash = this.hashOf(this.shared)
    /** Undone last first. */
    this.closers = []
    this.isOver = false
    /** Gives the last that the client wrote. */
    this.output = () => ''
  }

  subfolder (name) {
    const folder = path.join(this.folder, name)
    fs.mkdirSync(folder, { recursive: true })
    return folder
  }

  /**
   * @param {string=} announce the tracker's URL
   * @returns {Promise<{ torrent: import('../examples/demo/torrent').Torrent, bytes: Buffer }>}
   */
  async makeTorrent (announce) {
    const made = bencodeDecode(await createTorrent(this.file, this.size, () => {}), 1 << 16)
    // Without peers of any other source.
    const bytes = encode({ ...made, info: { ...made.info, private: 1 }, ...(announce && { announce }) })
    return { torrent: parseTorrent(bytes, bytes => bencodeDecode(bytes, 1 << 16)), bytes }
  }

  /** @returns {string} the SHA-1 of the file as a client has it in `folder` */
  hashOf (folder) {
    const fd = fs.openSync(path.join(folder, path.basename(this.file)), 'r')
    const hash = createHash('sha1')
    const chunk = Buffer.allocUnsafe(CHUNK)
    for (let read; (read = fs.readSync(fd, chunk)) > 0;) hash.update(chunk.subarray(0, read))
    fs.closeSync(fd)
    return hash.digest('hex')
  }

  /** Sees to it that `close` is run at the end. */
  defer (close) {
    if (this.isOver) close()
    else this.closers.push(close)
  }

  /**
   * Starts a client, which is ended with it. Its standard input stays open until then.
   *
   * @param {string} command
   * @param {string[]} args
   * @returns {{ child: import('node:child_process').ChildProcess, exited: Promise<void> }} `exited`
   *   fails for any status but 0
   */
  start (command, args) {
    if (this.isOver) throw new Error('the case is over')
    const env = { ...process.env, HOME: this.folder, LC_ALL: 'C' }
    for (const name of Object.keys(env)) if (/_proxy$/i.test(name)) delete env[name]
    const child = spawn(command, args, { cwd: this.folder, env, stdio: 'pipe' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', text => { output = (output + text).slice(-LAST_OUTPUT) })
    }
    const exit = once(child, 'close')
    const exited = exit.then(([code, signal]) => {
      if (code !== 0) throw new Error(`${command} ended with ${signal ?? `status ${code}`}`)
    })
    exited.catch(() => {})
    this.defer(async () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE)
      await exit
      clearTimeout(timer)
    })
    this.output = () => output
    this.exited = exited
    return { child, exited }
  }

  /** Asks again and again until `isReached` says so; fails when the client ends before. */
  async until (what, isReached) {
    let failure = null
    this.exited.then(
      () => { failure = new Error(`the client ended while it was waited for ${what}`) },
      error => { failure = error }
    )
    while (!await isReached()) {
      if (failure) throw failure
      if (this.isOver) throw new Error('the case is over')
      await new Promise(resolve => setTimeout(resolve, POLL_INTERVAL))
    }
  }

  /** @returns {Promise<boolean>} whether a client listens on a port of 127.0.0.1 */
  listens (port) {
    return new Promise(resolve => {
      const socket = net.connect(port, '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
  }

  /** Ends what was started, and removes what was made. */
  async remove () {
    this.isOver = true
    for (const close of this.closers.splice(0).reverse()) await close()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Makes a file of `length` bytes, without a pattern and always the same. */
function makeFile (file, length) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  const fd = fs.openSync(file, 'w')
  for (let at = 0; at < length; at += CHUNK) fs.writeSync(fd, cipher.update(Buffer.alloc(Math.min(CHUNK, length - at))))
  fs.closeSync(fd)
}

/** @returns {Promise<number>} a TCP port that was free a moment ago */
async function freePort (address = '127.0.0.1') {
  const server = net.createServer().listen(0, address)
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { FULL_SIZE, UTP_SIZE, Workspace, freePort }
