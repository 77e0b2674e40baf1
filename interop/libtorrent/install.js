'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const run = promisify(execFile)

const VERSION = '2.1.1'
const FOLDER = path.join(__dirname, '../../.cache', `libtorrent-${VERSION}`)
/** Python with libtorrent. */
const PYTHON = path.join(FOLDER, 'bin/python')

const INSTALL_TIMEOUT = 300_000

/**
 * Installs libtorrent from PyPI, once, in a virtual environment of the cache.
 *
 * @param {(line: string) => void} log
 * @returns {Promise<string | null>} why it is not there, if it is not
 */
async function installLibtorrent (log) {
  if (await isInstalled()) return null
  log(`Installing libtorrent ${VERSION} …`)
  try {
    fs.rmSync(FOLDER, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', FOLDER], { timeout: INSTALL_TIMEOUT })
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:', `libtorrent==${VERSION}`]
    await run(PYTHON, pip, { timeout: INSTALL_TIMEOUT })
  } catch (error) {
    const output = `${error.stdout ?? ''}\n${error.stderr ?? ''}`.trim() || error.message
    return `it cannot be installed: ${output.split('\n').at(-1)}`
  }
  return await isInstalled() ? null : 'it was installed, and does not load'
}

async function isInstalled () {
  return run(PYTHON, ['-c', 'import libtorrent'], { timeout: INSTALL_TIMEOUT }).then(() => true, () => false)
}

module.exports = { PYTHON, installLibtorrent }
