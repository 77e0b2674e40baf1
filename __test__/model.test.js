'use strict'

/**
 * Several wires at once, each held against what it was told by a decoder of the test's own: see
 * model/several.js. `MODEL_SECONDS=n` plays longer, `MODEL_SEED=n` begins with another seed; a
 * failure says with which one to play it again.
 */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { SCENARIOS } = require('./model/scenarios')

const seconds = Number(process.env.MODEL_SECONDS ?? 30)
const connectedSeconds = Number(process.env.MODEL_SECONDS ?? 20)
const first = Number(process.env.MODEL_SEED ?? 400000)

/** What twenty seconds of sessions reach. */
const REACHED = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece', 'cancel', 'port',
  'suggest', 'have-all', 'have-none', 'reject', 'allowed-fast', 'extended', 'keep-alive', 'unknownmessage', 'upload',
  'download', 'violation', 'crypto-infohash', 'crypto-handshake', 'finish', 'end', 'close', 'thrown', 'transferred'
]

/** Those of which there are too few to count on them in sessions over TCP. */
const RARE = ['transferred', 'violation']

/**
 * Runs a script of the model in a process of its own: what listeners throw surfaces there.
 * @returns {Promise<string>} what it printed
 */
function run (script, ...args) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [path.join(__dirname, 'model', script), ...args.map(String)], (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.signal ?? ''}${stderr || stdout}`))
      else resolve(stdout)
    })
  })
}

test('random sessions: each peer gets what its wire was told, and every request is called back once', async () => {
  const { totals } = JSON.parse(await run('several.js', '--seconds', seconds, '--seed', first))
  if (seconds >= 20) expect(REACHED.filter(name => !(totals[name] > 0))).toEqual([])
  expect(totals.close).toBe(totals.wires)
}, (seconds + 120) * 1000)

test('the same with wires that have connections of their own, on the native transport', async () => {
  const { totals } = JSON.parse(await run('several.js', '--connected', '--seconds', connectedSeconds, '--seed', first))
  if (connectedSeconds >= 20) expect(['connect', 'disconnect', ...REACHED].filter(name => !RARE.includes(name) && !(totals[name] > 0))).toEqual([])
  expect(totals.close).toBe(totals.wires)
}, (connectedSeconds + 120) * 1000)

test('two wires that upload to each other at full speed never wait for each other for ever', async () => {
  await run('full-speed.js')
}, 300_000)

test.each(SCENARIOS)('%s', async (name) => {
  await run('scenarios.js', name)
}, 60_000)
