'use strict'

/**
 * @param {boolean} isNative
 * @returns {typeof import('node:net')} whose sockets the peers use: the native transport's, or those
 *   of Node.js
 */
function transport (isNative) {
  return isNative ? require('../../net') : require('node:net')
}

module.exports = { transport }
