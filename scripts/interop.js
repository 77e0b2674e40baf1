'use strict'

// `npm run test:interop`: this package on one end, clients that people use on the other, on this
// machine alone. A word as argument runs the cases with it in their names. `INTEROP_MIB=1024` moves
// 1 GiB in each case that is about full speed; 128 MiB is the default.

const { setup } = require('./setup')

/** Cases that run side by side: mostly they wait for a client's timers. */
const AT_ONCE = 4
/** In bytes: a case with more runs alone, so that it can be as fast as the machine. */
const ALONE = 128 << 20

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * @param {object} [options]
 * @param {string} [options.filter] runs the cases with this in their names only
 * @param {(line: string) => void} [options.log]
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
async function interop ({ filter = '', log = line => console.log(line) } = {}) {
  await setup()
  // Only now is all there that these need.
  const { cases, runCase } = require('../interop/cases')
  const { installClients } = require('../interop/clients')
  const { runInNamespace, whyNoNamespace } = require('../interop/namespace')

  const chosen = cases.filter(({ name }) => name.includes(filter))
  const missing = await installClients([...new Set(chosen.map(({ command }) => command))], log)
  const noNamespace = whyNoNamespace()
  const totals = { passed: 0, failed: 0, skipped: 0 }

  const stop = new AbortController()
  const interrupt = () => stop.abort()
  for (const signal of SIGNALS) process.on(signal, interrupt)
  const run = async test => {
    const why = missing.get(test.command) ?? (test.needsNamespace ? noNamespace : null)
    if (why) {
      totals.skipped++
      return log(`skipped  ${test.name}: ${why}`)
    }
    const { error, seconds, method, size } = await (test.needsNamespace ? runInNamespace(test.name, stop.signal) : runCase(test, stop.signal))
    if (error) {
      totals.failed++
      log(`FAILED   ${test.name}: ${error}`)
    } else {
      totals.passed++
      log(`passed   ${test.name}: ${size >> 20} MiB in ${seconds.toFixed(1)} s, ${method}`)
    }
  }
  const isLarge = ({ size = 0 }) => size > ALONE
  for (const [queue, atOnce] of [[chosen.filter(test => !isLarge(test)), AT_ONCE], [chosen.filter(isLarge), 1]]) {
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (queue.length > 0 && !stop.signal.aborted) await run(queue.shift())
    }))
  }
  for (const signal of SIGNALS) process.off(signal, interrupt)
  log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  return totals
}

module.exports = { interop }

if (require.main === module) {
  interop({ filter: process.argv[2] }).then(({ failed }) => {
    if (failed > 0) process.exitCode = 1
  }, error => {
    console.error(`interop: ${error.message}`)
    process.exitCode = 1
  })
}
