'use strict'

/**
 * npm run bench -- [--filter TEXT] [--contender NAME]… [--rounds N] [--ms N] [--json] [--out FOLDER]
 *
 * Compares this package with its peers. Only a run of everything writes RESULTS.md and ratios.svg.
 */

const fs = require('node:fs')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { parseArgs } = require('node:util')
const { contenders } = require('./support/contenders.js')
const { measure } = require('./harness.js')
const chart = require('./chart.js')
const report = require('./report.js')
const workloads = require('./workloads/index.js')

const MIN_ROUNDS = 7

async function main () {
  const { values: options } = parseArgs({
    options: {
      filter: { type: 'string' },
      contender: { type: 'string', multiple: true },
      rounds: { type: 'string', default: String(MIN_ROUNDS) },
      ms: { type: 'string', default: '200' },
      json: { type: 'boolean', default: false },
      out: { type: 'string' }
    }
  })
  const rounds = Number(options.rounds)
  const ms = Number(options.ms)
  if (!(rounds >= 1) || !(ms > 0)) throw new Error('--rounds and --ms take positive numbers')

  const selected = workloads.filter(workload => !options.filter || titles(workload).some(title => title.includes(options.filter)))
  if (!selected.length) throw new Error(`no row's name contains ${JSON.stringify(options.filter)}`)

  const start = performance.now()
  const everybody = await contenders(options.contender)
  const rows = []
  for (const workload of selected) {
    if (!options.json) process.stderr.write(`${titles(workload).join(', ')}\n`)
    rows.push(...await measure(workload, everybody, { rounds, ms }))
  }

  if (options.json) console.log(JSON.stringify({ node: process.version, rounds, ms, rows }, null, 2))
  else console.log([report.table(rows), ...report.failures(rows)].join('\n'))

  const whole = !options.filter && !options.contender && rounds >= MIN_ROUNDS
  const out = options.out ?? (process.env.BENCH_OURS ? undefined : __dirname)
  if (whole && out) {
    const minutes = ((performance.now() - start) / 60000).toFixed(1)
    const ours = everybody.find(({ name }) => name === 'ours').label
    fs.writeFileSync(path.join(out, 'RESULTS.md'), report.page(rows, { rounds, minutes, ours }))
    fs.writeFileSync(path.join(out, 'ratios.svg'), chart(rows))
  }
  if (rows.some(row => Object.keys(row.failures).length)) process.exitCode = 1
}

/** The titles of a workload's rows. */
function titles ({ metrics, name }) {
  return metrics ? metrics.map(metric => metric.name) : [name]
}

main().then(() => process.exit(), err => {
  console.error(err)
  process.exit(2)
})
