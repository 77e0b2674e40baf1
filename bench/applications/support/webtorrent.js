'use strict'

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { install } = require('../../../__test__/world/webtorrent/install.js')
const { Child } = require('../../support/child.js')

const CHILD = path.join(__dirname, 'webtorrent-child.mjs')

/**
 * Starts a process with webtorrent.
 * @param {import('../../support/contenders.js').Contender} contender whose wires it has
 * @param {number} secure webtorrent's level of encryption
 * @returns {Promise<Child>}
 */
async function start (contender, secure) {
  const env = { SECURE: String(secure), WEBTORRENT: await install(), WIRE_MODULE: pathToFileURL(contender.file).href }
  return new Child(CHILD, [], { env })
}

module.exports = { install, start }
