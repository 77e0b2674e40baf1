'use strict'

/**
 * Whether a peer takes messages of an extension. It may not map it, or have switched it off since
 * (BEP 10), and `wire.extended` throws then: from a timer, or where a message of the peer is answered,
 * that must not be.
 *
 * @param {import('../..')} wire
 * @param {string} name of the extension
 */
function peerSpeaks (wire, name) {
  const { peerExtendedMapping } = wire
  return peerExtendedMapping === undefined || peerExtendedMapping[name] > 0
}

module.exports = peerSpeaks
