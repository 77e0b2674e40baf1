'use strict'

const { TestEnvironment } = require('jest-environment-node')

/** How many times as long as usual a test may take: an emulated processor is slow. */
const PATIENCE = Number(process.env.TEST_PATIENCE || 1)

/** jest's own, where a test names none. */
const TIMEOUT = 5000

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

  handleTestEvent ({ name, test, hook }) {
    const timed = name === 'test_start' ? test : name === 'hook_start' ? hook : null
    if (timed === null || PATIENCE === 1 || timed.isPatient) return
    timed.timeout = (timed.timeout ?? TIMEOUT) * PATIENCE
    timed.isPatient = true
  }
}

module.exports = Environment
