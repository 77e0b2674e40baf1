'use strict'

const { fork } = require('node:child_process')
const path = require('node:path')

/** Characters that are kept of what a child says last. */
const LAST_WORDS = 10000

/** A child process that answers one request after the other, with its own memory and event loop. */
class Child {
  /**
   * @param {string} file in this folder, or an absolute path; has to call {@link serve}
   * @param {string[]} args
   * @param {{ flags?: string[], env?: Record<string, string> }} [options] flags of Node.js; variables besides ours
   */
  constructor (file, args, { flags = [], env = {} } = {}) {
    this.process = fork(path.resolve(__dirname, file), args, {
      execArgv: ['--expose-gc', ...flags],
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc']
    })
    this.errors = ''
    this.process.stderr.on('data', text => { this.errors = (this.errors + text).slice(-LAST_WORDS) })
  }

  /**
   * Sends `request` and waits for the answer.
   * @param {any} request
   * @returns {Promise<any>}
   */
  ask (request) {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.process.off('message', onmessage)
        this.process.off('exit', onexit)
      }
      const onmessage = ({ error, answer }) => {
        done()
        if (error) reject(new Error(error))
        else resolve(answer)
      }
      const onexit = code => {
        done()
        reject(new Error(`the child process ended with ${code}: ${this.lastWords}`))
      }
      this.process.on('message', onmessage)
      this.process.on('exit', onexit)
      this.process.send(request)
    })
  }

  /** Why it ended, if it said so. */
  get lastWords () {
    return /^\w*Error.*$/m.exec(this.errors)?.[0] ?? this.errors.trim().split('\n').at(-1)
  }

  /** Ends the process. */
  close () {
    this.process.kill()
  }
}

/**
 * In a child: answers each request with what `handler` returns.
 * @param {(request: any) => Promise<any>} handler
 */
function serve (handler) {
  process.on('message', async request => {
    try {
      process.send({ answer: await handler(request) })
    } catch (err) {
      process.send({ error: err.message })
    }
  })
  process.on('disconnect', () => process.exit())
}

module.exports = { Child, serve }
