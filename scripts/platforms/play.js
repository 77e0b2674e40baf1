'use strict'

// Plays the tests, and takes figures, in a runtime.

const path = require('node:path')
const { run, lastLines, ROOT } = require('../command')
const { runJest } = require('../jest')

/** Lines of a failed run's output that are worth showing. */
const LAST_LINES = 60

/** What `npm run test:binary` gives to jest: all but what tests other packages, or other than the addon. */
const BINARY = require('../../package.json').scripts['test:binary'].split(' ').slice(1)

/** One of each kind: what is on the wire, streams, encryption, extensions, sockets, threads, many wires, garbage. */
const SHORT = [
  '__test__/messages', '__test__/stream', '__test__/lifetime', '__test__/worker-threads', 'mse/options', 'mse/info-hash',
  'world/extensions', 'world/several-wires', 'world/abandoned-socket'
]

/** What model/several.js plays: wires on pipes, on sockets of the native transport, and with connections of its own. */
const KINDS = [[], ['--native'], ['--connected']]
const SESSIONS = ['--count', '25', '--seed', '900']

/** Those that play bittorrent-protocol beside it, whose encryption takes an emulator minutes. */
const BESIDE_UPSTREAM = ['mse/sessions', 'world/differential', 'world/upstream-peer']

/**
 * @param {import('./runtimes').Runtime} runtime
 * @param {{ short?: boolean, only?: string[] }} options whether to play a choice of the tests; or these
 * @returns {Promise<{ passed: number, failed: number, skipped: number, output: string }>}
 *   `output`: what a failure said
 */
async function playTests (runtime, { short = false, only = [] }) {
  const choice = runtime.isEmulated ? SHORT : [...SHORT, ...BESIDE_UPSTREAM]
  const chosen = only.length > 0 ? only : short ? choice : []
  const flags = ['--runInBand', ...BINARY, ...(chosen.length > 0 ? ['--testPathPatterns', ...chosen] : [])]
  const { failures, ...counts } = await runJest(args => start(runtime, args), flags)
  return { ...counts, output: failures }
}

/**
 * Plays sessions of several wires at once, on connections of each kind.
 * @param {import('./runtimes').Runtime} runtime
 * @returns {Promise<{ passed: number, failed: number, output: string }>} counts kinds
 */
async function playSessions (runtime) {
  const result = { passed: 0, failed: 0, output: '' }
  for (const kind of KINDS) {
    const { code, output } = await start(runtime, [path.join(ROOT, '__test__/model/several.js'), ...kind, ...SESSIONS])
    result[code === 0 ? 'passed' : 'failed']++
    if (code !== 0) result.output += lastLines(output, LAST_LINES)
  }
  return result
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

function start ({ command, args, env, patience }, rest) {
  return run(command, [...args, ...rest], { env: { ...env, TEST_PATIENCE: String(patience) } })
}

module.exports = { playTests, playSessions, takeFigures }
