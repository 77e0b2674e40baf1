'use strict'

// `npm run test:platforms -- [--short] [--write] [PLATFORM]…`: builds the addon on Linux x64 for other
// platforms, and plays the tests of `npm run test:binary` by a Node.js of that platform, emulated by qemu
// where the processor is another. macOS and Windows are compiled and linked only. `--short` plays a
// choice of the tests and takes no figures, `--write` writes docs/platforms.md. Everything it needs comes
// from npm, PyPI, crates.io and Debian into the cache of the user; what this machine cannot do is counted
// as skipped.

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { setup } = require('./setup')
const { ROOT } = require('./command')
const { Missing } = require('./platforms/cache')
const { TARGETS } = require('./platforms/targets')
const { build, link } = require('./platforms/toolchain')
const { playTests, takeFigures } = require('./platforms/play')
const { checkBinary } = require('./check-release')

async function main () {
  const { values: { short, write, only }, positionals: names } = parseArgs({
    allowPositionals: true,
    options: { short: { type: 'boolean' }, write: { type: 'boolean' }, only: { type: 'string', multiple: true } }
  })
  if (only && write) throw new Error('only a run of its own choice of tests may be written down')
  const unknown = names.find(name => !TARGETS.some(({ platform }) => platform === name))
  if (unknown) throw new Error(`no platform is called ${unknown}: ${TARGETS.map(({ platform }) => platform).join(', ')}`)

  await setup()
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const target of TARGETS.filter(({ platform }) => names.length === 0 || names.includes(platform))) {
    try {
      const counts = await attempt(target, { short, write, only })
      for (const key of Object.keys(total)) total[key] += counts[key]
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      total.skipped++
      console.log(`${target.platform}: skipped, ${error.message}`)
    }
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed > 0 ? 1 : 0
}

/** @returns {Promise<{ passed: number, failed: number, skipped: number }>} */
async function attempt (target, { short, write, only }) {
  const { platform } = target
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Missing('it can be built for on Linux x64 only')
  const { writePage } = require('./platforms/page')
  if (platform.startsWith('win32')) {
    const { error } = await link(target)
    if (!error && write) writePage([], [{ target: target.triple, done: 'compiled and linked' }])
    return told(platform, error, 'compiled and linked')
  }

  const { file, error } = await build(target)
  const problems = error ? [error] : checkBinary(file, platform)
  const counts = told(platform, problems.join('\n'), 'built, and as a release has it')
  if (counts.failed > 0) return counts
  if (!target.install) {
    if (write) writePage([], [{ target: target.triple, done: 'built with `npm run build`, its file checked' }])
    return counts
  }

  const runtime = await target.install()
  const own = path.join(ROOT, path.basename(file))
  fs.copyFileSync(file, own)
  try {
    const result = await playTests(runtime, { short, only })
    for (const key of Object.keys(counts)) counts[key] += result[key]
    console.log(`${platform}, ${runtime.name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`)
    if (result.output) console.error(result.output)
    if (write) {
      writePage([{ platform, runtime: runtime.name, ...result, ...await takeFigures(runtime) }])
    }
  } finally {
    fs.rmSync(own)
  }
  return counts
}

function told (platform, problem, done) {
  console.log(problem ? `${platform}: FAILED\n${problem}` : `${platform}: ${done}`)
  return problem ? { passed: 0, failed: 1, skipped: 0 } : { passed: 1, failed: 0, skipped: 0 }
}

main().then(code => { process.exitCode = code }, error => {
  console.error(`platforms: ${error.message}`)
  process.exitCode = 1
})
