'use strict'

const { Child } = require('../support/child.js')
const { within } = require('../support/drive.js')

const WIRES = 200
const DEPTH = 2
const MS = 2500

const children = new Map()

module.exports = {
  metrics: [
    { name: 'event-loop delay, 200 RC4 downloads: p99', unit: 'ms', better: 'less', goal: 1, strict: true, key: 'p99' },
    { name: '200 RC4 downloads: throughput', unit: 'B/s', key: 'speed' }
  ],
  encrypted: true,
  about: `${WIRES} connected wires of one process download as fast as they can from a second process, ${DEPTH} requests of 16 KiB in flight each, for ${MS} ms`,

  /** Two processes each, connected once, that wait while others measure. */
  async prepare (contenders) {
    for (const { name } of contenders) {
      children.set(name, { seed: new Child('loop-delay-child.js', [name]), leech: new Child('loop-delay-child.js', [name]) })
    }
  },

  async run ({ name }, n, thorough) {
    const { seed, leech } = children.get(name)
    if (thorough) {
      const port = await seed.ask({ do: 'seed' })
      await within(leech.ask({ do: 'connect', port, count: WIRES }), () => 'not all wires connected')
    }
    return within(leech.ask({ do: 'measure', ms: MS, depth: DEPTH, thorough }), () => 'downloads do not end')
  },

  finish () {
    for (const { seed, leech } of children.values()) {
      leech.close()
      seed.close()
    }
    children.clear()
  }
}
