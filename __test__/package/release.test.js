'use strict'

/** What keeps a binary from being published. */

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { platformName } = require('../../lib/platform.js')
const { checkBinary, newestGlibc } = require('../../scripts/check-release.js')
const { testIf } = require('../helpers/runtime')

const ROOT = path.join(__dirname, '../..')
const OWN = path.join(ROOT, `${require('../../package.json').napi.binaryName}.${platformName()}.node`)

const hasObjdump = process.platform === 'linux' && spawnSync('objdump', ['--version']).status === 0

let folder

beforeAll(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'release-test-')) })
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** @returns {string} what is wrong with a binary in which these stand, each as a string of C; the file is FILE */
function problems (strings, platform = 'linux-x64-gnu', size = 0) {
  const file = path.join(folder, 'addon.node')
  const text = Buffer.from(`\0${strings.join('\0')}\0`, 'latin1')
  fs.writeFileSync(file, Buffer.concat([text, Buffer.alloc(Math.max(0, size - text.length))]))
  return checkBinary(file, platform).map(problem => problem.replace(path.relative(ROOT, file), 'FILE'))
}

test('one that is well', () => {
  expect(problems(['GLIBC_2.2.5', 'GLIBC_2.17', '/rustc/abc/library/core/src/str.rs', 'cargo/registry/src/x.rs'])).toEqual([])
  expect(problems(['napi_create_function'], 'linux-x64-musl')).toEqual([])
  expect(problems(['napi_create_function'], 'darwin-arm64')).toEqual([])
})

test.each([
  [['GLIBC_2.2.5', 'GLIBC_2.18'], 'FILE needs glibc 2.18, and may need 2.17'],
  [['GLIBC_2.9', 'GLIBC_2.34'], 'FILE needs glibc 2.34, and may need 2.17'],
  [['GLIBC_2.17', '.debug_info'], 'FILE has debug information'],
  ...['/home/runner/.cargo/registry/src/x.rs', '/root/project/src/lib.rs', '/Users/runner/x.rs', 'C:\\Users\\runner\\x.rs', 'D:\\a\\x\\x.rs', '/tmp/x/.cargo/registry/x.rs']
    .map(place => [['GLIBC_2.17', `${place}`], `FILE names a folder of the machine that built it: ${place} (npm run build leaves none)`])
])('%j', (strings, problem) => {
  expect(problems(strings)).toEqual([problem])
})

test('one for another C library, and one that is too large', () => {
  expect(problems(['GLIBC_2.17'], 'linux-arm64-musl')).toEqual(['FILE needs glibc, and is not for it'])
  expect(problems([], 'linux-arm64-gnu')).toEqual(['FILE needs no glibc, and is for one'])
  expect(problems(['GLIBC_2.17'], 'linux-x64-gnu', 5e6)).toEqual(['FILE has 5000000 bytes, more than 4000000'])
})

testIf(hasObjdump)('the newest glibc is that of objdump', () => {
  const listed = execFileSync('objdump', ['-T', OWN], { encoding: 'utf8' })
  const versions = [...listed.matchAll(/\(?GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => major * 1000 + Number(minor))
  const [major, minor] = newestGlibc(fs.readFileSync(OWN, 'latin1'))
  expect(major * 1000 + minor).toBe(Math.max(...versions))
})
