'use strict'

const { randomBytes } = require('node:crypto')

/** @returns {string} a fresh peer id in hex, with the program's name in front as is custom (BEP 20) */
function peerId () {
  return Buffer.concat([Buffer.from('-BN0100-'), randomBytes(12)]).toString('hex')
}

module.exports = { peerId }
