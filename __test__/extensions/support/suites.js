'use strict'

/**
 * The own tests of the npm packages whose place our extensions take. They are not part of the
 * packages: `node suites.js` fetches them from the repositories into the cache, once, by commit, and
 * held against a hash.
 */

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const CACHE = path.join(__dirname, '../../../.cache/own-tests-fetched')

/** Of ut_metadata 5.0.1, ut_pex 5.0.2 and lt_donthave 2.0.7, each with the SHA-256 of its files. */
const SUITES = {
  ut_metadata: {
    commit: '27a1d1f3a92b1340ebc61e222fd38c9f5692da08',
    files: {
      'basic.js': 'fe8594f0d9f70bb902b7d78c6ceb9a4ba933f1489e71c0c8d825043a1ad2f78c',
      'fetch.js': '0a964523b8cf399b7df90af30d4154106e3058986740af18229dd827fcdb854a'
    }
  },
  ut_pex: {
    commit: '77bd089e08d121a9e93c56e48f5daf1f51fda9bf',
    files: { 'basic.js': '82a78399140206bcb84c46b5d15b869d5ef6ddee4f3761bc20902c6f17e1f9e3' }
  },
  lt_donthave: {
    commit: '6c09e7756b0c48aab480da8c9f6917c481b3cdb7',
    files: { 'basic.js': '78e9966d025eb59be0e85477a71d22cad66311c26cdcd5327a33bb70bdac6bd9' }
  }
}

const TIMEOUT = 20_000

/** @returns {Array<{ name: string, file: string, place: string, sha256: string, url: string }>} */
function listFiles () {
  return Object.entries(SUITES).flatMap(([name, { commit, files }]) => Object.entries(files).map(([file, sha256]) => ({
    name,
    file,
    place: path.join(CACHE, commit, file),
    sha256,
    url: `https://raw.githubusercontent.com/webtorrent/${name}/${commit}/test/${file}`
  })))
}

function isThere ({ place, sha256 }) {
  return fs.existsSync(place) && createHash('sha256').update(fs.readFileSync(place)).digest('hex') === sha256
}

async function fetchAll () {
  for (const wanted of listFiles()) {
    if (isThere(wanted)) continue
    const response = await fetch(wanted.url, { signal: AbortSignal.timeout(TIMEOUT) })
    if (!response.ok) throw new Error(`${wanted.url}: ${response.status}`)
    fs.mkdirSync(path.dirname(wanted.place), { recursive: true })
    fs.writeFileSync(wanted.place, Buffer.from(await response.arrayBuffer()))
    if (!isThere(wanted)) throw new Error(`${wanted.url} is another file`)
  }
}

/** @returns {Array<{ name: string, file: string, place: string, isThere: boolean }>} `isThere`: it was fetched */
function suites () {
  return listFiles().map(wanted => ({ ...wanted, isThere: isThere(wanted) }))
}

module.exports = { suites }

if (require.main === module) {
  fetchAll().catch(error => {
    console.error(error.message)
    process.exitCode = 1
  })
}
