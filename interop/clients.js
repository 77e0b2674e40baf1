'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const { installLibtorrent } = require('./libtorrent/install')

const run = promisify(execFile)

/** Debian's package of each client. */
const PACKAGES = { aria2c: 'aria2', 'transmission-daemon': 'transmission-daemon' }

/** While this says no, a package that is installed starts no service (see invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'

const INSTALL_TIMEOUT = 300_000

/**
 * Installs the clients that are missing, where that is possible.
 *
 * @param {string[]} commands
 * @param {(line: string) => void} log
 * @returns {Promise<Map<string, string>>} for each that is still missing, why
 */
async function installClients (commands, log) {
  const reasons = new Map()
  if (commands.includes('libtorrent')) {
    const why = await installLibtorrent(log)
    if (why !== null) reasons.set('libtorrent', why)
  }
  const missing = commands.filter(command => command in PACKAGES && !isInstalled(command))
  if (missing.length === 0) return reasons
  const why = await install(missing.map(command => PACKAGES[command]), log)
  for (const command of missing) if (!isInstalled(command)) reasons.set(command, why)
  return reasons
}

/** @returns {Promise<string>} why it did not work, if it did not */
async function install (packages, log) {
  if (!isInstalled('apt-get')) return 'it is not installed, and there is no apt-get to install it with'
  if (process.getuid() !== 0) return 'it is not installed, and only root can install it'
  log(`Installing ${packages.join(' and ')} …`)
  const removePolicy = forbidServices()
  const command = ['install', '-y', '--no-install-recommends', ...packages]
  try {
    await aptGet(command).catch(async () => {
      await aptGet(['update'])
      await aptGet(command)
    })
    return 'it is not part of its package'
  } catch (error) {
    return `it cannot be installed: ${(error.stderr || error.message).trim().split('\n').at(-1)}`
  } finally {
    removePolicy()
  }
}

function aptGet (args) {
  return run('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: INSTALL_TIMEOUT, maxBuffer: 1 << 24
  })
}

/** @returns {() => void} allows them again */
function forbidServices () {
  try {
    fs.writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' })
  } catch {
    return () => {} // this system has its own policy
  }
  return () => fs.rmSync(POLICY)
}

function isInstalled (command) {
  return process.env.PATH.split(path.delimiter).some(folder => fs.existsSync(path.join(folder, command)))
}

module.exports = { installClients }
