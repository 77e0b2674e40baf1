'use strict'

const { execFile } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const CACHE = path.join(__dirname, '../../.cache')

/**
 * Installs what the package.json and package-lock.json of a folder say, once: in a folder of the
 * cache that is named after what it was made from. Packages of `file:` lie in the folder too.
 *
 * @param {string} source the folder
 * @returns {Promise<string>} the folder in the cache, with its node_modules
 */
async function install (source) {
  const cache = path.join(CACHE, path.basename(source))
  const inputs = ['package.json', 'package-lock.json', ...localPackages(source)]
  const folder = path.join(cache, digest(source, inputs))
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(cache, { recursive: true })
    const unfinished = fs.mkdtempSync(path.join(cache, 'unfinished-'))
    for (const name of inputs) {
      fs.cpSync(path.join(source, name), path.join(unfinished, name), { recursive: true })
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
  return folder
}

function localPackages (source) {
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(source, 'package.json'), 'utf8'))
  return Object.values(dependencies).filter(from => from.startsWith('file:')).map(from => from.slice('file:'.length))
}

function digest (source, names) {
  const hash = createHash('sha1')
  const add = file => {
    if (fs.statSync(file).isDirectory()) {
      for (const name of fs.readdirSync(file).sort()) add(path.join(file, name))
    } else {
      hash.update(`${path.relative(source, file)}\0`).update(fs.readFileSync(file))
    }
  }
  for (const name of names) add(path.join(source, name))
  return hash.digest('hex').slice(0, 12)
}

module.exports = { install }
