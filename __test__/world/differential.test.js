'use strict'

/**
 * Random sessions, on this wire and on bittorrent-protocol 5.0.9: the same events with the same
 * arguments in the same order, the same state in every handler, the same bytes sent.
 *
 * `SESSION_SEED=n` adds the session of that seed; `SESSION_COUNT=n` plays the first n seeds.
 */

const { loadOurs, loadUpstream } = require('../helpers/wire')
const { record, replay } = require('./support/session')
const { asDocumented, options } = require('./differences')

const seeds = Array.from({ length: Number(process.env.SESSION_COUNT ?? 250) }, (_, i) => i + 1)
if (process.env.SESSION_SEED) seeds.push(Number(process.env.SESSION_SEED))

let Ours, sessions

beforeAll(async () => {
  const Upstream = await loadUpstream()
  const Documented = asDocumented(Upstream)
  Ours = await loadOurs()
  if (Ours === Upstream) Ours = Documented
  sessions = []
  for (const seed of seeds) sessions.push(await record(Documented, seed))
}, 120_000)

test('the same session, chunk by chunk', async () => {
  for (const session of sessions) {
    compare(session, session.log, await replay(Ours, session, { options }))
  }
}, 120_000)

test('the same session, cut into other chunks', async () => {
  for (const session of sessions) {
    const log = await replay(Ours, session, { options, chunkSeed: session.seed + 0x10000 })
    compare(session, session.log, log)
  }
}, 120_000)

test('the sessions reach everything that they are meant to', () => {
  const lines = sessions.flatMap(session => session.log)
  const seen = new Set(lines.map(line => line.replace(/ .*$/s, '')))
  const events = [
    'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'have-all',
    'have-none', 'suggest', 'allowed-fast', 'port', 'keep-alive', 'unknownmessage', 'request',
    'piece', 'cancel', 'reject', 'extended', 'download', 'upload', 'finish', 'end', 'close',
    'callback', 'sent', 'threw', 'ut_test.onHandshake', 'ut_test.onExtendedHandshake',
    'ut_test.onMessage'
  ]
  if (seeds.length >= 100) expect(events.filter(event => !seen.has(event))).toEqual([])
})

/** Fails with the first line that differs, what led to it, and the seed to play it again. */
function compare ({ seed, setup }, expected, actual) {
  const at = expected.findIndex((line, i) => line !== actual[i])
  if (at === -1 && expected.length === actual.length) return
  const first = at === -1 ? expected.length : at
  throw new Error([
    `session ${seed} differs at line ${first} (SESSION_COUNT=0 SESSION_SEED=${seed})`,
    JSON.stringify(setup),
    ...expected.slice(Math.max(0, first - 8), first).map(line => `            ${line}`),
    `upstream    ${expected[first] ?? '(ended)'}`,
    `this wire   ${actual[first] ?? '(ended)'}`,
    `then        ${actual[first + 1] ?? '(ended)'}`
  ].join('\n'))
}
