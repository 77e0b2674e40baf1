'use strict'

const { loadOurs, loadUpstream, upstreamUnderTest } = require('../../helpers/wire')
const { runChild } = require('./child')

/**
 * A test of a row of the table of hostile peers, run against this package; and, to show that it
 * can fail, against bittorrent-protocol 5.0.9, where it must.
 *
 * @param {string} title begins with the row's id
 * @param {(Wire: Function) => *} body
 * @param {object} [options]
 * @param {boolean} [options.upstreamFails] false where upstream passes as well, or would take the
 *   test's process with it; default true
 */
function row (title, body, { upstreamFails = true } = {}) {
  test(title, async () => body(await loadOurs()))
  if (!upstreamFails || upstreamUnderTest) return
  test(`${title} — which upstream fails`, async () => {
    const Upstream = await loadUpstream()
    let failure = null
    try {
      await body(Upstream)
    } catch (error) {
      failure = error
    }
    expect(failure).not.toBe(null)
  })
}

/**
 * The same for an attack that may take the process with it: a function of `attacks.js`, run in a
 * child process, which must end well within `seconds`.
 *
 * @param {string} title begins with the row's id
 * @param {string} attack
 * @param {object} [options]
 * @param {(result: any) => void} [options.check] of what the attack resolves to
 * @param {number} [options.seconds]
 * @param {number} [options.upstreamSeconds] after how many upstream counts as hanging
 * @param {boolean} [options.upstreamFails]
 */
function childRow (title, attack, options = {}) {
  const { check = () => {}, seconds = 60, upstreamSeconds = 3, upstreamFails = true } = options
  test(title, async () => {
    const { failure, result } = await runChild(upstreamUnderTest ? 'upstream' : 'ours', attack, { seconds })
    expect(failure).toBe(null)
    check(result)
  }, (seconds + 30) * 1000)
  if (!upstreamFails || upstreamUnderTest) return
  test(`${title} — which upstream fails`, async () => {
    const { failure, result } = await runChild('upstream', attack, { seconds: upstreamSeconds })
    if (failure === null) expect(() => check(result)).toThrow()
  }, 60_000)
}

module.exports = { row, childRow }
