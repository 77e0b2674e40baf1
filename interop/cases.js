'use strict'

const { Workspace } = require('./workspace')

/**
 * @typedef {object} Case
 * @property {string} name what happens, in words
 * @property {string} command the client
 * @property {boolean=} needsNamespace it runs in a network namespace only
 * @property {number=} size of the file, in bytes; 16 MiB
 * @property {(workspace: import('./workspace').Workspace)
 *   => Promise<{ hash: string, method: string, expected: string, complaints?: string[] }>} run gives
 *   the SHA-1 of the file that arrived, how the connection was encrypted, and how it should have
 *   been; and what else went wrong, in words
 */

/** A case that takes longer has failed, in milliseconds; and for each MiB. */
const TIMEOUT = 90_000
const TIMEOUT_PER_MIB = 250

/** @type {Case[]} */
const cases = ['./aria2', './transmission', './libtorrent/transfers', './libtorrent/messages'].flatMap(file => require(file).cases)

/**
 * Runs a case, and leaves nothing of it.
 *
 * @param {Case} test
 * @param {AbortSignal} signal ends it early
 * @param {{ address: string, otherAddress: string }=} addresses of us and of the client
 * @returns {Promise<{ seconds: number, method: string, size: number } | { error: string }>}
 */
async function runCase (test, signal, addresses) {
  const workspace = new Workspace({ size: test.size, ...addresses })
  const timeout = TIMEOUT + TIMEOUT_PER_MIB * workspace.size / (1 << 20)
  let timer, onAbort
  const end = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${timeout / 1000} s`)), timeout)
    onAbort = () => reject(new Error('interrupted'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
  })
  const start = performance.now()
  const run = test.run(workspace)
  run.catch(() => {}) // too late, if at all
  try {
    const { hash, method, expected, complaints = [] } = await Promise.race([run, end])
    const seconds = (performance.now() - start) / 1000
    if (hash !== workspace.hash) throw new Error('the file that arrived is another one')
    if (method !== expected) throw new Error(`it went in ${method || 'no way'}, not in ${expected}`)
    if (complaints.length > 0) throw new Error(complaints.join('; '))
    return { seconds, method, size: workspace.size }
  } catch (error) {
    const output = signal.aborted ? '' : workspace.output().trim()
    return { error: [error.message, output].filter(Boolean).join('\n') }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    await workspace.remove()
  }
}

module.exports = { cases, runCase }
