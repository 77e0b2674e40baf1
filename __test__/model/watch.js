'use strict'

const { writeSync } = require('node:fs')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')

/** So many seconds of the processor for one turn of the event loop: it does not end. */
const MOST_SECONDS = 20
const INTERVAL = 500

/**
 * Ends the process if its event loop stands still: a microtask or a tick that starts itself again
 * leaves nobody else to notice. Only the time counts that the process is given.
 */
class Watch {
  constructor () {
    this.turns = new Int32Array(new SharedArrayBuffer(4))
    this.worker = new Worker(__filename, { workerData: this.turns.buffer })
    this.worker.unref()
  }

  /** @param {string} what is played now */
  begin (what) {
    this.worker.postMessage(what)
  }

  beat () {
    Atomics.add(this.turns, 0, 1)
  }

  end () {
    this.worker.terminate()
  }
}

function watch () {
  const turns = new Int32Array(workerData)
  let what = ''
  let last = 0
  let since = process.cpuUsage()
  parentPort.on('message', text => { what = text })
  setInterval(() => {
    const now = Atomics.load(turns, 0)
    const { user, system } = process.cpuUsage(since)
    if (now !== last) {
      last = now
      since = process.cpuUsage()
    } else if ((user + system) / 1e6 > MOST_SECONDS) {
      writeSync(2, `the event loop stands still: ${what}\n`)
      process.kill(process.pid, 'SIGKILL')
    }
  }, INTERVAL)
}

if (!isMainThread) watch()

module.exports = { Watch }
