'use strict'

const { parseArgs } = require('node:util')

const { Failure, printable } = require('./demo/failure')

/**
 * Runs an example: prints its usage, or the one line that says what went wrong.
 *
 * @param {NodeModule} module that calls; nothing happens when it was required by another
 * @param {object} options
 * @param {string} options.usage
 * @param {import('node:util').ParseArgsConfig['options']} [options.options]
 * @param {number[]} options.arguments how many there may be, least and most
 * @param {(values: object, positionals: string[], signal: AbortSignal) => Promise<void>} options.run
 *   the signal tells of Ctrl-C
 */
async function program (module, { usage, options = {}, arguments: [least, most], run }) {
  if (require.main !== module) return
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  try {
    const { values, positionals } = parse({ ...options, help: { type: 'boolean', short: 'h' } })
    if (values.help) return console.log(usage)
    if (positionals.length < least || positionals.length > most) throw new Failure(`give what it needs\n\n${usage}`)
    await run(values, positionals, interrupted.signal)
  } catch (err) {
    if (!(err instanceof Failure)) throw err
    const [first, ...rest] = err.message.split('\n\n')
    console.error([`${process.argv[1]}: ${printable(first)}`, ...rest].join('\n\n'))
    process.exitCode = 1
  }
}

function parse (options) {
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (err) {
    throw new Failure(`${err.message.split('. ')[0]}; --help lists the options`)
  }
}

/** @returns {number} a port, or 0 for any that is free */
function parsePort (text) {
  if (!/^\d+$/.test(text) || Number(text) > 65535) throw new Failure(`--port wants a number from 0 to 65535, not ${text}`)
  return Number(text)
}

/** @returns {number} milliseconds */
function parseSeconds (text) {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 86400)) throw new Failure(`--timeout wants seconds, up to 86400, not ${text}`)
  return seconds * 1000
}

/** @returns {string} in lower case */
function parseInfoHash (text) {
  if (!/^[0-9a-f]{40}$/i.test(text)) throw new Failure(`an info hash has 40 hexadecimal digits, unlike ${text}`)
  return text.toLowerCase()
}

module.exports = { program, parsePort, parseSeconds, parseInfoHash }
