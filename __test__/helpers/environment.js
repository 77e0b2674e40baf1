'use strict'

const { TestEnvironment } = require('jest-environment-node')

/**
 * jest's own environment and one function more: `importOutside(specifier)`, an `import()` done by
 * Node.js itself. Test files run inside a `vm` context, where `import()` of an ECMAScript module
 * (bittorrent-protocol and the extension packages have no other form) needs an experimental flag.
 */
class Environment extends TestEnvironment {
  constructor (config, context) {
    super(config, context)
    this.global.importOutside = specifier => import(specifier)
  }
}

module.exports = Environment
