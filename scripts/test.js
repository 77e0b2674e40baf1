'use strict'

// `npm test`: sets a fresh clone up, then runs every check in turn. Says a line a step, stops at
// the first that fails with what it printed, and ends with one line of figures. It runs before
// anything is installed, so it may require nothing but Node.js itself.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { npm, run, lastLines, ROOT } = require('./command')
const { runJest } = require('./jest')
const { setup, SetupError } = require('./setup')

/** Lines of a failed step's output that are worth showing. */
const LAST_LINES = 200

const GENERATED = ['binding.js', 'binding.d.ts']

/**
 * Every check, in order: what is quick and often wrong first. `run` resolves to what the step has
 * counted, as `{ passed, failed, skipped }`, and rejects with a StepError. To add an npm script:
 * `{ name: 'what it checks', run: () => npmScript('its name') }`; a script that counts for itself
 * ends with a line `N passed, N failed, N skipped`, any other counts as one.
 */
const STEPS = [
  { name: 'rustfmt', run: () => one('cargo', ['fmt', '--check']) },
  { name: 'eslint', run: () => npmScript('lint') },
  { name: 'types', run: () => npmScript('types') },
  { name: 'workflows', run: () => npmScript('lint:workflows') },
  { name: 'generated bindings', run: checkGenerated },
  { name: 'clippy, engine alone', run: () => clippy('--no-default-features') },
  { name: 'clippy', run: () => clippy() },
  { name: 'API docs', run: () => npmScript('docs') },
  { name: 'release', run: () => npmScript('check-release') },
  { name: 'cargo test', run: cargoTest },
  { name: 'fuzz smoke', run: fuzzSmoke },
  { name: 'jest', run: () => jest('--testPathIgnorePatterns', '__test__/package/') },
  // Package managers and compilers: no company for tests that wait for timers.
  { name: 'packages', run: () => jest('--testPathPatterns', '__test__/package/') },
  { name: 'soak', run: () => one(process.execPath, ['--expose-gc', path.join(__dirname, 'soak.js'), '--seconds', '30']), onlyInCi: true },
  // A choice of the tests; `npm run test:runtimes` plays all, by every runtime.
  { name: 'runtimes', run: () => npmScript('test:runtimes', '--short', 'node.js 26', 'bun', 'deno'), onlyInCi: true },
  // It may install other clients with apt-get: not on anybody's own machine.
  { name: 'interop', run: () => npmScript('test:interop'), onlyInCi: true }
]

/** A check that did not go well; `message` says all there is to say. */
class StepError extends Error {
  /** @param {{ passed?: number, failed?: number, skipped?: number }} [counts] */
  constructor (message, { passed = 0, failed = 1, skipped = 0 } = {}) {
    super(message)
    this.counts = { passed, failed, skipped }
  }
}

async function main (only) {
  const steps = only.length > 0
    ? STEPS.filter(({ name }) => only.includes(name))
    : STEPS.filter(({ onlyInCi }) => !onlyInCi || process.env.CI)
  if (steps.length === 0) {
    console.error(`no such step; there are: ${STEPS.map(({ name }) => name).join(', ')}`)
    return 1
  }
  const total = { passed: 0, failed: 0, skipped: 0 }
  try {
    await setup()
    for (const { name, run } of steps) add(total, await timed(name, run))
  } catch (error) {
    if (!(error instanceof StepError) && !(error instanceof SetupError)) throw error
    console.error(error.message)
    add(total, error.counts ?? { passed: 0, failed: 1, skipped: 0 })
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed > 0 ? 1 : 0
}

async function timed (name, run) {
  const start = performance.now()
  let verdict = 'FAILED'
  try {
    const counts = await run()
    verdict = 'ok'
    return counts
  } finally {
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.error(`${verdict.padEnd(6)} ${name} (${seconds} s)`)
  }
}

function add (total, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key]
}

//
// STEPS
//

/** A command that counts as one. */
async function one (command, args) {
  const result = await run(command, args)
  if (result.code !== 0) throw failure([command, ...args].join(' '), result)
  return { passed: 1, failed: 0, skipped: 0 }
}

/** An npm script of package.json. */
async function npmScript (name, ...args) {
  const result = await npm(['run', '--silent', name, '--', ...args])
  const numbers = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(result.output)?.slice(1).map(Number)
  const [passed, failed, skipped] = numbers ?? [1, 0, 0]
  if (result.code !== 0) {
    throw failure(`npm run ${name}`, result, numbers && atLeastOneFailed({ passed, failed, skipped }))
  }
  return { passed, failed, skipped }
}

function clippy (...flags) {
  return one('cargo', ['clippy', '--quiet', '--all-targets', '--locked', ...flags, '--', '-D', 'warnings'])
}

/** The tests of the engine and of the transport, and those of the unsafe code. */
async function cargoTest () {
  const counts = await cargoTestOf('--no-default-features', '--features', 'transport', '--no-fail-fast')
  add(counts, await cargoTestOf('--lib', 'binding::'))
  return counts
}

/** What they count is in a line for each binary. */
async function cargoTestOf (...flags) {
  const result = await run('cargo', ['test', '--quiet', '--locked', ...flags])
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const match of result.output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    add(counts, { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3]) })
  }
  if (result.code !== 0) throw failure('cargo test', result, atLeastOneFailed(counts))
  return counts
}

/** A few seconds of each fuzz target; of those in Rust where there is what they need. */
async function fuzzSmoke () {
  const counts = await one(process.execPath, [path.join(ROOT, 'fuzz/lib.js'), '--seconds', '5'])
  add(counts, await one(process.execPath, [path.join(ROOT, 'fuzz/extensions.js'), '--seconds', '5']))
  const { code } = await run('cargo', ['+nightly', 'fuzz', '--version'])
  if (code !== 0) {
    console.error('       no nightly Rust with cargo-fuzz here: skipped')
    add(counts, { passed: 0, failed: 0, skipped: 1 })
    return counts
  }
  add(counts, await one(process.execPath, [path.join(__dirname, 'fuzz.js'), '--seconds', '5']))
  return counts
}

/** Tests of `__test__`. Many wait for timers and other processes: two files at once, on two cores too. */
async function jest (...flags) {
  const workers = Math.max(2, os.availableParallelism() - 1)
  const { failures, ...counts } = await runJest(args => run(process.execPath, args), [`--maxWorkers=${workers}`, ...flags])
  if (counts.failed > 0) throw new StepError(`jest:\n${failures}`, counts)
  return counts
}

/**
 * What `napi build` writes must be what is committed. git's own copy is what counts, as the build
 * has overwritten the files; without git it is what stood there.
 */
async function checkGenerated () {
  const expected = await Promise.all(GENERATED.map(async (name) => {
    const { code, output } = await run('git', ['show', `:${name}`])
    return code === 0 ? output : fs.readFileSync(path.join(ROOT, name), 'utf8')
  }))
  const result = await npm(['run', '--silent', 'build'])
  if (result.code !== 0) throw failure('npm run build', result)
  GENERATED.forEach((name, i) => {
    const actual = fs.readFileSync(path.join(ROOT, name), 'utf8')
    if (actual.replaceAll('\r\n', '\n') === expected[i].replaceAll('\r\n', '\n')) return
    throw new StepError(`${name} is not what the build makes of src/binding: commit (or stage) the one it has just written`)
  })
  return { passed: 1, failed: 0, skipped: 0 }
}

/** The counts of a command that failed, whatever it says. */
function atLeastOneFailed (counts) {
  return { ...counts, failed: Math.max(1, counts.failed) }
}

function failure (what, { output }, counts) {
  return new StepError(`${what}:\n${lastLines(output, LAST_LINES)}`, counts)
}

main(process.argv.slice(2)).then((code) => { process.exitCode = code })
