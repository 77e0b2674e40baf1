'use strict'

// `node bench/net/libtorrent.js [--rounds N] [--gib N] [--connections N] [--json]`: seconds of CPU that
// it takes a process to seed a GiB: libtorrent 2.1 (from PyPI, as in interop/libtorrent) and ours on the
// native transport, in turn, to one leecher of ours in a process of its own. Not a part of
// `npm run bench`. Needs Linux, which tells what the threads of a process have used, and /dev/shm.
//
// Python cannot choose how libtorrent stores, so that it seeds a file in /dev/shm: memory, by way of
// the system. We seed once from a Buffer, and once from that same file. Nobody hashes while it is
// measured: libtorrent has checked the file before, and the leecher compares what it gets with the
// file's bytes.

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')

const { Client, ENCRYPTION } = require('../../interop/libtorrent/client')
const { installLibtorrent } = require('../../interop/libtorrent/install')
const { Workspace } = require('../../interop/workspace')
const { median } = require('../harness.js')
const { Child } = require('../support/child.js')

const MEMORY = '/dev/shm'
const FILE_LENGTH = 256 << 20
const GIB = 2 ** 30
/** Downloaded before it is measured, in bytes: code is compiled, the file mapped. */
const WARM_UP = 256 << 20

const CHILD = path.join(__dirname, 'libtorrent-child.js')

/** Several leechers on one address are one to libtorrent, and it serves 8 at a time, by default. */
const SETTINGS = { allow_multiple_connections_per_ip: true, unchoke_slots_limit: -1 }

/** Who seeds. Each gives the process's id and the port. */
const SEEDERS = {
  async libtorrent ({ workspace, bytes, isEncrypted }) {
    const client = await Client.start(workspace, { ...SETTINGS, ...isEncrypted ? ENCRYPTION.required : ENCRYPTION.none })
    await client.seed(workspace.shared, bytes)
    return { pid: client.pid, port: client.port }
  },
  'ours, from a Buffer': options => startOurs(options, 'memory'),
  'ours, from the file': options => startOurs(options, 'file')
}

async function startOurs ({ workspace, torrent, isEncrypted }, from) {
  const child = new Child(CHILD, [])
  workspace.defer(() => child.close())
  const port = await child.ask({ do: 'seed', from, file: workspace.file, torrent, isEncrypted })
  return { pid: child.process.pid, port }
}

/** @returns {number} seconds that all threads of a process have run, of those that it has now */
function cpuOf (pid) {
  const folder = `/proc/${pid}/task`
  const nanoseconds = fs.readdirSync(folder).map(task => Number(fs.readFileSync(`${folder}/${task}/schedstat`, 'utf8').split(' ')[0]))
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9
}

/** One seeder, one leecher: seconds of CPU a GiB of the seeder, and bytes a second. */
async function run (name, isEncrypted, { gib, connections }) {
  const workspace = new Workspace({ size: FILE_LENGTH })
  try {
    const { torrent, bytes } = await workspace.makeTorrent()
    const { pid, port } = await SEEDERS[name]({ workspace, torrent, bytes, isEncrypted })
    const leecher = new Child(CHILD, [])
    workspace.defer(() => leecher.close())
    await leecher.ask({ do: 'connect', port, file: workspace.file, torrent, isEncrypted, connections })
    await leecher.ask({ do: 'download', length: WARM_UP })
    const before = cpuOf(pid)
    const seconds = await leecher.ask({ do: 'download', length: gib * GIB })
    return { cpu: (cpuOf(pid) - before) / gib, speed: gib * GIB / seconds }
  } finally {
    await workspace.remove()
  }
}

/** The rows of one way: each seeder's medians, and the median of its ratios to libtorrent, round by round. */
function summarize (rounds) {
  return Object.keys(SEEDERS).map(name => ({
    name,
    cpu: median(rounds.map(round => round[name].cpu)),
    speed: median(rounds.map(round => round[name].speed)),
    ratio: median(rounds.map(round => round[name].cpu / round.libtorrent.cpu))
  }))
}

function positive (name, text) {
  const number = Number(text)
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name} wants a whole number above 0, not ${text}`)
  return number
}

async function main () {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      gib: { type: 'string', default: '1' },
      connections: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false }
    }
  })
  const options = { gib: positive('gib', values.gib), connections: positive('connections', values.connections) }
  const count = positive('rounds', values.rounds)
  if (!fs.existsSync(MEMORY)) throw new Error(`there is no ${MEMORY}`)
  process.env.TMPDIR = MEMORY
  const missing = await installLibtorrent(line => console.error(line))
  if (missing !== null) throw new Error(`libtorrent: ${missing}`)

  const results = {}
  for (const way of ['plain', 'RC4']) {
    const rounds = []
    for (let i = 0; i < count; i++) {
      const round = {}
      // Each begins in turn.
      const names = Object.keys(SEEDERS)
      for (const name of [...names.slice(i % names.length), ...names.slice(0, i % names.length)]) {
        round[name] = await run(name, way === 'RC4', options)
        if (!values.json) console.error(`${way}, round ${i + 1}, ${name}: ${describe(round[name])}`)
      }
      rounds.push(round)
    }
    results[way] = { rounds, summary: summarize(rounds) }
  }
  if (values.json) return console.log(JSON.stringify({ node: process.version, ...options, results }, null, 2))
  for (const [way, { summary }] of Object.entries(results)) {
    for (const row of summary) console.log(`${way}, ${row.name}: ${describe(row)}, ${row.ratio.toFixed(2)} of libtorrent's CPU`)
  }
}

function describe ({ cpu, speed }) {
  return `${cpu.toFixed(3)} s a GiB, ${(speed / 1e9).toFixed(2)} GB/s`
}

main().catch(error => {
  console.error(error.message)
  process.exitCode = 1
})
