'use strict'

/** Electron's one rule for addons beyond Node.js's: no buffer is made over memory that is not V8's. */

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { hasV8Natives, isEmulated, testIf } = require('./helpers/runtime')

const SESSION = path.join(__dirname, 'electron/session.js')

/** A C compiler for this very platform, a linker that lets libraries go before, and V8 as Electron has it. */
const canShim = process.platform === 'linux' && !isEmulated && hasV8Natives && spawnSync('cc', ['--version']).status === 0

let folder

beforeAll(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'electron-test-')) })
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** @returns {string} the library that is made from a file of electron/ */
function compile (name, suffix) {
  const library = path.join(folder, name + suffix)
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, path.join(__dirname, `electron/${name}.c`)])
  return library
}

/** Runs a script as in Electron. */
function run (args) {
  const env = { ...process.env, LD_PRELOAD: compile('no-external-buffers', '.so') }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  return [status, stderr, stdout]
}

testIf(canShim)('a session makes no external buffer', () => {
  expect(run([SESSION])).toEqual([0, '', '[true,true,true,true,"forbidden"]\n'])
})

testIf(canShim)('an addon that makes one is found', () => {
  const script = path.join(folder, 'make.js')
  fs.writeFileSync(script, `console.log(require(${JSON.stringify(compile('external-buffer', '.node'))}))`)
  expect(run([script])).toEqual([86, 'an external buffer: not allowed in Electron\n', ''])
})
