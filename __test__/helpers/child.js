'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { createInterface } = require('node:readline')

/**
 * A script in a process of its own; what it tells, a line of JSON each, can be waited for.
 */
class Child {
  /**
   * @param {string} script
   * @param {string[]} args
   * @param {Object<string, string>} env besides that of this process
   */
  constructor (script, args, env) {
    this.script = script
    this.lines = []
    this.errors = ''
    this.process = spawn(process.execPath, [script, ...args], { env: { ...process.env, ...env } })
    this.output = createInterface({ input: this.process.stdout })
    this.output.on('line', line => this.lines.push(JSON.parse(line)))
    this.process.stderr.on('data', text => { this.errors += text })
    this.exit = once(this.process, 'close')
  }

  /** @returns {object[]} the lines so far that have this key */
  all (key) {
    return this.lines.filter(line => key in line)
  }

  /** @returns {Promise<object>} the first line with this key */
  async told (key) {
    for (let ended = false; this.all(key).length === 0 && !ended;) {
      ended = await Promise.race([once(this.output, 'line').then(() => false), this.exit.then(() => true)])
    }
    if (this.all(key).length === 0) throw new Error(`${this.script} ended before it told "${key}"\n${this.errors}`)
    return this.all(key)[0]
  }

  /** Waits for a good end. */
  async exited () {
    const [code, signal] = await this.exit
    if (code !== 0) throw new Error(`${this.script} exited with ${code ?? signal}\n${this.errors}`)
  }

  /** Ends it, if it has not ended by itself. */
  kill () {
    if (this.process.exitCode === null) this.process.kill('SIGKILL')
  }
}

module.exports = Child
