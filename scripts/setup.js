'use strict'

// Brings a fresh clone to where its scripts can run: dependencies, then the native addon. It runs
// before anything is installed, so it may require nothing but Node.js itself.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { npm, lastLines, ROOT } = require('./command')

/** Lines of a failed command's output that are worth showing. */
const LAST_LINES = 30

/** What the addon is compiled from. */
const SOURCES = ['src', 'build.rs', 'Cargo.toml', 'Cargo.lock', '.cargo', 'rust-toolchain.toml']

/** Set-up that cannot go on for a reason the user can act on; `message` says all there is to say. */
class SetupError extends Error {}

/**
 * Installs the dependencies and builds the addon where they are missing or out of date. Says one
 * line for each that it does, and nothing when there is nothing to do.
 *
 * @param {object} [options]
 * @param {(line: string) => void} [options.log] default: writes to standard error
 * @returns {Promise<void>}
 * @throws {SetupError}
 */
async function setup ({ log = (line) => console.error(line) } = {}) {
  if (!dependenciesAreCurrent()) {
    log('Installing dependencies with npm …')
    await installDependencies()
  }
  if (!addonIsCurrent()) {
    log('Building the native addon with cargo; the first time takes a minute or two …')
    await buildAddon()
  }
}

/** Whether every package that package-lock.json demands is installed in its version. */
function dependenciesAreCurrent () {
  const wanted = readJson('package-lock.json')?.packages
  const installed = readJson('node_modules/.package-lock.json')?.packages
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([place, { version, optional, devOptional, link }]) =>
    // Optional ones are for other platforms, or this one's choice.
    place === '' || optional || devOptional || link || installed[place]?.version === version)
}

async function installDependencies () {
  const flags = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  let result = await npm(['ci', ...flags])
  if (result.code !== 0 && /\bEUSAGE\b/.test(result.output)) {
    // A registry that lacks some platforms' optional packages makes `npm ci` call the lock file
    // incomplete. `npm install` takes the locked versions all the same, and changes no file.
    result = await npm(['install', '--no-save', ...flags])
  }
  if (result.code !== 0) throw failure('npm could not install the dependencies', result)
}

/** Whether this platform's addon is there and newer than all that it is compiled from. */
function addonIsCurrent () {
  const built = modified(path.join(ROOT, addonName()))
  if (built === null || !fs.existsSync(path.join(ROOT, 'binding.js'))) return false
  return SOURCES.every((source) => newest(path.join(ROOT, source)) <= built)
}

async function buildAddon () {
  if (spawnSync('cargo', ['--version'], { stdio: 'ignore' }).error) {
    throw new SetupError('the native addon needs Rust to be built, and cargo is not on the PATH: see https://rustup.rs')
  }
  const result = await npm(['run', 'build'])
  if (result.code !== 0) throw failure('the native addon could not be built', result)
  const addon = path.join(ROOT, addonName())
  if (!fs.existsSync(addon)) throw new SetupError(`the build went well but left no ${addonName()}`)
  // A build that found nothing to compile may leave the old time on the file.
  const now = new Date()
  fs.utimesSync(addon, now, now)
}

/** @returns {string} the file name that `napi build --platform` gives the addon here */
function addonName () {
  const { platform, arch } = process
  const abi = {
    linux: () => (arch === 'arm' ? 'gnueabihf' : isMusl() ? 'musl' : 'gnu'),
    win32: () => 'msvc',
    android: () => (arch === 'arm' ? 'eabi' : '')
  }[platform]?.()
  const { binaryName } = readJson('package.json').napi
  return `${binaryName}.${[platform, arch, abi].filter(Boolean).join('-')}.node`
}

function isMusl () {
  return !process.report.getReport().header.glibcVersionRuntime
}

function failure (what, { output }) {
  return new SetupError(`${what}:\n${lastLines(output, LAST_LINES)}`)
}

function readJson (name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(ROOT, name), 'utf8'))
  } catch {
    return null
  }
}

/** @returns {number|null} milliseconds since 1970, or null if there is no such file */
function modified (file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null
}

/** @returns {number} when the newest file in a tree was modified; 0 if there is no such tree */
function newest (place) {
  const stat = fs.statSync(place, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return fs.readdirSync(place).reduce(
    (time, name) => Math.max(time, newest(path.join(place, name))), stat.mtimeMs)
}

module.exports = { setup, SetupError }
