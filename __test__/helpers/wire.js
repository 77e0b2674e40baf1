'use strict'

/**
 * The classes under test, in jest and in the child processes that some tests start.
 *
 * `WIRE_UNDER_TEST=upstream` puts bittorrent-protocol in the place of this package: what a test
 * demands of the protocol, upstream must pass as well, save where the contract differs. Any other
 * value is the file of a third one.
 */

const path = require('node:path')
const { pathToFileURL } = require('node:url')

const importOutside = globalThis.importOutside ?? (specifier => import(specifier))

const underTest = process.env.WIRE_UNDER_TEST
const upstreamUnderTest = underTest === 'upstream'

const root = path.join(__dirname, '../..')
const upstreamFile = path.join(root, 'node_modules/bittorrent-protocol/index.js')
const ourFile = upstreamUnderTest ? upstreamFile : path.resolve(root, underTest || 'index.js')

/** @returns {Promise<Function>} the class `Wire` of bittorrent-protocol */
async function loadUpstream () {
  return (await importOutside(pathToFileURL(upstreamFile).href)).default
}

/** @returns {Promise<Function>} the class `Wire` under test */
async function loadOurs () {
  return underTest ? (await importOutside(pathToFileURL(ourFile).href)).default : require('../..')
}

module.exports = {
  importOutside, loadOurs, loadUpstream, ourFile, upstreamFile, upstreamUnderTest
}
