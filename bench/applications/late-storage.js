'use strict'

const path = require('node:path')
const { Child } = require('../support/child.js')
const { within } = require('../support/drive.js')
const { makeTorrent } = require('./support/torrent.js')

const CHILD = path.join(__dirname, 'support', 'wire-child.js')
const DEPTH = 6000
const MIB = 256
const PATIENCE = 60000

const ABOUT = 'a seeder that answers each request late, as from a disk or a network, and a peer on ' +
  `bittorrent-protocol 5.0.9 with ${DEPTH} requests of 16 KiB in flight, in a process of its own; ${MIB} MiB ` +
  'over TCP, on a connection that has carried as much before'

/** A seeder whose storage answers late. */
module.exports = [
  { delay: 2, goal: { goal: 0.8 } },
  { delay: 20, goal: { limit: 250e6 } }
].map(workload)

/**
 * @param {{ delay: number, goal: { goal?: number, limit?: number } }} options `delay`: of each answer, in ms
 */
function workload ({ delay, goal }) {
  const connections = new Map()
  let torrent

  return {
    application: true,
    contenders: ['ours', 'upstream'],
    title: 'storage that answers late',
    about: ABOUT,
    metrics: [{ name: `storage that answers ${delay} ms late: speed`, unit: 'B/s', ...goal, key: 'speed' }],

    async prepare (contenders, { mib = MIB }) {
      torrent = await makeTorrent(mib << 20)
    },

    async run (contender, n, first) {
      if (first) connections.set(contender.name, await connect(contender))
      const { seeder, leecher } = connections.get(contender.name)
      await seeder.ask({ do: 'start' })
      const taken = await within(leecher.ask({ do: 'download', depth: DEPTH }), () => 'the download does not end', PATIENCE)
      const given = await seeder.ask({ do: 'stop' })
      return { speed: torrent.length / taken.elapsed, faults: [...given.faults, ...taken.faults] }
    },

    finish () {
      for (const { seeder, leecher } of connections.values()) {
        leecher.close()
        seeder.close()
      }
      connections.clear()
    }
  }

  async function connect ({ name }) {
    const connection = { seeder: new Child(CHILD, [name]), leecher: new Child(CHILD, ['upstream']) }
    const { seeder, leecher } = connection
    const load = { do: 'load', ...torrent }
    await Promise.all([seeder.ask(load), leecher.ask(load)])
    const port = await seeder.ask({ do: 'seed', delay })
    await leecher.ask({ do: 'join', port, secure: 0 })
    return connection
  }
}
