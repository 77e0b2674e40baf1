'use strict'

// Runs one case inside of the network namespace that namespace.js made: `node inside.js NAME`.

const { cases, runCase } = require('./cases')
const { OUR_ADDRESS, CLIENT_ADDRESS } = require('./namespace')

const gone = new AbortController()
process.on('disconnect', () => gone.abort())
// Ctrl-C in a terminal reaches every process: the parent decides what it means.
process.on('SIGINT', () => {})

const test = cases.find(({ name }) => name === process.argv[2])
runCase(test, gone.signal, { address: OUR_ADDRESS, otherAddress: CLIENT_ADDRESS }).then(result => {
  if (process.connected) process.send(result, () => process.disconnect())
})
