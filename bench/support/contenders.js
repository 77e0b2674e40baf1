'use strict'

const path = require('node:path')

/**
 * @typedef {object} Contender
 * @property {string} name as in tables and `--contender`
 * @property {string} label what exactly it is
 * @property {boolean} encrypts whether it knows MSE
 * @property {(type?: string, peEnabled?: number) => import('stream').Duplex} make a new wire
 */

/**
 * Loads what `specifier` names: a CommonJS package or file, or an ES module.
 * @param {string} specifier a package, or a path relative to the working directory
 * @returns {Promise<Function>} the class that it exports
 */
async function load (specifier) {
  const target = /^[./]/.test(specifier) ? path.resolve(specifier) : specifier
  try {
    return require(target)
  } catch (err) {
    if (err.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED' && err.code !== 'ERR_REQUIRE_ESM') throw err
    return (await import(target)).default
  }
}

/**
 * Everybody who takes part. `BENCH_OURS` puts another module in the place of this package.
 * @param {string[]} [names] only these
 * @returns {Promise<Contender[]>}
 */
async function contenders (names = ['ours', 'upstream', 'peer-wire-protocol']) {
  const all = {
    ours: async () => {
      const specifier = process.env.BENCH_OURS || path.join(__dirname, '..', '..')
      const Wire = await load(specifier)
      const label = process.env.BENCH_OURS || 'this package'
      return { label, encrypts: true, make: (type, peEnabled) => new Wire(type, peEnabled) }
    },
    upstream: async () => {
      const Wire = await load('bittorrent-protocol')
      return { label: 'bittorrent-protocol 5.0.9', encrypts: true, make: (type, peEnabled) => new Wire(type, peEnabled) }
    },
    'peer-wire-protocol': async () => {
      const wire = await load('peer-wire-protocol')
      return { label: 'peer-wire-protocol 0.7.1', encrypts: false, make: () => wire() }
    }
  }
  const unknown = names.find(name => !Object.hasOwn(all, name))
  if (unknown) throw new Error(`no contender is called ${unknown}: ${Object.keys(all).join(', ')}`)
  return Promise.all(names.map(async name => ({ name, ...await all[name]() })))
}

module.exports = { contenders }
