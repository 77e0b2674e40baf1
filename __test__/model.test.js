'use strict'

/**
 * Several wires at once, each held against what it was told by a decoder of the test's own: see
 * model/several.js. `MODEL_SESSIONS=n` plays so many, `MODEL_SEED=n` begins with another seed; a
 * failure says with which one to play it again.
 */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { SCENARIOS } = require('./model/scenarios')

const first = Number(process.env.MODEL_SEED ?? 389082)

/** For a hundred sessions, however busy the machine. */
const PATIENCE = 180_000

/** What a hundred sessions reach. */
const REACHED = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece', 'cancel', 'port',
  'suggest', 'have-all', 'have-none', 'reject', 'allowed-fast', 'extended', 'keep-alive', 'unknownmessage', 'upload',
  'download', 'crypto-infohash', 'crypto-handshake', 'finish', 'end', 'close', 'thrown'
]

/** Where most is in memory; there are too few of these over TCP to count on them. */
const IN_MEMORY = [...REACHED, 'violation', 'transferred']

const KINDS = [
  { what: 'pipes of every kind', flags: [], count: 350, reached: IN_MEMORY },
  { what: 'sockets of the native transport', flags: ['--native'], count: 130, reached: IN_MEMORY },
  { what: 'wires with connections of their own', flags: ['--connected'], count: 130, reached: ['connect', 'disconnect', ...REACHED] }
]

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

describe.each(KINDS)('random sessions: $what', ({ flags, count, reached }) => {
  const sessions = Number(process.env.MODEL_SESSIONS ?? count)

  test('each peer gets what its wire was told, and every request is called back once', async () => {
    const { totals } = JSON.parse(await run('several.js', ...flags, '--count', sessions, '--seed', first))
    if (sessions >= 100) expect(reached.filter(name => !(totals[name] > 0))).toEqual([])
    expect(totals.close).toBe(totals.wires)
  }, PATIENCE * Math.ceil(sessions / 100))
})

test('two wires that upload to each other at full speed never wait for each other for ever', async () => {
  await run('full-speed.js')
}, 300_000)

test.each(SCENARIOS)('%s', async (name) => {
  await run('scenarios.js', name)
}, 60_000)
