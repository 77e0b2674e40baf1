'use strict'

/**
 * The messages of the wire as callers name them, with their numbers in the order in which events
 * and sending calls have them: what `DEBUG` shows of a message, in either direction.
 * @type {Record<string, string[]>}
 */
const MESSAGES = {
  'keep-alive': [],
  choke: [],
  unchoke: [],
  interested: [],
  uninterested: [],
  have: ['index'],
  bitfield: [],
  request: ['index', 'offset', 'length'],
  piece: ['index', 'offset'],
  cancel: ['index', 'offset', 'length'],
  port: ['port'],
  suggest: ['index'],
  'have-all': [],
  'have-none': [],
  reject: ['index', 'offset', 'length'],
  'allowed-fast': ['index'],
  'hash-request': [],
  hashes: [],
  'hash-reject': []
}

/** The line that tells of a message. */
function describe (name, numbers) {
  const fields = MESSAGES[name]
  if (fields.length === 1) return `${name} ${numbers[0]}`
  return [name, ...fields.map((field, i) => `${field}=${numbers[i]}`)].join(' ')
}

module.exports = { MESSAGES, describe }
