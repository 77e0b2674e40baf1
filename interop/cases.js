'use strict'

const { Workspace } = require('./workspace')

/**
 * @typedef {object} Case
 * @property {string} name what happens, in words
 * @property {string} command the client
 * @property {boolean=} needsNamespace it runs in a network namespace only
 * @property {(workspace: import('./workspace').Workspace)
 *   => Promise<{ hash: string, method: string, expected: string }>} run gives the SHA-1 of the file
 *   that arrived, how the connection was encrypted, and how it should have been
 */

/** A case that takes longer has failed, in milliseconds. */
const TIMEOUT = 90_000

/** @type {Case[]} */
const cases = [...require('./aria2').cases, ...require('./transmission').cases]

/**
 * Runs a case, and leaves nothing of it.
 *
 * @param {Case} test
 * @param {AbortSignal} signal ends it early
 * @param {...string} addresses of us and of the client
 * @returns {Promise<{ seconds: number, method: string } | { error: string }>}
 */
async function runCase (test, signal, ...addresses) {
  const workspace = new Workspace(...addresses)
  let timer, onAbort
  const end = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TIMEOUT / 1000} s`)), TIMEOUT)
    onAbort = () => reject(new Error('interrupted'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
  })
  const start = performance.now()
  const run = test.run(workspace)
  run.catch(() => {}) // too late, if at all
  try {
    const { hash, method, expected } = await Promise.race([run, end])
    const seconds = (performance.now() - start) / 1000
    if (hash !== workspace.hash) throw new Error('the file that arrived is another one')
    if (method !== expected) throw new Error(`it went in ${method || 'no way'}, not in ${expected}`)
    return { seconds, method }
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
