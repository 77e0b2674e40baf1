'use strict'

/** What a user is told where no native addon loads. */

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { PLATFORMS, platformName } = require('../../lib/platform.js')

const ROOT = path.join(__dirname, '../..')
const { name, version } = require('../../package.json')

// A process for each of several steps, on a busy machine.
jest.setTimeout(60_000)

let folder

beforeAll(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'load test-')) })
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** @returns {string} the message with which the package cannot be loaded in a fresh process */
function failure (root, script = '') {
  const program = `
    ${script}
    try { require(${JSON.stringify(root)}) } catch (err) { console.log(JSON.stringify([err.code, err.message])) }`
  const [code, message] = JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }))
  expect(code).toBe('ERR_NO_NATIVE_ADDON')
  return message
}

/** @returns {string} a program that makes the process think that it runs elsewhere */
function elsewhere (platform, arch, isMusl = false) {
  return `
    Object.defineProperty(process, 'platform', { value: '${platform}' })
    Object.defineProperty(process, 'arch', { value: '${arch}' })
    process.report.getReport = () => ({ header: ${isMusl ? '{}' : '{ glibcVersionRuntime: "2.36" }'} })`
}

test('a platform without a binary: its name, what was tried, how to build', () => {
  expect(failure(ROOT, elsewhere('linux', 'riscv64'))).toBe(
    `bittorrent-protocol-native found no native addon that loads here: linux-riscv64-gnu, Node.js ${process.version}.

What was tried:
  - Cannot find module './bittorrent-protocol-native.linux-riscv64-gnu.node'
  - Cannot find module 'bittorrent-protocol-native-linux-riscv64-gnu'
  - Cannot find module '../bittorrent-protocol-native.node'

There is no binary for this platform, but it can be built from source:
with Rust 1.88 or later (https://rustup.rs) and a C linker, run

  node ${path.join(ROOT, 'scripts/build-from-source.js')}`)
})

test('a system that the generated loader does not know', () => {
  expect(failure(ROOT, elsewhere('sunos', 'x64'))).toMatch(/: sunos-x64,[^]*- Unsupported OS: sunos, architecture: x64\n/)
})

test.each([
  ['linux', 'arm', false, 'linux-arm-gnueabihf'],
  ['win32', 'arm64', false, 'win32-arm64-msvc'],
  ['freebsd', 'x64', false, 'freebsd-x64']
])('a platform whose binary was not installed: %s %s', (system, arch, isMusl, platform) => {
  const message = failure(ROOT, elsewhere(system, arch, isMusl))
  expect(message).toContain(`\n  - Cannot find module '${name}-${platform}'\n`)
  expect(message).toContain(`\n  npm install ${name}-${platform}@${version}\n`)
  expect(message).toContain('To build it from source instead,\nwith Rust 1.88')
})

test('a binary that does not load', () => {
  const root = path.join(folder, 'package')
  for (const file of ['package.json', 'index.js', 'binding.js', 'lib']) {
    fs.cpSync(path.join(ROOT, file), path.join(root, file), { recursive: true })
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'))
  const addon = path.join(root, `${name}.${platformName()}.node`)
  fs.writeFileSync(addon, 'no library')

  const message = failure(root)
  expect(message).toContain(`\n  - ${addon}: `)
  expect(message).toContain(`  node "${path.join(root, 'scripts/build-from-source.js')}"`) // its path has a space
})

test('the platforms are those of package.json, and each has its folder', () => {
  const { napi } = require('../../package.json')
  expect(fs.readdirSync(path.join(ROOT, 'npm')).sort()).toEqual(PLATFORMS)
  expect(napi.targets).toHaveLength(PLATFORMS.length)
  expect(PLATFORMS).toContain(platformName())
})

test('the version of Rust is that of Cargo.toml', () => {
  expect(fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')).toContain('\nrust-version = "1.88"\n')
})

test('without cargo, building from source says so', () => {
  const script = path.join(ROOT, 'scripts/build-from-source.js')
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env: { PATH: folder } })
  expect(stderr).toBe('cargo is not on the PATH: install Rust, see https://rustup.rs\n')
  expect(status).toBe(1)
})
