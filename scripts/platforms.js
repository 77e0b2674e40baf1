'use strict'

// `npm run test:platforms -- [--short] [--write] [--binaries FOLDER] [PLATFORM]…`: builds the addon on Linux x64 for other
// platforms, and plays the tests of `npm run test:binary` and sessions of several wires by a Node.js of that
// platform, emulated by qemu where the processor is another. macOS and Windows are compiled and linked only. `--short` plays a
// choice of the tests, `--write` writes docs/platforms.md, `--binaries` takes addons that are built
// already, under the names that `npm run build` gives them, and builds none. Everything it needs comes
// from npm, PyPI, crates.io and Debian into the cache of the user; what this machine cannot do is counted
// as skipped.

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { setup } = require('./setup')
const { ROOT } = require('./command')
const { Missing } = require('./platforms/cache')
const { TARGETS } = require('./platforms/targets')
const { binaryName, build, verify } = require('./platforms/toolchain')
const { playTests, playSessions, takeFigures } = require('./platforms/play')
const { checkBinary } = require('./check-release')

async function main () {
  const { values: options, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: 'boolean' },
      write: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      binaries: { type: 'string' }
    }
  })
  if (options.only && options.write) throw new Error('a run of some tests by name is not written down')
  const unknown = names.find(name => !TARGETS.some(({ platform }) => platform === name))
  if (unknown) throw new Error(`no platform is called ${unknown}: ${TARGETS.map(({ platform }) => platform).join(', ')}`)

  await setup()
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const target of TARGETS.filter(({ platform }) => names.length === 0 || names.includes(platform))) {
    try {
      const counts = await attempt(target, options)
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
async function attempt (target, { short, write, only, binaries }) {
  const { platform, triple, install, isLinkedOnly } = target
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Missing('only on Linux x64')
  const { writePage } = require('./platforms/page')
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const count = (problem, done) => {
    console.log(problem ? `${platform}: FAILED\n${problem}` : `${platform}: ${done}`)
    counts[problem ? 'failed' : 'passed']++
    if (!problem && write && !install) writePage([], [{ target: triple, done }])
  }

  if (isLinkedOnly && !binaries) {
    count(await verify(target), 'compiled and linked, unstripped')
    return counts
  }
  let file = binaries && path.join(path.resolve(binaries), binaryName(platform))
  if (binaries) {
    if (!install) throw new Missing('it does not run here')
    if (!fs.existsSync(file)) throw new Missing(`there is no ${file}`)
  } else {
    const built = await build(target)
    file = built.file
    count(built.error || checkBinary(file, platform).join('\n'), 'built, and its file is as in a release')
    if (counts.failed > 0 || !install) return counts
  }

  const runtime = await install()
  const own = path.join(ROOT, binaryName(platform))
  if (own !== file) fs.copyFileSync(file, own)
  try {
    const result = await playTests(runtime, { short, only })
    if (!only) {
      const sessions = await playSessions(runtime)
      for (const key of Object.keys(sessions)) result[key] += sessions[key]
    }
    for (const key of Object.keys(counts)) counts[key] += result[key]
    console.log(`${platform}, ${runtime.name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`)
    if (result.output) console.error(result.output)
    if (write) {
      writePage([{ platform, runtime: runtime.name, tests: short ? 'a choice' : 'all', ...result, ...await takeFigures(runtime) }])
    }
  } finally {
    if (own !== file) fs.rmSync(own)
  }
  return counts
}

main().then(code => { process.exitCode = code }, error => {
  console.error(`platforms: ${error.message}`)
  process.exitCode = 1
})
