'use strict'

/**
 * The classes under test, in jest and in the child processes that some tests start.
 *
 * `WIRE_UNDER_TEST=upstream` puts bittorrent-protocol in the place of this package: what a test
 * demands of the protocol, upstream must pass as well, save where the contract differs.
 */
const importOutside = globalThis.importOutside ?? (specifier => import(specifier))

const upstreamUnderTest = process.env.WIRE_UNDER_TEST === 'upstream'

/** @returns {Promise<Function>} the class `Wire` of bittorrent-protocol */
async function loadUpstream () {
  return (await importOutside('bittorrent-protocol')).default
}

/** @returns {Promise<Function>} the class `Wire` under test */
async function loadOurs () {
  return upstreamUnderTest ? loadUpstream() : require('../..')
}

module.exports = { importOutside, loadOurs, loadUpstream, upstreamUnderTest }
