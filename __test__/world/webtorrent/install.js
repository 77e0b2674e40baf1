'use strict'

const { execFile } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const CACHE = path.join(__dirname, '../../../.cache/webtorrent')
const INPUTS = ['package.json', 'package-lock.json', 'bittorrent-protocol', 'webrtc-polyfill']

/**
 * Installs webtorrent as package-lock.json says, once: in a folder of the cache that is named
 * after what it was made from.
 *
 * @returns {Promise<string>} the file to import
 */
async function install () {
  const folder = path.join(CACHE, digest(INPUTS))
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(CACHE, { recursive: true })
    const unfinished = fs.mkdtempSync(path.join(CACHE, 'unfinished-'))
    for (const name of INPUTS) {
      fs.cpSync(path.join(__dirname, name), path.join(unfinished, name), { recursive: true })
    }
    const npm = [
      'ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'
    ]
    await promisify(execFile)('npm', npm, { cwd: unfinished, shell: process.platform === 'win32' })
    try {
      fs.renameSync(unfinished, folder)
    } catch (err) { // another run was faster
      if (!fs.existsSync(folder)) throw err
      fs.rmSync(unfinished, { recursive: true })
    }
  }
  return path.join(folder, 'node_modules/webtorrent/index.js')
}

function digest (names) {
  const hash = createHash('sha1')
  const add = file => {
    if (fs.statSync(file).isDirectory()) {
      for (const name of fs.readdirSync(file).sort()) add(path.join(file, name))
    } else {
      hash.update(`${path.relative(__dirname, file)}\0`).update(fs.readFileSync(file))
    }
  }
  for (const name of names) add(path.join(__dirname, name))
  return hash.digest('hex').slice(0, 12)
}

module.exports = { install }
