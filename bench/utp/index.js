'use strict'

const { createRequire } = require('node:module')
const path = require('node:path')
const { install } = require('../../__test__/world/webtorrent/install.js')
const { openRelay } = require('../../__test__/utp/support/relay.js')
const { Child } = require('../support/child.js')

const CHILD = path.join(__dirname, 'child.js')
const OURS = path.join(__dirname, '../../utp.js')
const THEIRS = { name: 'utp-native', label: 'utp-native 2.5.3', encrypts: true }

/**
 * The young generation grows with the garbage of opening connections, by more than what they keep: it
 * is kept small, for everybody.
 */
const SMALL_NURSERY = '--max-semi-space-size=1'

/** The file of a contender. */
async function fileOf (name) {
  return name === THEIRS.name ? createRequire(await install()).resolve('utp-native') : OURS
}

/** Its prebuilt binary loads there; nothing is compiled here. */
function skip () {
  const isThere = process.platform === 'linux' && process.arch === 'x64' && process.report.getReport().header.glibcVersionRuntime
  return isThere ? null : 'utp-native has no binary for this system'
}

/**
 * Bytes one way between two processes.
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.way in words
 * @param {number} options.mib in all
 * @param {number=} options.connections
 * @param {{ delay: number, loss?: number }=} options.relay as of `openRelay`
 * @param {Record<string, object>} options.goals of the metrics: `speed`, `cpu`, `silence`
 */
function transfer ({ name, way, mib, connections = 1, relay, goals }) {
  const METRICS = {
    speed: { name, unit: 'B/s' },
    cpu: { name: `${name}: CPU of both ends a GiB`, unit: 's', better: 'less' },
    silence: { name: `${name}: longest silence`, unit: 'ms', better: 'less' }
  }
  let amount = mib

  return {
    baseline: THEIRS.name,
    title: name,
    contenders: ['ours'],
    extras: [THEIRS],
    fresh: true,
    about: `${connections} connection${connections > 1 ? 's' : ''} of uTP between two processes, ${mib} MiB one way in all, ${way}; every byte is checked`,
    metrics: Object.entries(goals).map(([key, goal]) => ({ key, ...METRICS[key], charted: key === 'speed', ...goal })),
    skip,

    async prepare (contenders, options) {
      amount = options.mib ?? mib
    },

    async run ({ name }) {
      const file = await fileOf(name)
      const [receiver, sender] = [new Child(CHILD, [file]), new Child(CHILD, [file])]
      let bad
      try {
        const port = await receiver.ask({ do: 'receive', connections })
        bad = relay && await openRelay(port, { seed: 1, ...relay })
        const bytes = Math.ceil(amount * (1 << 20) / connections)
        const sent = sender.ask({ do: 'send', port: bad?.port ?? port, connections, bytes })
        const received = await Promise.race([receiver.ask({ do: 'received' }), sent.then(() => new Promise(() => {}))])
        if (received.bytes !== bytes * connections) throw new Error(`${received.bytes} of ${bytes * connections} bytes`)
        const cpu = received.cpu + await sent
        return { speed: received.bytes / received.seconds, cpu: cpu / received.bytes * 2 ** 30, silence: received.longestSilence }
      } finally {
        receiver.close()
        sender.close()
        await bad?.close()
      }
    }
  }
}

/** What an idle connection keeps in memory. */
function idle ({ name, bytes, goal }) {
  const CONNECTIONS = 500
  return {
    baseline: THEIRS.name,
    contenders: ['ours'],
    extras: [THEIRS],
    fresh: true,
    name,
    unit: 'B',
    better: 'less',
    charted: false,
    goal,
    about: `${CONNECTIONS} connections of uTP within one process, ${bytes} bytes each way over each: what one end of one more keeps resident`,
    skip,

    async run ({ name }) {
      const child = new Child(CHILD, [await fileOf(name)], { flags: [SMALL_NURSERY] })
      try {
        return { value: await child.ask({ do: 'idle', connections: CONNECTIONS, bytes }) }
      } finally {
        child.close()
      }
    }
  }
}

/** The rows of uTP, beside utp-native. */
module.exports = [
  transfer({ name: 'uTP, 1 connection', way: 'on this machine', mib: 64, goals: { speed: { goal: 1 }, cpu: { goal: 1 } } }),
  transfer({ name: 'uTP, 200 connections', way: 'on this machine', mib: 64, connections: 200, goals: { speed: { goal: 1 }, cpu: { goal: 1 } } }),
  transfer({ name: 'uTP, 50 ms', way: 'over a relay of 25 ms each way', mib: 16, relay: { delay: 25 }, goals: { speed: { goal: 1 } } }),
  transfer({
    name: 'uTP, 50 ms, 1 % lost',
    way: 'over a relay of 25 ms each way that loses 1 % of the packets',
    mib: 4,
    relay: { delay: 25, loss: 0.01 },
    goals: { speed: { goal: 1 }, silence: {} }
  }),
  idle({ name: 'uTP, memory of an idle connection, hardly used', bytes: 5, goal: 0.3 }),
  idle({ name: 'uTP, memory of an idle connection, after 256 KiB', bytes: 256 * 1024, goal: 0.3 })
]
