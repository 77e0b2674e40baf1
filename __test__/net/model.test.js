'use strict'

/** The model of several wires (see ../model.test.js), on sockets of the native transport. */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')

const seconds = Number(process.env.MODEL_SECONDS ?? 15)
const seed = Number(process.env.MODEL_SEED ?? 389082)

test('random sessions: each peer gets what its wire was told, and every request is called back once', async () => {
  const args = [path.join(__dirname, '../model/several.js'), '--native', '--seconds', seconds, '--seed', seed]
  const { stdout } = await promisify(execFile)(process.execPath, args.map(String))
  const { totals } = JSON.parse(stdout)
  expect(totals.close).toBe(totals.wires)
}, (seconds + 120) * 1000)
