'use strict'

/**
 * The tests that come with ut_metadata, ut_pex and lt_donthave, on ours: on our wire, and on upstream's.
 * `node __test__/extensions/support/suites.js` fetches them.
 */

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { promisify } = require('node:util')
const { install } = require('../helpers/install')
const { ourFile, upstreamFile } = require('../helpers/wire')
const { suites } = require('./support/suites')

const WIRES = { ours: ourFile, upstream: upstreamFile }
/** What each test imports as `../index.js`. */
const INDEX = 'const { default: extension } = await import(process.env.EXTENSION)\nexport default extension\n'

let installed

beforeAll(async () => {
  installed = await install(path.join(__dirname, 'own-tests'))
}, 300_000)

for (const { name, file, place, isThere } of suites()) {
  // Tests use no network: what was not fetched is counted as skipped.
  const testIt = isThere ? test : test.skip
  testIt.each(Object.entries(WIRES))(`${name} ${file} on the wire of %s`, async (whose, wire) => {
    const folder = fs.mkdtempSync(path.join(installed, `${name}-`))
    try {
      fs.writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
      fs.writeFileSync(path.join(folder, 'index.js'), INDEX)
      fs.mkdirSync(path.join(folder, 'test'))
      fs.copyFileSync(place, path.join(folder, 'test', file))
      const { stdout } = await promisify(execFile)(process.execPath, [path.join(folder, 'test', file)], {
        env: {
          ...process.env,
          EXTENSION: pathToFileURL(path.join(__dirname, `../../extensions/${name}.js`)).href,
          WIRE_MODULE: pathToFileURL(wire).href
        },
        timeout: 20_000
      })
      expect(stdout).toMatch(/^# pass +[1-9]\d*$/m)
      expect(stdout).not.toMatch(/^(not ok|# fail)/m)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  }, 30_000)
}
