'use strict'

// Plays the tests, and takes figures, in a runtime.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { run, lastLines, ROOT } = require('../command')

/** Lines of a failed run's output that are worth showing. */
const LAST_LINES = 60

/** What `npm run test:binary` gives to jest: all but what tests other packages, or other than the addon. */
const BINARY = require('../../package.json').scripts['test:binary'].split(' ').slice(1)

/** One of each kind: what is on the wire, streams, encryption, extensions, sockets, threads, many wires, garbage. */
const SHORT = [
  '__test__/messages', '__test__/stream', '__test__/lifetime', '__test__/worker-threads', 'mse/options', 'mse/info-hash',
  'world/extensions', 'world/several-wires', 'world/abandoned-socket'
]

/** Those that play bittorrent-protocol beside it, whose encryption takes an emulator minutes. */
const BESIDE_UPSTREAM = ['mse/sessions', 'world/differential', 'world/upstream-peer']

/**
 * @param {import('./runtimes').Runtime} runtime
 * @param {{ short?: boolean, only?: string[] }} options whether to play a choice of the tests; or these
 * @returns {Promise<{ version: string, passed: number, failed: number, skipped: number, output: string }>}
 *   `output`: what a failure said
 */
async function playTests (runtime, { short = false, only = [] }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bittorrent-protocol-native-'))
  try {
    const report = path.join(folder, 'jest.json')
    const choice = runtime.isEmulated ? SHORT : [...SHORT, ...BESIDE_UPSTREAM]
    const chosen = only.length > 0 ? only : short ? choice : []
    const { code, output } = await start(runtime, [
      path.join(ROOT, 'node_modules/jest/bin/jest.js'), '--ci', '--silent', '--runInBand', '--json', `--outputFile=${report}`,
      ...BINARY, ...(chosen.length > 0 ? ['--testPathPatterns', ...chosen] : [])
    ])
    const counts = readReport(report)
    if (code !== 0 && counts.failed === 0) counts.failed = 1
    return { ...counts, output: code === 0 ? '' : lastLines(output, LAST_LINES) }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function readReport (file) {
  if (!fs.existsSync(file)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(fs.readFileSync(file, 'utf8'))
  return {
    passed: report.numPassedTests,
    // A file that cannot be loaded has no tests.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests
  }
}

/**
 * @param {import('./runtimes').Runtime} runtime
 * @returns {Promise<{ version: string, figures: string[] }>} what it says it is, and a figure for each of
 *   `ROWS` in figures.js
 */
async function takeFigures (runtime) {
  const { code, output } = await start(runtime, [path.join(__dirname, 'figures.js')])
  if (code !== 0) throw new Error(`${runtime.name} takes no figures:\n${lastLines(output, LAST_LINES)}`)
  return JSON.parse(output.trim().split('\n').at(-1))
}

function start ({ command, args, env, patience }, script) {
  return run(command, [...args, ...script], { env: { ...env, TEST_PATIENCE: String(patience) } })
}

module.exports = { playTests, takeFigures }
