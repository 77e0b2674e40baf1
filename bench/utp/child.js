'use strict'

/** One end, or both, of the connections of bench/utp: `child.js MODULE`, then requests. */

const { once } = require('node:events')
const { createHash } = require('node:crypto')
const { serve } = require('../support/child.js')

const utp = require(process.argv[2])

const CHUNK_LENGTH = 65536

/** What is sent again and again: no two places of a chunk are alike. */
const chunk = Buffer.alloc(CHUNK_LENGTH)
for (let at = 0; at < CHUNK_LENGTH; at += 4) chunk.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at)

/** What is received: the bytes of each connection, held against what was sent. */
let receiving = null

class Receiving {
  constructor (connections) {
    this.left = connections
    this.bytes = 0
    this.longestSilence = 0
    this.since = this.cpu = this.last = undefined
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  take (connection) {
    this.since ??= this.last = performance.now()
    this.cpu ??= process.cpuUsage()
    const hash = createHash('sha1')
    let length = 0
    connection.on('error', this.reject)
    connection.on('data', bytes => {
      hash.update(bytes)
      length += bytes.length
      this.longestSilence = Math.max(this.longestSilence, performance.now() - this.last)
      this.last = performance.now()
    })
    connection.on('end', () => {
      connection.end()
      if (hash.digest('hex') !== hashOf(length)) return this.reject(new Error('other bytes'))
      this.bytes += length
      if (--this.left > 0) return
      const { bytes, longestSilence } = this
      this.resolve({ bytes, longestSilence, seconds: (performance.now() - this.since) / 1000, cpu: seconds(this.cpu) })
    })
  }
}

const hashes = new Map()

/** The hash of so many bytes of what is sent. */
function hashOf (length) {
  if (!hashes.has(length)) {
    const hash = createHash('sha1')
    for (let left = length; left > 0; left -= CHUNK_LENGTH) hash.update(chunk.subarray(0, Math.min(left, CHUNK_LENGTH)))
    hashes.set(length, hash.digest('hex'))
  }
  return hashes.get(length)
}

const requests = {
  /** Listens, and gives the port. */
  async receive ({ connections, host = '127.0.0.1' }) {
    receiving = new Receiving(connections)
    const server = utp.createServer(connection => receiving.take(connection))
    server.listen(0, host)
    await once(server, 'listening')
    return server.address().port
  },

  /** Bytes, seconds from the first connection to the last byte, seconds of CPU, milliseconds of the longest silence. */
  received () {
    return receiving.done
  },

  /** Sends so many bytes over each of some connections; gives seconds of CPU. */
  async send ({ port, connections, bytes, host = '127.0.0.1' }) {
    const cpu = process.cpuUsage()
    const clients = utp()
    await Promise.all(Array.from({ length: connections }, async () => {
      const connection = clients.connect(port, host)
      connection.on('error', error => { throw error })
      for (let left = bytes; left > 0; left -= CHUNK_LENGTH) {
        if (!connection.write(chunk.subarray(0, Math.min(left, CHUNK_LENGTH)))) await once(connection, 'drain')
      }
      connection.end()
      await once(connection.resume(), 'end')
    }))
    return seconds(cpu)
  },

  /** Bytes of memory that one end of a connection keeps that is idle, after so many bytes each way. */
  async idle ({ connections, bytes }) {
    const server = utp.createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const clients = utp()
    const sent = Buffer.alloc(bytes)
    const open = async count => {
      for (let opened = 0; opened < count; opened++) {
        const accepted = once(server, 'connection')
        const connection = clients.connect(server.address().port, '127.0.0.1')
        connection.write(sent)
        const [peer] = await accepted
        await arrived(peer, bytes)
        peer.write(sent)
        await arrived(connection, bytes)
      }
    }
    // What the process keeps for any number of connections is there after the first ones.
    await open(connections)
    const before = await memory()
    await open(connections)
    return (await memory() - before) / connections / 2
  }
}

function arrived (connection, bytes) {
  let left = bytes
  return new Promise(resolve => connection.on('data', chunk => {
    left -= chunk.length
    if (left === 0) resolve()
  }))
}

async function memory () {
  for (let i = 0; i < 3; i++) {
    global.gc()
    await new Promise(resolve => setImmediate(resolve))
  }
  return process.memoryUsage.rss()
}

function seconds (since) {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

serve(request => requests[request.do](request))
