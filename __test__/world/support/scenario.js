'use strict'

const { execFile } = require('node:child_process')
const { promisify } = require('node:util')

/** A scenario with more uncaught exceptions than this goes on with them for ever. */
const MOST_UNCAUGHT = 20

/** How many times as long as usual a test may take, as in ../../helpers/environment.js. */
const PATIENCE = Number(process.env.TEST_PATIENCE || 1)

/**
 * Plays a scenario of a script that ends with `runScenarios`, in a process of its own, which is
 * killed where it hangs.
 *
 * @param {string} script its file
 * @param {string} name of the scenario
 * @param {object} [options]
 * @param {string[]} [options.args] for the scenario
 * @param {string[]} [options.flags] of Node.js
 * @param {Object<string, string>} [options.env] besides that of this process
 * @param {number} [options.seconds] it has so long
 * @returns {Promise<{ uncaught: string[], result: any }>} what was thrown to nobody, and what the
 *   scenario gave
 */
async function play (script, name, { args = [], flags = [], env = {}, seconds = 20 * PATIENCE } = {}) {
  const command = [...flags, script, name, ...args]
  const options = { env: { ...process.env, ...env }, timeout: seconds * 1000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 }
  const { stdout } = await promisify(execFile)(process.execPath, command, options).catch(error => {
    if (error.killed) error.message = `"${name}" did not end within ${seconds} s`
    throw error
  })
  return JSON.parse(stdout)
}

/**
 * For the script: runs the scenario that it is called with, if it is the main one, and prints what
 * came of it once the process has nothing left to do.
 *
 * @param {NodeModule} module of the script
 * @param {Object<string, (...args: string[]) => Promise<any>>} scenarios
 */
function runScenarios (module, scenarios) {
  if (require.main !== module) return
  const [name, ...args] = process.argv.slice(2)
  const report = { uncaught: [], result: null }
  const note = error => {
    report.uncaught.push(`${error?.message ?? error}`)
    if (report.uncaught.length > MOST_UNCAUGHT) process.exit()
  }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  process.on('exit', () => process.stdout.write(JSON.stringify(report)))
  scenarios[name](...args).then(result => { report.result = result })
}

module.exports = { play, runScenarios }
