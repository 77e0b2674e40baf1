'use strict'

// Plays sessions of the seeds from `first` on, `count` of them, and sends each failure. It is a
// process of its own, since what handlers throw surfaces as uncaught exceptions.

const { loadOurs, upstreamUnderTest } = require('../helpers/wire')
const { Session, Thrown } = require('./session')

async function main ([first, count, steps]) {
  const Wire = await loadOurs()
  const { engine } = upstreamUnderTest ? { engine: { wires: 0 } } : require('../../lib/native')
  let session
  let thrown = 0
  process.on('uncaughtException', error => {
    if (error instanceof Thrown) thrown++
    else session.fail(error.stack)
  })
  const totals = {}
  for (let seed = first; seed < first + count; seed++) {
    const before = engine.wires
    session = new Session(Wire, seed)
    const failures = await session.play(steps)
    if (engine.wires !== before) failures.push(`${engine.wires - before} native wires are left`)
    for (const [name, times] of Object.entries(session.counts)) totals[name] = (totals[name] ?? 0) + times
    totals.requests = (totals.requests ?? 0) + session.requests.length
    if (failures.length > 0) process.send({ seed, failures })
  }
  process.send({ totals: { ...totals, thrown } }, () => process.disconnect())
}

main(process.argv.slice(2).map(Number))
