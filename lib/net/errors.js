'use strict'

const { getSystemErrorMap } = require('node:util')

/** What the system says of errors, by their names. @type {Map<string, { errno: number, text: string }> | null} */
let byCode = null

function describe (code) {
  byCode ??= new Map(Array.from(getSystemErrorMap(), ([errno, [name, text]]) => [name, { errno, text }]))
  return byCode.get(code)
}

/**
 * An error of a socket, as Node.js has it.
 * @param {{ syscall: string, code?: string, number?: number, message: string }} fault as the transport
 *   tells of it
 * @param {{ address?: string, port?: number }=} where the peer's address, or that to listen at
 * @returns {NodeJS.ErrnoException}
 */
function socketError ({ syscall, code, number, message }, where = undefined) {
  const name = code ?? getSystemErrorMap().get(-number)?.[0] ?? 'UNKNOWN'
  const known = describe(name)
  const place = where?.address === undefined ? '' : ` ${where.address}:${where.port}`
  const text = syscall === 'listen' || known === undefined ? `: ${known?.text ?? message}` : ''
  const error = new Error(`${syscall} ${name}${text}${place}`)
  return Object.assign(error, { errno: known?.errno ?? (number === undefined ? undefined : -number), code: name, syscall }, place && { ...where })
}

/** The connection took longer than its caller wants to wait. */
function timeoutError (where) {
  return socketError({ syscall: 'connect', code: 'ETIMEDOUT', message: '' }, where)
}

/** What `signal` of the caller says. */
function abortError (signal) {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}

/** What the system says of an error, by its name. */
function textOf (code) {
  return describe(code)?.text
}

module.exports = { socketError, textOf, timeoutError, abortError }
