'use strict'

/**
 * Random sessions against a small model: every request's callback is called once, nothing is
 * emitted after `close`, nothing is lost or repeated whatever handlers do, and no native memory
 * is left.
 *
 * `MODEL_SEED=n` plays one session; `MODEL_COUNT=n` plays so many; `MODEL_STEPS=n` makes them longer.
 */

const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const first = Number(process.env.MODEL_SEED ?? 1)
const count = Number(process.env.MODEL_COUNT ?? (process.env.MODEL_SEED ? 1 : 400))
const steps = Number(process.env.MODEL_STEPS ?? 120)

test('random sessions agree with the model', async () => {
  const child = fork(path.join(__dirname, 'model', 'child.js'), [first, count, steps])
  const failed = []
  let totals = null
  child.on('message', message => {
    if (message.totals) totals = message.totals
    else failed.push(message)
  })
  const [code] = await once(child, 'exit')
  if (failed.length > 0) {
    const [{ seed, failures }] = failed
    throw new Error(`${failed.length} sessions failed; the first: MODEL_SEED=${seed}\n${failures.join('\n')}`)
  }
  expect(code).toBe(0)
  // The sessions reach what they are meant to.
  if (count >= 100) {
    const names = ['choke', 'unchoke', 'have', 'piece', 'request', 'cancel', 'reject', 'extended', 'violation', 'thrown', 'requests']
    expect(names.filter(name => !(totals[name] > 0))).toEqual([])
    expect(totals.close).toBe(count)
  }
}, 300_000)
