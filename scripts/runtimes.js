'use strict'

// `npm run test:runtimes -- [--short] [--write] [RUNTIME]…`: the tests of `npm run test:binary`, played
// by Node.js 18 to 26, Bun and Deno, as npm has them; by those named only (`bun`, `"node.js 18"`).
// `--short` plays a choice of the tests and takes no figures, `--write` writes docs/platforms.md. What
// this machine cannot run is counted as skipped.

const { parseArgs } = require('node:util')
const { setup } = require('./setup')
const { Missing } = require('./platforms/cache')
const { RUNTIMES, installRuntime } = require('./platforms/runtimes')
const { playTests, takeFigures } = require('./platforms/play')

async function main () {
  const { values: { short, write, only }, positionals: names } = parseArgs({
    allowPositionals: true,
    options: { short: { type: 'boolean' }, write: { type: 'boolean' }, only: { type: 'string', multiple: true } }
  })
  if (write && (short || only)) throw new Error('only a run of all tests may be written down')
  const chosen = names.length === 0 ? RUNTIMES : names.map(find)

  await setup()
  const { writePage } = require('./platforms/page')
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const described of chosen) {
    const { name } = described
    try {
      const runtime = await installRuntime(described)
      const result = await playTests(runtime, { short, only })
      for (const key of Object.keys(total)) total[key] += result[key]
      console.log(`${name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`)
      if (result.output) console.error(result.output)
      if (write) writePage([{ platform: runtime.platform, runtime: name, tests: 'all', ...result, ...await takeFigures(runtime) }])
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      total.skipped++
      console.log(`${name}: skipped, ${error.message}`)
    }
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed > 0 ? 1 : 0
}

function find (name) {
  const found = RUNTIMES.find(runtime => runtime.name.toLowerCase() === name.toLowerCase())
  if (found) return found
  throw new Error(`no runtime is called ${name}: ${RUNTIMES.map(({ name }) => name).join(', ')}`)
}

main().then(code => { process.exitCode = code }, error => {
  console.error(`runtimes: ${error.message}`)
  process.exitCode = 1
})
