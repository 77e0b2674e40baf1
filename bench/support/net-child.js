'use strict'

const { once } = require('node:events')
const { monitorEventLoopDelay, performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')

const Wire = require('../../index.js')
const native = require('../../net.js')
const bytes = require('./bytes.js')
const { serve } = require('./child.js')
const { contenders } = require('./contenders.js')
const { Leech, seed } = require('./download.js')
const { mainThread } = require('./main-thread.js')

const BLOCKS = 8
const SETTLE_MS = 200
const CONNECT_AT_ONCE = 20

const blocks = Array.from({ length: BLOCKS }, (_, i) => bytes.block(bytes.BLOCK_LENGTH, i + 1))
const leeches = []

/** How each contender opens connections: over the transport, or sockets of Node.js that are piped. */
const KINDS = {
  ours: {
    async seed (peEnabled) {
      const server = native.listen({ host: '127.0.0.1', encryption: terms(peEnabled), infoHashes: [bytes.INFO_HASH], peerId: bytes.PEER_ID }, wire => {
        wire.on('error', () => {})
        wire.once('handshake', () => wire.unchoke())
        wire.on('request', (index, offset, length, respond) => respond(null, blocks[index % blocks.length]))
      })
      await once(server, 'listening')
      return server
    },
    async connect (peEnabled, port) {
      const wire = native.connect({
        host: '127.0.0.1', port, encryption: terms(peEnabled), infoHash: bytes.INFO_HASH, peerId: bytes.PEER_ID
      })
      await once(wire, 'unchoke')
      if (peEnabled && wire._encryptionMethod !== 2) throw new Error('the wire is not encrypted')
      return new Leech(wire, wire, blocks)
    }
  },
  pipes: pipes({ make: (type, peEnabled) => new Wire(type, peEnabled) })
}

function terms (peEnabled) {
  return peEnabled ? 'require' : 'none'
}

/** Wires of a contender on sockets of Node.js, which send at once what they have. */
function pipes (contender) {
  return {
    async seed (peEnabled) {
      const server = await seed(contender, peEnabled, blocks)
      server.on('connection', socket => socket.setNoDelay(true))
      return server
    },
    async connect (peEnabled, port) {
      const leech = await Leech.connect(contender, peEnabled, blocks, port)
      leech.socket.setNoDelay?.(true)
      return leech
    }
  }
}

async function kind (name) {
  return KINDS[name] ?? pipes((await contenders([name]))[0])
}

/** `seed`: listens and tells its port; `connect`: makes wires to a port; `measure`: downloads. */
const handlers = {
  async seed ({ name, peEnabled }) {
    const server = await (await kind(name)).seed(peEnabled)
    return server.address().port
  },

  async connect ({ name, peEnabled, port, count }) {
    const { connect } = await kind(name)
    while (leeches.length < count) {
      const batch = Math.min(CONNECT_AT_ONCE, count - leeches.length)
      leeches.push(...await Promise.all(Array.from({ length: batch }, () => connect(peEnabled, port))))
    }
  },

  /** Of what passes between `SETTLE_MS` and the end: speed, seconds of CPU a GiB, the loop's delay in ms. */
  async measure ({ ms, depth }) {
    globalThis.gc()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const idle = new Set(leeches)
    let received = 0
    let blocksReceived = 0
    let isOver = false
    const downloads = leeches.map(leech => leech.download(depth, () => !isOver, length => {
      received += length
      blocksReceived++
      idle.delete(leech)
    }, false))
    await sleep(SETTLE_MS)
    const before = { received, blocksReceived, time: performance.now(), cpu: process.cpuUsage(), main: mainThread() }
    delay.enable()
    await sleep(ms)
    delay.disable()
    const { user, system } = process.cpuUsage(before.cpu)
    const seconds = (performance.now() - before.time) / 1000
    const gib = (received - before.received) / 2 ** 30
    const result = {
      speed: (received - before.received) / seconds,
      main: (mainThread() - before.main) / gib,
      cpu: (user + system) / 1e6 / gib,
      p99: delay.percentile(99) / 1e6,
      roundTrip: seconds * 1e6 / (blocksReceived - before.blocksReceived)
    }
    isOver = true
    await Promise.all(downloads)
    if (idle.size) throw new Error(`${idle.size} of ${leeches.length} wires received nothing`)
    return result
  },

  /** Every byte of some blocks on each wire. */
  async verify () {
    await Promise.all(leeches.map(leech => {
      let asked = 0
      return leech.download(16, () => asked++ < 64, () => {}, true)
    }))
  }
}

serve(request => handlers[request.do](request))
