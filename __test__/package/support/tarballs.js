'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const { platformName } = require('../../../lib/platform.js')

const ROOT = path.join(__dirname, '../../..')

/** What npm puts into every package. */
const ALWAYS = ['package.json', 'README.md', 'LICENSE']

const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']

/**
 * Packs what a release publishes, and what it depends on, as a user's npm would fetch it: so that
 * nothing has to come from a registry. The binaries of other platforms are stand-ins.
 *
 * @param {string} folder to work in, and to leave the tarballs in
 * @returns {Promise<{ main: string, platform: string, platforms: string[], others: string[] }>}
 *   files: the main package, that of this platform, those of all, and the dependencies
 */
async function pack (folder) {
  const stage = path.join(folder, 'stage')
  const { files, dependencies } = require('../../../package.json')
  for (const file of [...ALWAYS, ...files, 'npm']) {
    const from = path.join(ROOT, file)
    if (fs.existsSync(from)) fs.cpSync(from, path.join(stage, file), { recursive: true })
  }
  for (const platform of fs.readdirSync(path.join(stage, 'npm'))) {
    const place = path.join(stage, 'npm', platform)
    const { main } = JSON.parse(fs.readFileSync(path.join(place, 'package.json'), 'utf8'))
    if (platform === platformName()) fs.copyFileSync(path.join(ROOT, main), path.join(place, main))
    else fs.writeFileSync(path.join(place, main), 'the binary of another platform')
  }
  // Writes the packages of the platforms into optionalDependencies, and publishes nothing.
  await run(process.execPath, [
    path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js'),
    'prepublish', '-t', 'npm', '--no-gh-release', '--skip-optional-publish'
  ], stage)

  const places = fs.readdirSync(path.join(stage, 'npm'))
  const [main, ...rest] = await packAll(folder, [
    stage, ...places.map(place => path.join(stage, 'npm', place)), ...[...closure(Object.keys(dependencies))].map(installed)
  ])
  const platforms = rest.splice(0, places.length)
  return { main, platform: platforms[places.indexOf(platformName())], platforms, others: rest }
}

async function packAll (folder, places) {
  const stdout = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...places], folder)
  return JSON.parse(stdout).map(({ filename }) => path.join(folder, filename))
}

/** @returns {Set<string>} the packages, and those that they depend on */
function closure (names, found = new Set()) {
  for (const name of names) {
    if (found.has(name)) continue
    found.add(name)
    closure(Object.keys(require(path.join(installed(name), 'package.json')).dependencies ?? {}), found)
  }
  return found
}

function installed (name) {
  return path.join(ROOT, 'node_modules', name)
}

/**
 * Installs tarballs in a project, without a registry.
 *
 * @param {string} project with a package.json
 * @param {string[]} files
 */
function install (project, files) {
  return npm(['install', '--offline', '--ignore-scripts', ...files], project)
}

/** @returns {Promise<string>} its output */
function npm (args, cwd) {
  return run('npm', [...args, ...QUIET], cwd, { shell: process.platform === 'win32' })
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @param {import('node:child_process').ExecFileOptions} [options]
 * @returns {Promise<string>} what it wrote to standard output; rejects with all that it wrote
 */
async function run (command, args, cwd, options) {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, maxBuffer: 1 << 26, env: environment(), ...options })
    return stdout
  } catch (err) {
    throw new Error(`${path.basename(command)} ${args.join(' ')}\n${err.stdout}${err.stderr}`)
  }
}

/** @returns {NodeJS.ProcessEnv} this one's, less what an npm that started it has put there */
function environment () {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) =>
    !/^(npm_(package|lifecycle|command|execpath|config_local_prefix)|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$|JEST_)/.test(name)))
}

module.exports = { pack, install, run, npm, environment, ROOT, ALWAYS }
