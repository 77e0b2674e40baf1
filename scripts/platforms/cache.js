'use strict'

// What the runs on other runtimes and platforms download: packages of npm, of PyPI and of Debian, each
// unpacked into a folder of the cache, once. Nothing is installed into the system.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { npm, run } = require('../command')

const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'bittorrent-protocol-native-platforms')

/** What this machine cannot do, as opposed to what went wrong; `message` says why. */
class Missing extends Error {}

/**
 * A folder of the cache, filled by the first who asks for it.
 * @param {string} name of everything that it is made from
 * @param {(folder: string) => Promise<void>} fill
 * @returns {Promise<string>}
 * @throws {Missing} if it cannot be filled
 */
async function folder (name, fill) {
  const place = path.join(CACHE, name.replaceAll(/[/@:~]+/g, '_').replace(/^_/, ''))
  if (fs.existsSync(place)) return place
  fs.mkdirSync(CACHE, { recursive: true })
  const unfinished = fs.mkdtempSync(path.join(CACHE, 'unfinished-'))
  try {
    await fill(unfinished)
    fs.renameSync(unfinished, place)
  } catch (error) {
    fs.rmSync(unfinished, { recursive: true, force: true })
    if (!fs.existsSync(place)) throw error // else another run was faster
  }
  return place
}

/**
 * Packages of npm for any platform, with what they depend on.
 * @param {string[]} packages `name@version`
 * @param {string[]} [flags] such as `--cpu=arm64`
 * @returns {Promise<string>} the folder `node_modules`
 */
async function npmPackages (packages, flags = []) {
  const place = await folder(packages.join('+'), async unfinished => {
    fs.writeFileSync(path.join(unfinished, 'package.json'), '{}')
    await demand(npm([
      'install', '--prefix', unfinished, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit',
      '--no-fund', '--loglevel=error', ...flags, ...packages
    ]))
  })
  return path.join(place, 'node_modules')
}

/**
 * A wheel of PyPI.
 * @param {string} spec `name==version`
 * @param {string} [platform] as pip calls it, such as `musllinux_1_2_x86_64`; this one by default
 * @returns {Promise<string>} the folder that it unpacks to
 */
function wheel (spec, platform = '') {
  return folder(`${spec}-${platform}`, async unfinished => {
    const downloads = path.join(unfinished, 'wheel')
    await demand(run('python3', [
      '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:',
      ...(platform ? ['--platform', platform] : []), '--dest', downloads, spec
    ]))
    for (const file of fs.readdirSync(downloads)) {
      // Unlike Python's own module, it keeps what is executable so.
      await demand(run('unzip', ['-q', path.join(downloads, file), '-d', unfinished]))
    }
    fs.rmSync(downloads, { recursive: true })
  })
}

/**
 * Packages of Debian, side by side.
 * @param {string} name of the folder
 * @param {string[]} packages without those that they depend on
 * @returns {Promise<string>} the folder that stands for `/`
 */
function debs (name, packages) {
  return folder(name, async unfinished => {
    const downloads = path.join(unfinished, 'debs')
    fs.mkdirSync(downloads)
    await demand(run('apt-get', ['download', '-qq', ...packages], { cwd: downloads }))
    for (const file of fs.readdirSync(downloads)) await demand(run('dpkg', ['-x', path.join(downloads, file), unfinished]))
    fs.rmSync(downloads, { recursive: true })
  })
}

/** @throws {Missing} unless the command went well */
async function demand (running) {
  const { code, output } = await running
  if (code !== 0) throw new Missing(output.trim().split('\n').slice(-3).join(' '))
}

module.exports = { CACHE, Missing, debs, demand, folder, npmPackages, wheel }
