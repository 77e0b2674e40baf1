'use strict'

const { monitorEventLoopDelay, performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const bytes = require('./bytes.js')
const { serve } = require('./child.js')
const { contenders } = require('./contenders.js')
const { Leech, seed } = require('./download.js')

const BLOCKS = 8
const RC4_ONLY = 2
const CONNECT_AT_ONCE = 20
const SETTLE_MS = 500

const blocks = Array.from({ length: BLOCKS }, (_, i) => bytes.block(bytes.BLOCK_LENGTH, i + 1))
const leeches = []

/** `seed`: listens and tells its port; `connect`: makes the wires; `measure`: downloads for a while. */
const handlers = {
  async seed () {
    const [contender] = await contenders([process.argv[2]])
    const server = await seed(contender, RC4_ONLY, blocks)
    return server.address().port
  },

  async connect ({ port, count }) {
    const [contender] = await contenders([process.argv[2]])
    while (leeches.length < count) {
      const batch = Math.min(CONNECT_AT_ONCE, count - leeches.length)
      leeches.push(...await Promise.all(Array.from({ length: batch }, () =>
        Leech.connect(contender, RC4_ONLY, blocks, port))))
    }
    return leeches.length
  },

  async measure ({ ms, depth, thorough }) {
    globalThis.gc()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const idle = new Set(leeches)
    let received = 0
    let over = false
    const downloads = leeches.map(leech => leech.download(depth, () => !over, length => {
      received += length
      idle.delete(leech)
    }, thorough))
    await sleep(SETTLE_MS)
    const before = received
    const start = performance.now()
    delay.enable()
    await sleep(ms)
    delay.disable()
    const speed = (received - before) * 1000 / (performance.now() - start)
    over = true
    await Promise.all(downloads)
    if (idle.size) throw new Error(`${idle.size} of ${leeches.length} wires received nothing`)
    return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, speed }
  }
}

serve(request => handlers[request.do](request))
