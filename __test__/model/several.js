'use strict'

// `node __test__/model/several.js --seconds 60 --seed N`: sessions of several wires, of the seeds
// from N on. `--count N` plays so many, `--steps N` makes them longer, `--without a,b` leaves
// something out, `--native` has sockets of the native transport, `--connected` wires of it. Prints
// what is wrong, with the seed that shows it, and a line of JSON with what has happened; exit status
// 1 if anything is.

const { writeSync } = require('node:fs')
const { parseArgs } = require('node:util')

const { loadOurs } = require('../helpers/wire')
const { Loopback } = require('./connections')
const { Transport } = require('./connected')
const { LateNews } = require('./late-news')
const { Session, FEATURES } = require('./session')
const { Exceptions } = require('./thrown')
const { Watch } = require('./watch')

/** So many failures at once are one that goes on for ever. */
const MOST_FAILURES = 20

/** What is played with, besides wires that are piped. */
const FLAGS = ['native', 'connected']

const OPTIONS = ['seconds', 'seed', 'count', 'steps', 'without']

async function main (args) {
  const { seconds, seed, count, steps, without, native, connected } = readArguments(args)
  const Wire = await loadOurs()
  const loopback = new Loopback(native ? require('../../net.js') : undefined)
  await loopback.listen()
  const transport = connected ? new Transport() : undefined
  const lateNews = native || connected ? new LateNews() : undefined
  const exceptions = new Exceptions()
  const watch = new Watch()
  let session
  let current

  const report = () => writeSync(2, `seed ${current} (of a run from ${seed}): node __test__/model/several.js --seed ${current} --count 1 --steps ${steps}\n` +
    `${session.failures.join('\n')}\n`)
  const surface = error => {
    exceptions.surface(error, session)
    if (session.failures.length < MOST_FAILURES) return
    report()
    process.exit(1)
  }
  process.on('uncaughtException', surface)
  process.on('unhandledRejection', surface)
  process.on('warning', warning => session.fail(`warning: ${warning.message}`))

  const start = performance.now()
  const totals = { sessions: 0, wires: 0 }
  const isOver = () => count < Infinity ? current >= seed + count : performance.now() - start > seconds * 1000
  for (current = seed; !isOver(); current++) {
    session = new Session(Wire, current, { loopback, transport, lateNews, exceptions, without, onTurn: () => watch.beat() })
    watch.begin(`seed ${current} (of a run from ${seed})`)
    await session.play(steps).catch(surface)
    if (session.failures.length > 0) {
      report()
      process.exit(1)
    }
    totals.sessions++
    totals.wires += session.players.length
    for (const [name, times] of Object.entries(session.counts)) totals[name] = (totals[name] ?? 0) + times
  }
  console.log(JSON.stringify({ totals: { ...totals, thrown: exceptions.count }, seed }))
  watch.end()
  loopback.close()
}

function readArguments (args) {
  const { values } = parseArgs({ args, options: { ...ofType('string', OPTIONS), ...ofType('boolean', FLAGS) } })
  const { seconds = 60, seed = Date.now() % 1e9, count = Infinity, steps = 150 } = values
  const without = new Set(values.without?.split(','))
  const unknown = [...without].filter(feature => !FEATURES.includes(feature))
  if (unknown.length > 0) throw new Error(`no such feature: ${unknown}; there are: ${FEATURES.join(', ')}`)
  return { seconds: Number(seconds), seed: Number(seed), count: Number(count), steps: Number(steps), without, native: values.native, connected: values.connected }
}

function ofType (type, names) {
  return Object.fromEntries(names.map(name => [name, { type }]))
}

main(process.argv.slice(2))
