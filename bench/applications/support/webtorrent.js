'use strict'

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { install } = require('../../../__test__/world/webtorrent/install.js')
const { Child } = require('../../support/child.js')

const NATIVE_NET = path.join(__dirname, '../../../examples/webtorrent/native-net.mjs')
const CHILD = path.join(__dirname, 'webtorrent-child.mjs')

/**
 * Starts a process with webtorrent.
 * @param {import('../../support/contenders.js').Contender} contender whose wires it has
 * @param {number} secure webtorrent's level of encryption
 * @param {boolean=} isNative whether its TCP connections are the native transport's
 * @returns {Promise<Child>}
 */
async function start (contender, secure, isNative = false) {
  const env = { SECURE: String(secure), WEBTORRENT: await install(), WIRE_MODULE: pathToFileURL(contender.file).href }
  return new Child(CHILD, [], { env, flags: isNative ? ['--import', pathToFileURL(NATIVE_NET).href] : [] })
}

module.exports = { install, start }
