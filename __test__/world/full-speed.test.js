'use strict'

/**
 * Honest peers at full speed, over TCP, each in a process of its own: everything arrives, as it is,
 * and no request is refused, lost or late. `FULL_SPEED_MIB=1024` plays the whole of it: 1 GiB one
 * way, 256 MiB each way where it goes both ways; the default, for CI, is a sixteenth
 * of that.
 */

const path = require('node:path')
const Child = require('../helpers/child')

const SCRIPT = path.join(__dirname, 'full-speed/peer.js')
const BLOCK = 16384

const MIB = Number(process.env.FULL_SPEED_MIB ?? 64)
/** Blocks of a transfer that goes one way, and of one that goes both ways. */
const ALL = MIB * 64
const QUARTER = Math.max(MIB / 4, 16) * 64
/** In which a transfer has stalled, in milliseconds: upstream's RC4 does 10 MiB/s here at least. */
const LIMIT = 30_000 + MIB * 200

const LEVELS = [['plain', 0], ['encrypted', 2]]

let ends

afterEach(() => ends.forEach(end => end.kill()))

/**
 * Lets two peers go, and holds that both have all that they asked for, and nothing else.
 *
 * @param {object} first connects; `{ wire, blocks, inFlight, … }`
 * @param {object} second listens
 * @param {object} [common] of both
 */
async function play (first, second, common = {}) {
  const start = plan => new Child(SCRIPT, [JSON.stringify({ blocks: 0, inFlight: 0, ...common, ...plan })], {})
  const listening = start(second)
  ends = [listening]
  const { port } = await listening.told('port')
  ends.unshift(start({ ...first, port }))
  const timer = setTimeout(() => ends.forEach(end => end.kill()), LIMIT)
  let results
  try {
    await Promise.all(ends.map(end => end.told('done')))
    // The other's wire closes with this one's.
    ends[0].process.stdin.end()
    results = await Promise.all(ends.map(end => end.told('counts')))
  } finally {
    clearTimeout(timer)
  }
  for (const end of ends) {
    expect(end.errors).toBe('')
    expect(end.all('error')).toEqual([])
  }
  const plans = [first, second]
  results.forEach(({ counts, reason }, i) => {
    const { blocks = 0 } = plans[i]
    expect(reason).toBe(null)
    expect(counts).toMatchObject({ blocks, wrong: 0, failed: {}, rejects: 0, timeouts: 0, chatOutOfOrder: 0 })
    if (common.chat) expect(counts.chat).toBeGreaterThan(10)
  })
  const { counts } = results[0]
  expect(counts.downloaded).toBe((first.blocks ?? 0) * BLOCK)
  expect(counts.uploaded).toBe((second.blocks ?? 0) * BLOCK)
  if (counts.statistics) expect(counts.statistics).toMatchObject({ refusedRequests: 0, unsolicitedPieces: 0 })
  return results.map(({ counts }) => counts)
}

const LONG = 2 * LIMIT + 30_000

describe.each(LEVELS)('%s', (_, level) => {
  test.each([['upstream', 'ours'], ['ours', 'upstream'], ['ours', 'ours']])('%s downloads from %s, with 6,000 requests in flight', async (downloading, seeding) => {
    await play({ wire: downloading, blocks: ALL, inFlight: 6000 }, { wire: seeding }, { level })
  }, LONG)

  test.each([['ours', 'upstream'], ['ours', 'ours']])('%s and %s, both ways at once, with 2,000 in flight each', async (...wires) => {
    const [first, second] = wires.map(wire => ({ wire, blocks: QUARTER, inFlight: 2000 }))
    await play(first, second, { level })
  }, LONG)

  test.each([['ours', 'ours'], ['ours', 'upstream']])('%s and %s, both ways at once, with a message of an extension each millisecond', async (...wires) => {
    const [first, second] = wires.map(wire => ({ wire, blocks: 2 * QUARTER, inFlight: 1900 }))
    await play(first, second, { level, chat: true })
  }, LONG)

  test.each([['upstream', 'ours'], ['ours', 'ours']])('%s downloads from %s, whose application answers 20 ms late', async (downloading, seeding) => {
    await play({ wire: downloading, blocks: ALL, inFlight: 6000 }, { wire: seeding, latency: 20 }, { level })
  }, LONG)
})
