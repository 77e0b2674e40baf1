'use strict'

const { Child } = require('../support/child.js')
const { within } = require('../support/drive.js')
const webtorrent = require('./webtorrent.js')

const MS = 1500
const DEPTH = 128
const CHILD = 'net-child.js'

/** This package's wires piped to sockets of Node.js: who the native transport is compared with. */
const PIPES = { name: 'pipes', label: 'this package, piped to sockets of Node.js', encrypts: true }

/**
 * Downloads over 127.0.0.1 by the native transport and by piped sockets.
 * @param {object} options
 * @param {string} options.name
 * @param {number} options.connections
 * @param {boolean=} options.encrypted RC4
 * @param {boolean=} options.elsewhere the peer, which is piped, is in a process of its own
 * @param {number=} options.depth requests in flight
 * @param {string=} options.baseline who it is compared with
 * @param {Record<string, object>} options.goals of the metrics: `speed`, `main`, `cpu`, `p99`, `roundTrip`
 */
function workload ({ name, connections, encrypted = false, elsewhere = false, depth = DEPTH, baseline = 'pipes', goals }) {
  const METRICS = {
    speed: { name, unit: 'B/s' },
    main: { name: `${name}: main thread a GiB`, unit: 's', better: 'less' },
    cpu: { name: `${name}: CPU of all threads a GiB`, unit: 's', better: 'less' },
    p99: { name: `${name}: event-loop delay, p99`, unit: 'ms', better: 'less' },
    roundTrip: { name: `${name}: a request's round trip`, unit: 'µs', better: 'less' }
  }
  const peEnabled = encrypted ? 2 : 0

  return {
    baseline,
    title: name,
    contenders: baseline === 'pipes' ? ['ours'] : ['ours', baseline],
    extras: baseline === 'pipes' ? [PIPES] : [],
    fresh: true,
    about: `${connections} ${encrypted ? 'RC4 ' : ''}connection${connections > 1 ? 's' : ''}, ${depth} request${depth > 1 ? 's' : ''} of 16 KiB in flight on each, ` +
      (elsewhere ? 'this end in one process, the peer, on piped sockets of Node.js, in another' : 'both ends in one process') + `, for ${MS} ms`,
    metrics: Object.entries(goals).map(([key, goal]) => ({ key, ...METRICS[key], charted: key === 'speed', ...goal })),

    async run ({ name }) {
      const leech = new Child(CHILD, [])
      const seeder = elsewhere ? new Child(CHILD, []) : leech
      try {
        const port = await seeder.ask({ do: 'seed', name: elsewhere ? 'pipes' : name, peEnabled })
        await within(leech.ask({ do: 'connect', name, peEnabled, port, count: connections }), () => 'not all wires connected')
        await within(leech.ask({ do: 'verify' }), () => 'the first blocks do not come')
        return await within(leech.ask({ do: 'measure', ms: MS, depth }), () => 'downloads do not end')
      } finally {
        leech.close()
        seeder.close()
      }
    }
  }
}

const PLAIN = { main: { goal: 0.4 }, cpu: { goal: 1.2 } }
const RC4 = { main: { goal: 0.2 }, cpu: { goal: 1.2 } }
const P99 = { p99: { goal: 0.3 } }

/** The rows of the native transport. */
module.exports = [
  workload({ name: 'transport, both ends: 1 connection', connections: 1, goals: { speed: { goal: 1.4 }, ...PLAIN } }),
  workload({ name: 'transport, both ends: 16 connections', connections: 16, goals: { speed: { goal: 1.6 }, ...PLAIN, ...P99 } }),
  workload({ name: 'transport, both ends: 200 connections', connections: 200, depth: 16, goals: { speed: { goal: 1.8 }, ...PLAIN, ...P99 } }),
  workload({ name: 'transport, both ends, RC4: 1 connection', connections: 1, encrypted: true, goals: { speed: { goal: 1.3 }, ...RC4 } }),
  workload({ name: 'transport, both ends, RC4: 16 connections', connections: 16, encrypted: true, goals: { speed: { goal: 1.7 }, ...RC4, ...P99 } }),
  workload({ name: 'transport, peer elsewhere: 1 connection', connections: 1, elsewhere: true, goals: { speed: { goal: 0.9 }, ...PLAIN } }),
  workload({ name: 'transport, peer elsewhere: 16 connections', connections: 16, elsewhere: true, goals: { speed: { goal: 1.4 }, ...PLAIN, ...P99 } }),
  workload({ name: 'transport, peer elsewhere, RC4: 16 connections', connections: 16, encrypted: true, elsewhere: true, goals: { speed: { goal: 1 }, ...RC4, ...P99 } }),
  workload({ name: 'transport, peer elsewhere: depth 1', connections: 1, depth: 1, elsewhere: true, goals: { roundTrip: { goal: 1.1 } } }),
  workload({
    name: 'transport, 200 RC4 downloads against 5.0.9 on sockets of Node.js',
    connections: 200,
    depth: 2,
    encrypted: true,
    elsewhere: true,
    baseline: 'upstream',
    goals: { speed: { goal: 5 }, p99: { goal: 0.15 } }
  }),
  ...webtorrent
]
