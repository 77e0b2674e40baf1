'use strict'

// `node __test__/model/stress.js FIRST COUNT STEPS`: sessions of the model without jest, for
// valgrind and AddressSanitizer. Exit status 1 if one fails.

const { engine } = require('../../lib/native')
const Wire = require('../..')
const { Session, Thrown } = require('./session')

async function main ([first, count, steps]) {
  let session
  let failed = 0
  process.on('uncaughtException', error => {
    if (!(error instanceof Thrown)) session.fail(error.stack)
  })
  for (let seed = first; seed < first + count; seed++) {
    session = new Session(Wire, seed)
    const failures = await session.play(steps)
    if (failures.length > 0) {
      failed++
      console.error(seed, failures)
    }
  }
  console.log(`${count} sessions, ${failed} failed, ${engine.wires} native wires left`)
  process.exitCode = failed === 0 && engine.wires === 0 ? 0 : 1
}

main(process.argv.slice(2).map(Number))
