'use strict'

/**
 * Sessions of several wires with random applications, connections and destinations, held against an
 * independent decoder: see model/several.js. `MODEL_SECONDS=n` plays longer, `MODEL_SEED=n` begins
 * with another seed; a failure says with which one to play it again.
 */

const { execFile } = require('node:child_process')
const path = require('node:path')

const seconds = Number(process.env.MODEL_SECONDS ?? 20)
const first = Number(process.env.MODEL_SEED ?? 389082)

/** What a minute of sessions reaches, whatever the seed. */
const REACHED = [
  'handshake', 'choke', 'unchoke', 'have', 'bitfield', 'request', 'piece', 'cancel', 'reject', 'extended',
  'crypto-handshake', 'finish', 'end', 'close', 'thrown'
]

test('several wires: each peer gets what its wire was told, and every request is called back once', async () => {
  const args = [path.join(__dirname, 'model/several.js'), '--seconds', String(seconds), '--seed', String(first)]
  const { code, stdout, stderr } = await new Promise(resolve => {
    execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
  })
  if (code !== 0) throw new Error(stderr || stdout)
  const { totals } = JSON.parse(stdout)
  if (seconds >= 20) expect(REACHED.filter(name => !(totals[name] > 0))).toEqual([])
  expect(totals.close).toBe(totals.wires)
}, (seconds + 60) * 1000)
