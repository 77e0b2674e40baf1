'use strict'

const { MESSAGES, describe } = require('../messages.js')

/** What of the peer is told under another name than its method, or with other values. */
const LINES = {
  onHandshake: (infoHash, peerId, extensions) =>
    ['got handshake i=%s p=%s exts=%o', infoHash.toString('hex'), peerId.toString('hex'), extensions],
  onExtendedHandshake: () => ['got extended handshake'],
  onExtended: id => ['got extended message ext=%s', id],
  onUnknown: () => ['got unknown message'],
  onCryptoInfoHash: hash => ['PE: got step 3 for %s', hash.toString('hex')],
  onCryptoHandshake: method => ['PE: crypto handshake done (method %s)', method],
  onRequestWhileChoking: (...block) => [`got ${describe('request', block)} while choking`],
  onViolation: report => ['Error: %s', report?.message],
  onHaves: indices => [`got have ${indices.join(' ')}`]
}

for (const name of Object.keys(MESSAGES)) {
  const method = `on${name.replace(/(?:^|-)(.)/g, (_, letter) => letter.toUpperCase())}`
  if (name !== 'have') LINES[method] = (...numbers) => [`got ${describe(name, numbers)}`]
}

/**
 * A receiver that tells of each message before the given one applies it.
 * @param {import('./receiver.js')} receiver
 */
function logged (receiver) {
  const log = {}
  for (const [method, line] of Object.entries(LINES)) {
    log[method] = (...values) => {
      receiver.wire._debug(...line(...values))
      receiver[method](...values)
    }
  }
  return log
}

module.exports = logged
