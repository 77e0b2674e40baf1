'use strict'

const path = require('node:path')
const { pathToFileURL } = require('node:url')

/**
 * @typedef {object} Contender
 * @property {string} name as in tables and `--contender`
 * @property {string} label what exactly it is
 * @property {string} file its module, for processes of their own
 * @property {boolean} encrypts whether it knows MSE
 * @property {(type?: string, peEnabled?: number) => import('stream').Duplex} make a new wire
 */

const ROOT = path.join(__dirname, '..', '..')

/**
 * The file of a package or of a folder, be it CommonJS or an ES module.
 * @param {string} specifier a package, or a path relative to the working directory
 * @returns {string}
 */
function resolve (specifier) {
  return require.resolve(/^[./]/.test(specifier) ? path.resolve(specifier) : path.join(ROOT, 'node_modules', specifier))
}

/**
 * Everybody who takes part. `BENCH_OURS` puts another module in the place of this package.
 * @param {string[]} [names] only these
 * @returns {Promise<Contender[]>}
 */
async function contenders (names = ['ours', 'upstream', 'peer-wire-protocol']) {
  const all = {
    ours: async () => {
      const file = resolve(process.env.BENCH_OURS || ROOT)
      const Wire = await load(file)
      const label = process.env.BENCH_OURS || 'this package'
      return { label, file, encrypts: true, make: (type, peEnabled) => new Wire(type, peEnabled) }
    },
    upstream: async () => {
      const file = resolve('bittorrent-protocol')
      const Wire = await load(file)
      return { label: 'bittorrent-protocol 5.0.9', file, encrypts: true, make: (type, peEnabled) => new Wire(type, peEnabled) }
    },
    'peer-wire-protocol': async () => {
      const file = resolve('peer-wire-protocol')
      const wire = await load(file)
      return { label: 'peer-wire-protocol 0.7.1', file, encrypts: false, make: () => wire() }
    }
  }
  const unknown = names.find(name => !Object.hasOwn(all, name))
  if (unknown) throw new Error(`no contender is called ${unknown}: ${Object.keys(all).join(', ')}`)
  return Promise.all(names.map(async name => ({ name, ...await all[name]() })))
}

/** What a module exports. */
async function load (file) {
  return (await import(pathToFileURL(file))).default
}

module.exports = { contenders }
