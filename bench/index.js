'use strict'

/**
 * npm run bench -- [--part applications|wires|net|utp] [--filter TEXT] [--contender NAME]… [--rounds N]
 *   [--mib N] [--ms N] [--json] [--out FOLDER]
 *
 * Compares this package with its peers: in applications, wires alone, its native transport with
 * sockets of Node.js, and its uTP with utp-native. `--mib` is how much an application or a connection
 * of uTP transfers, `--ms` how long a run of wires alone lasts. Only a run of everything
 * writes RESULTS.md and ratios.svg.
 */

const fs = require('node:fs')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { parseArgs } = require('node:util')
const { contenders } = require('./support/contenders.js')
const { measure } = require('./harness.js')
const applications = require('./applications/index.js')
const chart = require('./chart.js')
const net = require('./net/index.js')
const report = require('./report.js')
const utp = require('./utp/index.js')
const wires = require('./workloads/index.js')

const PARTS = { applications, wires, net, utp }
const ROUNDS = { applications: 3, wires: 7, net: 3, utp: 3 }

async function main () {
  const { values: options } = parseArgs({
    options: {
      part: { type: 'string' },
      filter: { type: 'string' },
      contender: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      mib: { type: 'string' },
      ms: { type: 'string', default: '200' },
      json: { type: 'boolean', default: false },
      out: { type: 'string' }
    }
  })
  const ms = positive('ms', options.ms)
  const mib = positive('mib', options.mib)
  const own = positive('rounds', options.rounds)
  const rounds = Object.fromEntries(Object.entries(ROUNDS).map(([part, least]) => [part, own ?? least]))
  if (options.part && !PARTS[options.part]) throw new Error(`no part is called ${options.part}: ${Object.keys(PARTS).join(', ')}`)

  const selected = Object.entries(PARTS).filter(([part]) => part === (options.part ?? part)).flatMap(([part, workloads]) =>
    workloads.filter(workload => titles(workload).some(title => title.includes(options.filter ?? ''))).map(workload => ({ part, workload })))
  if (!selected.length) throw new Error(`no row's name contains ${JSON.stringify(options.filter)}`)

  const start = performance.now()
  const everybody = await contenders(options.contender)
  const rows = []
  for (const { part, workload } of selected) {
    if (!options.json) process.stderr.write(`${titles(workload).join(', ')}\n`)
    rows.push(...await measure(workload, everybody, { rounds: rounds[part], ms, mib }))
  }

  if (options.json) console.log(JSON.stringify({ node: process.version, rounds, ms, rows }, null, 2))
  else console.log([report.tables(rows), ...report.failures(rows)].join('\n'))

  const partial = options.part || options.filter || options.contender || mib || Object.keys(ROUNDS).some(part => rounds[part] < ROUNDS[part])
  const out = options.out ?? (process.env.BENCH_OURS ? undefined : __dirname)
  if (!partial && out) {
    const minutes = ((performance.now() - start) / 60000).toFixed(1)
    const ours = everybody.find(({ name }) => name === 'ours').label
    fs.writeFileSync(path.join(out, 'RESULTS.md'), report.page(rows, { rounds, minutes, ours }))
    fs.writeFileSync(path.join(out, 'ratios.svg'), chart(rows))
  }
  if (rows.some(row => Object.keys(row.failures).length)) process.exitCode = 1
}

/** @returns {number | undefined} the value of an option, if it was given */
function positive (name, value) {
  if (value === undefined) return undefined
  if (!(Number(value) >= 1)) throw new Error(`--${name} takes a number of at least 1`)
  return Number(value)
}

/** The titles of a workload's rows. */
function titles ({ metrics, name }) {
  return metrics ? metrics.map(metric => metric.name) : [name]
}

main().then(() => process.exit(), err => {
  console.error(err)
  process.exit(2)
})
