'use strict'

const { Failure, cause, printable } = require('./failure')

/**
 * Runs one side of the transfer in this process, which processes.js started: takes the options
 * from the parent, gives it news, and at the end the figures or the one line that says what went
 * wrong.
 *
 * @param {(options: object, parent: { tell: (news: object) => void, gone: AbortSignal })
 *   => Promise<import('./figures').Figures>} side
 */
function runChild (side) {
  const gone = new AbortController()
  let failed = false

  const tell = (news, then) => {
    if (process.connected) process.send(news, then)
    else then?.()
  }
  const fail = (err) => {
    if (failed) return
    failed = true
    const reason = err instanceof Failure ? err.message : `${cause(err)} (in ${process.argv[1]})`
    tell({ failed: printable(reason) }, () => process.exit(1))
  }

  // Ctrl-C in a terminal reaches every process of the demo: the parent decides what it means.
  process.on('SIGINT', () => {})
  process.on('disconnect', () => gone.abort())
  process.on('uncaughtException', fail)
  process.once('message', (options) => {
    side(options, { tell, gone: gone.signal })
      .then((figures) => tell({ done: figures }, () => process.exit(0)))
      .catch(fail)
  })
}

module.exports = { runChild }
