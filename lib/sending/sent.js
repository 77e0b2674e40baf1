'use strict'

const { isDebugging } = require('../debug.js')
const { describe } = require('../messages.js')
const { kInbound, kIsFinished, kOutbound } = require('../symbols.js')

/**
 * To be called after a message was given to the engine.
 * @param {import('../wire.js')} wire
 * @param {boolean} isThere whether the engine has the wire
 * @param {string} name of the message, with its numbers for the log
 */
function sent (wire, isThere, name, a, b, c) {
  if (isDebugging()) wire._debug(describe(name, [a, b, c]))
  if (isThere) wire[kOutbound].schedule()
  else if (!wire[kIsFinished]) wire[kInbound].resumeLater()
}

module.exports = sent
