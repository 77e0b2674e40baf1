'use strict'

const { Failure, cause } = require('./failure')
const { transport } = require('./transport')

/**
 * @param {string} host
 * @param {number} port
 * @param {object} options
 * @param {number} options.timeout in milliseconds
 * @param {AbortSignal} [options.signal]
 * @param {boolean} [options.native] by the native transport
 * @returns {Promise<import('node:net').Socket>} connected
 * @throws {Failure}
 */
function connect (host, port, { timeout, signal, native = false }) {
  const peer = addressOf(host, port)
  return new Promise((resolve, reject) => {
    const socket = transport(native).createConnection({ host, port, noDelay: true })
    const fail = (why) => {
      socket.destroy()
      reject(new Failure(`cannot connect to ${peer}: ${why}`))
    }
    const interrupted = () => fail('interrupted')
    signal?.addEventListener('abort', interrupted)
    socket.setTimeout(timeout, () => fail('no answer'))
    // Several addresses of one name fail together, as an AggregateError.
    socket.once('error', (err) => fail(cause(err.errors?.[0] ?? err)))
    socket.once('connect', () => {
      signal?.removeEventListener('abort', interrupted)
      socket.removeAllListeners('error')
      socket.removeAllListeners('timeout')
      socket.setTimeout(0)
      resolve(socket)
    })
  })
}

/** @returns {string} as users write it */
function addressOf (host, port) {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

module.exports = { connect, addressOf }
