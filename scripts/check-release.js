'use strict'

// `npm run check-release -- [vX.Y.Z]`: whether what would be published is whole. The version is the
// same everywhere (and that of the tag), the changelog knows it, every file that a package.json
// lists exists, and every platform has a binary of its own kind. Without a tag, binaries that are
// not there are no fault: only those that are there are checked.

const fs = require('node:fs')
const path = require('node:path')

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
    } else {
      expect(!tag, `${file} is not there`)
    }
  }
  return problems
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

module.exports = { check, isFor }

if (require.main === module) process.exitCode = main(process.argv.slice(2))
