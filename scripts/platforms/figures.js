'use strict'

// Runs in the runtime itself, and prints a line of JSON: its version, and this package's figures in
// three rows of the benches.

const { measure } = require('../../bench/harness')
const { contenders } = require('../../bench/support/contenders')

/** Files of bench/workloads, and how each is called in the table. */
const ROWS = [
  { file: 'pieces-64k', title: 'pieces in' },
  { file: 'tcp-rc4', title: 'TCP, RC4' },
  { file: 'mse-pairs', title: 'MSE handshakes' }
]

const OPTIONS = { rounds: 3, ms: 200 }

async function main () {
  const ours = await contenders(['ours'])
  const figures = []
  for (const { file } of ROWS) {
    const [{ unit, medians, failures }] = await measure(require(`../../bench/workloads/${file}`), ours, OPTIONS)
    if (failures.ours) throw new Error(`${file}: ${failures.ours}`)
    figures.push(unit === 'B/s' ? `${round(medians.ours / 1e6)} MB/s` : `${round(medians.ours)} ${unit}`)
  }
  const { bun, deno, node } = process.versions
  console.log(JSON.stringify({ version: bun ?? deno ?? node, figures }))
}

/** A figure is not better known than to two digits. */
function round (value) {
  return Number(value.toPrecision(2))
}

module.exports = { ROWS }

if (require.main === module) {
  main().then(() => process.exit(), error => {
    console.error(error)
    process.exit(1)
  })
}
