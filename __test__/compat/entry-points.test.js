'use strict'

/** Each relative, and each extension, by the name that callers use, with `require` and with `import`. */

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '../..')
const LOADER = path.join(__dirname, 'support/load-entries.js')
const { name, exports: entries } = require('../../package.json')

/** Entry points that are modules of several functions. */
const MODULES = new Set([`${name}/merkle`])

test('require and import give the same', () => {
  const paths = Object.keys(entries).map(entry => entry.slice(1)).filter(entry => entry !== '/package.json').map(entry => name + entry)
  const told = execFileSync(process.execPath, [LOADER, ...paths], { encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual(paths.map(path => [MODULES.has(path) ? 'object' : 'function', true]))
})

test('each has its types beside it', () => {
  for (const [entry, target] of Object.entries(entries)) {
    if (entry === './package.json') continue
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
    for (const file of Object.values(target)) expect(fs.existsSync(path.join(ROOT, file))).toBe(true)
  }
})

test('what callers of the originals import by name is there', () => {
  // bittorrent-wire is an ES module that was compiled: its class is the default export.
  const BitTorrentWire = require('../../compat/bittorrent-wire')
  expect(BitTorrentWire.default).toBe(BitTorrentWire)
  expect(BitTorrentWire.__esModule).toBe(true)
})
