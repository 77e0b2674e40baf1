'use strict'

/**
 * Requests and their timeouts on a clock of the test's own: `node child.js PLAN`, where the plan is
 * `{ timeout, fast, steps }` in JSON, and a step `[ms, what, ...arguments]`. Prints what happened to
 * each request, and when.
 */

const VirtualClock = require('../../helpers/virtual-clock')

const clock = VirtualClock.install()

const { loadOurs } = require('../../helpers/wire')
const messages = require('../support/messages')
const { Peer } = require('../support/peer')
const { runScenarios } = require('../support/scenario')

const LENGTH = 4
/** How `timeout` is written where JSON has no word for it. */
const NUMBERS = { undefined, NaN, Infinity, '-Infinity': -Infinity }

async function plan (json) {
  const { timeout, fast = true, end, steps } = JSON.parse(json)
  const Wire = await loadOurs()
  const peer = await Peer.greet(new Wire('tcpOutgoing'), { fast })
  const { wire } = peer
  const log = []
  const note = (...what) => log.push([clock.now, ...what])
  wire.on('timeout', () => note('timeout'))

  const doing = {
    setTimeout: ms => {
      try {
        wire.setTimeout(ms in NUMBERS ? NUMBERS[ms] : ms)
      } catch (error) {
        note('threw', error.message)
      }
    },
    ask: (...pieces) => {
      for (const piece of pieces) {
        wire.request(piece, 0, LENGTH, error => note(piece, error === null ? 'block' : error.message))
      }
    },
    block: (...pieces) => peer.say(...pieces.map(piece => messages.piece(piece, 0, Buffer.alloc(LENGTH)))),
    reject: (...pieces) => peer.say(...pieces.map(piece => messages.reject(piece, 0, LENGTH))),
    cancel: (...pieces) => pieces.forEach(piece => wire.cancel(piece, 0, LENGTH)),
    choke: () => peer.say(messages.choke())
  }
  peer.say(messages.unchoke())
  doing.setTimeout(timeout)
  for (const [at, what, ...args] of steps) {
    await clock.advance(at)
    doing[what](...args)
  }
  await clock.advance(end)
  const closed = new Promise(resolve => wire.once('close', resolve))
  const open = wire.requests.map(({ piece }) => piece)
  const { length } = log
  wire.destroy()
  await closed
  return { log: log.slice(0, length), open, timers: clock.timers.size }
}

runScenarios(module, { plan })
