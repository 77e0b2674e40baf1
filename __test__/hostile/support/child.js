'use strict'

const { fork } = require('node:child_process')
const path = require('node:path')

/**
 * Runs a function of `attacks.js` in a process of its own.
 *
 * @param {'ours' | 'upstream'} which
 * @param {string} attack
 * @param {object} options
 * @param {number} options.seconds it has so long
 * @returns {Promise<{ failure: string | null, result: any }>} `failure` says how the process died
 */
function runChild (which, attack, { seconds }) {
  const child = fork(path.join(__dirname, 'attacked.js'), [which, attack], {
    execArgv: ['--expose-gc', '--max-old-space-size=512'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A core file of a process that dies as expected helps nobody.
    env: { ...process.env, NODE_OPTIONS: '', MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '65536' }
  })
  return new Promise(resolve => {
    let result
    let stderr = ''
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, seconds * 1000)
    child.on('message', message => { result = message })
    child.stderr.on('data', chunk => { stderr += chunk })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      let failure = null
      if (isLate) failure = `did not end within ${seconds} s`
      else if (code !== 0) failure = `ended with ${signal ?? code}: ${stderr.slice(0, 2000)}`
      resolve({ failure, result })
    })
  })
}

module.exports = { runChild }
