'use strict'

/**
 * When a request is late (D20, D21): `ms` after it was asked, or after the one before it was
 * answered, whichever is later. All on a clock of the test's own.
 */

const path = require('node:path')
const { upstreamUnderTest } = require('../helpers/wire')
const { play } = require('./support/scenario')

const CHILD = path.join(__dirname, 'timeouts/child.js')
const LATE = 'request has timed out'

/** A test that upstream fails, which is shown. */
function testOurs (title, body) {
  if (upstreamUnderTest) return
  test(title, () => body(run))
  test(`${title} — which upstream fails`, async () => {
    const onUpstream = plan => run(plan, { WIRE_UNDER_TEST: 'upstream' })
    await expect(body(onUpstream)).rejects.toThrow()
  })
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Plays a plan; gives its log, and the requests that are open at its end. It leaves no timer. */
async function run (plan, env) {
  const { uncaught, result } = await play(CHILD, 'plan', { args: [JSON.stringify(plan)], env })
  expect(uncaught).toEqual([])
  expect(result.timers).toBe(0)
  return result
}

const timeouts = log => log.filter(([, what]) => what === 'timeout').length

/** The requests that timed out, and when: to ten milliseconds, as a timer may come a little late. */
function late (log) {
  return log.filter(([, , what]) => what === LATE).map(([at, piece]) => [piece, Math.floor(at / 10) * 10])
}

test('a slow peer that answers in order is never late: eight in flight, a block every 150 ms, within 400', async () => {
  const { log } = await run({
    timeout: 400,
    steps: [[0, 'ask', ...numbers(1, 8)], ...numbers(1, 8).map(i => [150 * i, 'block', i])],
    end: 5000
  })
  expect(log).toEqual(numbers(1, 8).map(i => [150 * i, i, 'block']))
})

test('nor with as many in flight all the time', async () => {
  const steps = [[0, 'ask', ...numbers(1, 8)]]
  for (let i = 1; i <= 100; i++) steps.push([390 * i, 'block', i], [390 * i, 'ask', i + 8])
  const { log, open } = await run({ timeout: 400, steps, end: 390 * 100 + 300 })
  expect(timeouts(log)).toBe(0)
  expect(open.sort((a, b) => a - b)).toEqual(numbers(101, 108))
})

test('nor where its blocks come by the chunk', async () => {
  const steps = [[0, 'ask', ...numbers(1, 64)]]
  for (let i = 0; i < 8; i++) steps.push([390 * (i + 1), 'block', ...numbers(8 * i + 1, 8 * i + 8)])
  const { log } = await run({ timeout: 400, steps, end: 10_000 })
  expect(timeouts(log)).toBe(0)
  expect(log).toHaveLength(64)
})

// Upstream times the first of the list out, whoever that is by then, and puts it off at each block.
testOurs('a request that is passed over is late, and no other', async run => {
  const { log, open } = await run({
    timeout: 400,
    steps: [[0, 'ask', 1, 2, 3, 4, 5, 6], [100, 'block', 1], [250, 'block', 3], [400, 'block', 4], [450, 'ask', 7], [700, 'block', 5]],
    end: 1000
  })
  expect(late(log)).toEqual([[2, 500]])
  expect(timeouts(log)).toBe(1)
  expect(open.sort()).toEqual([6, 7])
})

testOurs('the first is passed over: it is late all the same', async run => {
  const steps = [[0, 'ask', ...numbers(1, 10)]]
  for (let i = 2; i <= 10; i++) steps.push([100 * (i - 1), 'block', i])
  const { log } = await run({ timeout: 400, steps, end: 5000 })
  expect(late(log)).toEqual([[1, 400]])
})

testOurs('a silent peer: all of them time out together, oldest first', async run => {
  const { log, open } = await run({ timeout: 400, steps: [[0, 'ask', ...numbers(1, 20)]], end: 500 })
  expect(late(log)).toEqual(numbers(1, 20).map(i => [i, 400]))
  expect(timeouts(log)).toBe(20)
  expect(open).toEqual([])
})

testOurs('a peer that falls silent: all that is left times out together, after its last block', async run => {
  const { log, open } = await run({
    timeout: 400,
    steps: [[0, 'ask', ...numbers(1, 10)], [150, 'block', 1], [300, 'block', 2], [450, 'block', 3]],
    end: 900
  })
  expect(late(log)).toEqual(numbers(4, 10).map(i => [i, 850]))
  expect(open).toEqual([])
})

testOurs('those that were asked for later are late later', async run => {
  const { log } = await run({ timeout: 400, steps: [[0, 'ask', 1, 2], [300, 'ask', 3, 4]], end: 2000 })
  expect(late(log)).toEqual([[1, 400], [2, 400], [3, 700], [4, 700]])
})

testOurs('a choke with the fast extension puts nothing off', async run => {
  const { log } = await run({ timeout: 400, steps: [[0, 'ask', 1, 2, 3], [200, 'choke']], end: 2000 })
  expect(late(log)).toEqual([1, 2, 3].map(i => [i, 400]))
})

test('each event follows its callback', async () => {
  const { log } = await run({ timeout: 100, steps: [[0, 'ask', 1]], end: 200 })
  expect(log.map(([, ...what]) => what)).toEqual([[1, LATE], ['timeout']])
})

describe('setTimeout takes any number, as 5.0.9 does', () => {
  // A time that Node.js does not have is 1 ms there.
  test.each([[1500, 1500], [1500.5, 1500], [-1, 1], ['Infinity', 1]])('%p', async (timeout, expected) => {
    const { log } = await run({ timeout, steps: [[0, 'ask', 1]], end: 10_000 })
    expect(log.map(([, ...what]) => what)).toEqual([[1, LATE], ['timeout']])
    const [[at]] = log
    expect(at).toBeGreaterThanOrEqual(expected)
    expect(at).toBeLessThan(expected + 2)
  })

  test.each([[0], ['NaN'], ['undefined']])('%p is no limit, and ends one', async timeout => {
    const { log, open } = await run({ timeout: 500, steps: [[0, 'ask', 1], [100, 'setTimeout', timeout], [100, 'ask', 2]], end: 1e6 })
    expect(log).toEqual([])
    expect(open).toEqual([1, 2])
  })
})
