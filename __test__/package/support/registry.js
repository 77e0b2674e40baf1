'use strict'

const { execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { gunzipSync } = require('node:zlib')

const { ROOT, environment } = require('./tarballs')

/**
 * A registry on 127.0.0.1 that has a few packages of its own, as if they were published, and sends
 * clients on to the registry that npm is set up for with all others.
 */
class Registry {
  /**
   * @param {string[]} tarballs the packages
   * @returns {Promise<Registry>}
   */
  static async listen (tarballs) {
    const registry = new Registry()
    registry.server = http.createServer((request, response) => registry.answer(request, response))
    registry.server.listen(0, '127.0.0.1')
    await once(registry.server, 'listening')
    registry.url = `http://127.0.0.1:${registry.server.address().port}/`
    registry.others = execFileSync('npm', ['config', 'get', 'registry'], {
      cwd: ROOT, encoding: 'utf8', env: environment(), shell: process.platform === 'win32'
    }).trim()
    for (const tarball of tarballs) registry.publish(tarball)
    return registry
  }

  constructor () {
    /** By its path: what to answer, and as what. @type {Map<string, { type: string, body: Buffer }>} */
    this.answers = new Map()
    /** Names begin so that are answered here or not at all. */
    this.own = `/${require('../../../package.json').name}`
  }

  publish (tarball) {
    const body = fs.readFileSync(tarball)
    const manifest = readManifest(body)
    const { name, version } = manifest
    const file = path.basename(tarball)
    const dist = {
      tarball: `${this.url}${name}/-/${file}`,
      shasum: createHash('sha1').update(body).digest('hex'),
      integrity: `sha512-${createHash('sha512').update(body).digest('base64')}`
    }
    const packument = {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist } },
      // pnpm and yarn look for it.
      time: { [version]: '2020-01-01T00:00:00.000Z', modified: '2020-01-01T00:00:00.000Z' }
    }
    this.answers.set(`/${name}`, { type: 'application/json', body: Buffer.from(JSON.stringify(packument)) })
    this.answers.set(`/${name}/-/${file}`, { type: 'application/octet-stream', body })
  }

  answer ({ url }, response) {
    const answer = this.answers.get(url)
    if (answer) {
      response.writeHead(200, { 'content-type': answer.type, 'content-length': answer.body.length })
      response.end(answer.body)
    } else if (url.startsWith(this.own)) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end('{"error":"not found"}')
    } else {
      response.writeHead(307, { location: new URL(url.slice(1), this.others).href })
      response.end()
    }
  }

  close () {
    this.server.close()
    this.server.closeAllConnections?.()
  }
}

/** @returns {object} the package.json of a package's tarball */
function readManifest (tarball) {
  const tar = gunzipSync(tarball)
  for (let at = 0; at < tar.length;) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at))
    const length = parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    if (name === 'package/package.json') return JSON.parse(tar.toString('utf8', at + 512, at + 512 + length))
    at += 512 + Math.ceil(length / 512) * 512
  }
  throw new Error('a tarball without a package.json')
}

module.exports = { Registry }
