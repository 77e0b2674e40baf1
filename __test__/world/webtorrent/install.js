'use strict'

const path = require('node:path')
const installer = require('../../helpers/install')

/** @returns {Promise<string>} the file of webtorrent to import */
async function install () {
  return path.join(await installer.install(__dirname), 'node_modules/webtorrent/index.js')
}

module.exports = { install }
