'use strict'

/**
 * Destinations that fail once the wire has nothing to do with them any more, and nobody listens:
 * `node child.js SCENARIO`. The error is theirs, and ends a process that does not catch it.
 */

const { PassThrough } = require('node:stream')
const { loadOurs } = require('../../helpers/wire')
const { turn } = require('../support/peer')
const { runScenarios } = require('../support/scenario')

const scenarios = {
  'after unpipe': async Wire => {
    const wire = new Wire()
    const destination = new PassThrough()
    wire.pipe(destination)
    wire.have(1)
    await turn()
    wire.unpipe(destination)
    destination.destroy(new Error('of the destination'))
    await turn()
    const { destroyed } = wire
    wire.destroy()
    return { destroyed }
  },

  'after 20 cycles of pipe and unpipe': async Wire => {
    const wire = new Wire()
    const destination = new PassThrough()
    for (let i = 0; i < 20; i++) {
      wire.pipe(destination)
      wire.have(i)
      await turn()
      wire.unpipe(destination)
    }
    destination.destroy(new Error('of the destination'))
    await turn()
    const { destroyed } = wire
    wire.destroy()
    return { destroyed }
  },

  'after the wire has closed, with end: false': async Wire => {
    const wire = new Wire()
    const destination = new PassThrough()
    wire.pipe(destination, { end: false })
    wire.have(1)
    await turn()
    const closed = new Promise(resolve => wire.once('close', resolve))
    wire.destroy()
    await closed
    await turn()
    destination.destroy(new Error('of the destination'))
    await turn()
    return { destroyed: wire.destroyed }
  },

  // Here it is the wire that hears of it.
  'while it is piped to': async Wire => {
    const wire = new Wire()
    const destination = new PassThrough()
    wire.pipe(destination)
    wire.have(1)
    await turn()
    const closed = new Promise(resolve => wire.once('close', resolve))
    destination.destroy(new Error('of the destination'))
    await closed
    return { destroyed: wire.destroyed }
  }
}

for (const [name, play] of Object.entries(scenarios)) {
  scenarios[name] = async () => play(await loadOurs())
}

runScenarios(module, scenarios)
