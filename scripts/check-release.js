'use strict'

// `npm run check-release -- [vX.Y.Z]`: whether what would be published is whole. The version is the
// same everywhere (and that of the tag), the changelog knows it, every file that a package.json
// lists exists, and every platform has a binary of its own kind, fit to be published. Without a tag,
// binaries that are not there are no fault: only those that are there are checked, and this machine's
// own build, as far as that is like a release's.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { platformName } = require('../lib/platform.js')

const ROOT = path.join(__dirname, '..')

/** How a binary begins, by system: ELF, Mach-O, PE. */
const MAGIC = {
  android: '7f454c46',
  linux: '7f454c46',
  freebsd: '7f454c46',
  darwin: 'cffaedfe',
  win32: '4d5a'
}

/** The field for the processor: of an ELF header, of a Mach-O header, of the header that PE points to. */
const MACHINES = {
  elf: { x64: 62, arm64: 183, arm: 40 },
  macho: { x64: 0x01000007, arm64: 0x0100000c },
  pe: { x64: 0x8664, arm64: 0xaa64 }
}

/** The newest glibc whose symbols a binary may need: what the README promises. */
const GLIBC = [2, 17]

/** In bytes. */
const LARGEST = 4e6

/** In milliseconds: how long the binary may take to load, on a machine that does nothing else. */
const LONGEST_LOADING = 10

/** Processes of which the quickest counts: what else the machine does makes them slower, and never quicker. */
const LOADINGS = 10

/** Sections of debug information, by the names that stand in the binary. */
const DEBUG = /\.debug_(info|line)\0/

/** Folders of a machine that builds, with what follows. */
const FOLDERS = /(\/(home|root|Users|work|tmp)\/|[A-Z]:\\+(Users|a)\\+|\.cargo[/\\]registry)[\w./\\-]*/g

function main ([tag]) {
  const problems = check(tag)
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log(tag ? `${tag} can be published` : 'the versions and files are in order')
  return problems.length === 0 ? 0 : 1
}

/**
 * @param {string} [tag]
 * @returns {string[]} what is wrong
 */
function check (tag) {
  const manifest = readJson('package.json')
  const { version } = manifest
  const problems = []
  const expect = (is, problem) => { if (!is) problems.push(problem) }

  expect(!tag || tag === `v${version}`, `the tag is ${tag}, and the version of package.json ${version}`)
  expect(read('Cargo.toml').includes(`\nversion = "${version}"\n`), `Cargo.toml has another version than ${version}`)
  expect(read('binding.js').includes(`!== '${version}'`), `binding.js has another version than ${version}: npm run build`)
  expect(!tag || new RegExp(`^## \\[?v?${version.replaceAll('.', '\\.')}\\b`, 'm').test(read('CHANGELOG.md')),
    `CHANGELOG.md says nothing of ${version}`)
  for (const file of ['README.md', 'LICENSE', ...manifest.files]) {
    expect(fs.existsSync(path.join(ROOT, file)), `${file} is listed, and is not there`)
  }

  for (const platform of fs.readdirSync(path.join(ROOT, 'npm'))) {
    const { main, version: its, ...fields } = readJson(`npm/${platform}/package.json`)
    const file = path.join('npm', platform, main)
    expect(its === version, `npm/${platform} has another version than ${version}: npx napi version`)
    if (fs.existsSync(path.join(ROOT, file))) {
      expect(isFor(path.join(ROOT, file), fields.os[0], fields.cpu[0]), `${file} is no binary for ${platform}`)
      problems.push(...checkBinary(path.join(ROOT, file), platform))
      if (platform === platformName()) problems.push(...checkLoading(path.join(ROOT, file)))
    } else {
      expect(!tag, `${file} is not there`)
    }
  }

  const own = path.join(ROOT, `${manifest.napi.binaryName}.${platformName()}.node`)
  if (fs.existsSync(own)) problems.push(...checkContents(own), ...checkLoading(own))
  return problems
}

/**
 * @param {string} file
 * @param {string} platform as in `npm/`
 * @returns {string[]} why a binary may not be published
 */
function checkBinary (file, platform) {
  const problems = checkContents(file)
  const newest = newestGlibc(fs.readFileSync(file, 'latin1'))
  const name = path.relative(ROOT, file)
  if (/^linux-.*gnu/.test(platform)) {
    if (newest === null) problems.push(`${name} needs no glibc, and is for one`)
    else if (compare(newest, GLIBC) > 0) problems.push(`${name} needs glibc ${newest.join('.')}, and may need ${GLIBC.join('.')}`)
  } else if (newest !== null) {
    problems.push(`${name} needs glibc, and is not for it`)
  }
  return problems
}

/** What holds for the binary of any build. */
function checkContents (file) {
  const problems = []
  const name = path.relative(ROOT, file)
  const text = fs.readFileSync(file, 'latin1')
  if (text.length > LARGEST) problems.push(`${name} has ${text.length} bytes, more than ${LARGEST}`)
  if (DEBUG.test(text)) problems.push(`${name} has debug information`)
  // Apple's linker writes down where it put a library.
  const folder = text.match(FOLDERS)?.find(place => !place.endsWith('.dylib'))
  if (folder) problems.push(`${name} names a folder of the machine that built it: ${folder} (npm run build leaves none)`)
  return problems
}

/** How long the binary of this platform takes to load, each time in a fresh process. */
function checkLoading (file) {
  const program = 'const start = performance.now(); require(process.argv[1]); console.log(performance.now() - start)'
  const times = Array.from({ length: LOADINGS }, () => Number(execFileSync(process.execPath, ['-e', program, file])))
  const quickest = Math.min(...times)
  if (quickest < LONGEST_LOADING) return []
  return [`${path.relative(ROOT, file)} takes ${quickest.toFixed(1)} ms to load, and may take ${LONGEST_LOADING}`]
}

/**
 * What `objdump -T` tells, for any processor: nothing else in a library is named so.
 * @param {string} text of a library
 * @returns {number[] | null} the newest version of glibc whose symbols it needs
 */
function newestGlibc (text) {
  const versions = [...text.matchAll(/\0GLIBC_(\d+(?:\.\d+)+)(?=\0)/g)].map(([, version]) => version.split('.').map(Number))
  return versions.sort(compare).at(-1) ?? null
}

function compare (a, b) {
  return a[0] - b[0] || a[1] - b[1]
}

/** @returns {boolean} whether a file is a library for that system and processor */
function isFor (file, system, processor) {
  const bytes = fs.readFileSync(file)
  if (bytes.length < 1024 || !bytes.toString('hex', 0, 4).startsWith(MAGIC[system])) return false
  if (system === 'darwin') return bytes.readUInt32LE(4) === MACHINES.macho[processor]
  if (system !== 'win32') return bytes.readUInt16LE(18) === MACHINES.elf[processor]
  const header = bytes.readUInt32LE(0x3c)
  return header + 6 <= bytes.length && bytes.readUInt16LE(header + 4) === MACHINES.pe[processor]
}

function read (name) {
  const file = path.join(ROOT, name)
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
}

function readJson (name) {
  return JSON.parse(read(name))
}

module.exports = { check, checkBinary, isFor, newestGlibc }

if (require.main === module) process.exitCode = main(process.argv.slice(2))
