'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const { Failure } = require('./failure')

/** How long a process may take to clean up before it is ended, in milliseconds. */
const GRACE = 3000

/** A process that runs seeder.js or leecher.js (see child.js). */
class Side {
  /**
   * @param {'seeder'|'leecher'} name
   * @param {object} options for it
   * @param {(news: object) => void} [onNews] gets what it tells while it runs
   */
  constructor (name, options, onNews = () => {}) {
    this.child = fork(path.join(__dirname, `${name}.js`))
    /** Settles with the side's figures, or the Failure that it told. */
    this.done = new Promise((resolve, reject) => {
      this.child.on('message', (news) => {
        if (news.done) resolve(news.done)
        else if (news.failed) reject(new Failure(news.failed))
        else onNews(news)
      })
      this.child.on('error', (err) => reject(new Failure(`cannot start the ${name}: ${err.message}`)))
      this.child.on('exit', (code, signal) => reject(new Failure(`the ${name} ended early (${signal ?? `exit status ${code}`})`)))
    })
    this.done.catch(() => {}) // whoever waits for it hears of it all the same
    this.child.send(options)
  }

  get pid () {
    return this.child.pid
  }

  /** @returns {Promise<object>} the next news, or the failure that comes instead */
  news () {
    return Promise.race([once(this.child, 'message').then(([news]) => news), this.done])
  }

  /** Waits until the process is gone; asks it to go if it still has work. */
  async stop () {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const exit = once(child, 'exit')
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE)
    await exit
    clearTimeout(timer)
  }
}

module.exports = { Side }
