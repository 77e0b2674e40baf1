'use strict'

// The runtimes that the tests are played on, as their own packages on npm bring them.

const fs = require('node:fs')
const path = require('node:path')
const { platformName } = require('../../lib/platform.js')
const { Missing, npmPackages } = require('./cache')

/**
 * @typedef {object} Runtime something that plays JavaScript
 * @property {string} name as on the command line and in the table
 * @property {string} platform as in `npm/`
 * @property {string} command
 * @property {string[]} args before the script's own
 * @property {Record<string, string>} env
 * @property {boolean} isEmulated
 * @property {number} patience how many times as long as usual a test may take
 */

const ARCHITECTURE = { x64: 'x64', arm64: 'arm64' }[process.arch]

/** How many times as long as usual a test may take: other things may go on for an hour beside these. */
const PATIENCE = 4

/** The packages with the binary for this machine. */
const PACKAGES = {
  node: { linux: `node-linux-${ARCHITECTURE}`, darwin: `node-darwin-${ARCHITECTURE}`, win32: `node-win-${ARCHITECTURE}` },
  bun: {
    linux: `@oven/bun-linux-${ARCHITECTURE === 'arm64' ? 'aarch64' : 'x64'}`,
    darwin: `@oven/bun-darwin-${ARCHITECTURE === 'arm64' ? 'aarch64' : 'x64'}`,
    win32: '@oven/bun-windows-x64'
  },
  deno: {
    linux: `@deno/linux-${ARCHITECTURE}-glibc`,
    darwin: `@deno/darwin-${ARCHITECTURE}`,
    win32: `@deno/win32-${ARCHITECTURE}`
  }
}

/** Where the binary lies in its package. */
const BINARIES = { node: 'bin/node', bun: 'bin/bun', deno: 'deno' }

/** The newest of each line when this was written: raised by hand, so that a run can be repeated. */
const RUNTIMES = [
  { name: 'Node.js 18', kind: 'node', version: '18.20.8' },
  { name: 'Node.js 20', kind: 'node', version: '20.20.2' },
  { name: 'Node.js 22', kind: 'node', version: '22.23.3' },
  { name: 'Node.js 24', kind: 'node', version: '24.21.0' },
  { name: 'Node.js 26', kind: 'node', version: '26.10.0' },
  { name: 'Bun', kind: 'bun', version: '1.4.5' },
  // As with `-A` on the command line: a native addon needs `--allow-ffi`, sockets `--allow-net`.
  { name: 'Deno', kind: 'deno', version: '2.9.6', args: ['run', '--allow-all'] }
]

/**
 * @param {{ name: string, kind: string, version: string, args?: string[] }} runtime of `RUNTIMES`
 * @returns {Promise<Runtime>}
 * @throws {Missing}
 */
async function installRuntime ({ name, kind, version, args = [] }) {
  const inPackage = PACKAGES[kind][process.platform]
  if (!inPackage || !ARCHITECTURE || platformName().includes('musl')) {
    throw new Missing(`the script knows of no package of npm with ${kind} for ${platformName()}`)
  }
  const modules = await npmPackages([`${inPackage}@${version}`])
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const command = path.join(modules, inPackage, BINARIES[kind] + suffix)
  if (!fs.existsSync(command)) throw new Missing(`${inPackage}@${version} has no ${BINARIES[kind]}`)
  return { name, platform: platformName(), command, args, env: {}, isEmulated: false, patience: PATIENCE }
}

module.exports = { RUNTIMES, installRuntime }
