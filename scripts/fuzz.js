'use strict'

// `node scripts/fuzz.js [--seconds N] [target …]`: replays the committed inputs of every fuzz
// target, then looks for new ones, N seconds a target (default 5; 0 replays only). Exit status 1
// and the place of the input if one fails.

const fs = require('node:fs')
const path = require('node:path')
const { show, ROOT } = require('./command')

const FUZZ = path.join(ROOT, 'fuzz')

function main (args) {
  const { seconds, targets } = readArguments(args)
  if (show('cargo', ['+nightly', 'fuzz', '--version'], { stdio: 'ignore' }) !== 0) {
    must(show('cargo', ['install', 'cargo-fuzz', '--locked']), 'cargo-fuzz could not be installed')
  }
  must(show('cargo', ['+nightly', 'fuzz', 'build']), 'the fuzz targets could not be built')
  for (const target of targets.length > 0 ? targets : listTargets()) {
    const committed = ['seeds', 'regressions']
      .map(kind => path.join(FUZZ, kind, target))
      .filter(folder => fs.existsSync(folder))
    if (committed.length > 0) fuzz(target, committed, ['-runs=0'])
    if (seconds === 0) continue
    // What is found goes to the first folder, which is not committed.
    const corpus = path.join(FUZZ, 'corpus', target)
    fs.mkdirSync(corpus, { recursive: true })
    fuzz(target, [corpus, ...committed], [`-max_total_time=${seconds}`, '-print_final_stats=1'])
  }
}

function fuzz (target, folders, flags) {
  const status = show('cargo', ['+nightly', 'fuzz', 'run', target, ...folders, '--', ...flags, '-verbosity=1'])
  must(status, `${target} failed; the input is in fuzz/artifacts/${target}`)
}

/** @returns {{ seconds: number, targets: string[] }} */
function readArguments (args) {
  const at = args.indexOf('--seconds')
  if (at < 0) return { seconds: 5, targets: args }
  const seconds = Number(args[at + 1])
  if (!(Number.isInteger(seconds) && seconds >= 0)) fail('--seconds takes a whole number')
  return { seconds, targets: args.filter((_, i) => i !== at && i !== at + 1) }
}

/** @returns {string[]} */
function listTargets () {
  return fs.readdirSync(path.join(FUZZ, 'fuzz_targets'))
    .filter(name => name.endsWith('.rs'))
    .map(name => path.basename(name, '.rs'))
    .sort()
}

function must (status, otherwise) {
  if (status !== 0) fail(otherwise)
}

function fail (message) {
  console.error(message)
  process.exit(1)
}

main(process.argv.slice(2))
