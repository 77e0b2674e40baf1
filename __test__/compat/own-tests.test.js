'use strict'

/** The tests that come with peer-wire-protocol, on its relative here. */

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const ORIGINAL = require.resolve('peer-wire-protocol')
const TESTS = path.join(path.dirname(ORIGINAL), 'tests')
const PRELOADED = path.join(__dirname, 'support/instead.js')

const files = fs.readdirSync(TESTS).filter(name => name.startsWith('test-'))

test.each(files)('%s', async name => {
  await promisify(execFile)(process.execPath, ['--require', PRELOADED, path.join(TESTS, name)], {
    env: { ...process.env, ORIGINAL, WIRE_MODULE: path.join(__dirname, '../../compat/peer-wire-protocol.js') },
    timeout: 20_000
  })
}, 30_000)
