'use strict'

const fs = require('node:fs')
const path = require('node:path')

const { METHODS, Seeder, download, downloadAtFullSpeed } = require('./our-side')
const { FULL_SIZE, freePort } = require('./workspace')

const COMMAND = 'aria2c'

/** Nothing of a configuration, and no peers but the tracker's. */
const QUIET = [
  '--no-conf', '--async-dns=false', '--disable-ipv6=true', '--interface=127.0.0.1', '--enable-dht=false',
  '--enable-dht6=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false', '--file-allocation=none',
  '--summary-interval=0', '--console-log-level=warn', '--show-console-readout=false', '--follow-torrent=false',
  `--stop-with-process=${process.pid}`
]
const REQUIRED = ['--bt-require-crypto=true', '--bt-min-crypto-level=arc4']
const ALLOWED = ['--bt-require-crypto=false', '--bt-min-crypto-level=plain']

/** @type {import('./cases').Case[]} */
const cases = [
  downloads('aria2c downloads from us, RC4 required by both', REQUIRED, 2, METHODS[2]),
  downloads('aria2c downloads from us, RC4 required by it', REQUIRED, 1, METHODS[2]),
  downloads('aria2c downloads from us, plaintext allowed by both', ALLOWED, 1, METHODS[1]),
  downloads('aria2c downloads from us, which have no encryption', ALLOWED, 0, 'plaintext'),
  seeds('aria2c seeds to us, RC4 required by both', REQUIRED, 2, METHODS[2]),
  seeds('aria2c seeds to us, which have no encryption', ALLOWED, 0, 'plaintext'),
  downloads('aria2c downloads from us at full speed, in plaintext', ALLOWED, 0, 'plaintext', FULL_SIZE),
  downloads('aria2c downloads from us at full speed, in RC4', REQUIRED, 2, METHODS[2], FULL_SIZE),
  seeds('aria2c seeds to us at full speed, in plaintext', ALLOWED, 0, 'plaintext', FULL_SIZE),
  seeds('aria2c seeds to us at full speed, in RC4', REQUIRED, 2, METHODS[2], FULL_SIZE),
  downloads('aria2c downloads from us over the native transport, RC4 required by both', REQUIRED, 2, METHODS[2], undefined, 'native'),
  downloads('aria2c downloads from us over the native transport, plaintext allowed by both', ALLOWED, 1, METHODS[1], undefined, 'native'),
  downloads('aria2c downloads from us over the native transport, in plaintext', ALLOWED, 0, 'plaintext', FULL_SIZE, 'native'),
  seeds('aria2c seeds to our native socket, RC4 required by both', REQUIRED, 2, METHODS[2], undefined, 'native'),
  seeds('aria2c seeds to our native socket, in plaintext', ALLOWED, 0, 'plaintext', undefined, 'native'),
  seeds('aria2c seeds to us over the native transport, in plaintext', ALLOWED, 0, 'plaintext', FULL_SIZE, 'native'),
  seeds('aria2c seeds to us over the native transport, in RC4', REQUIRED, 2, METHODS[2], FULL_SIZE, 'native')
]

function downloads (name, crypto, level, expected, size, way = 'tcp') {
  return {
    name,
    command: COMMAND,
    size,
    async run (workspace) {
      const seeder = await Seeder.listen(workspace, level, {}, way)
      const bytes = await seeder.makeTorrent(workspace)
      const folder = workspace.subfolder(name)
      const port = await freePort()
      const { exited } = workspace.start(COMMAND, [
        ...QUIET, ...crypto, `--listen-port=${port}`, `--dir=${folder}`, '--seed-time=0', saved(folder, bytes)
      ])
      await exited
      const { summary: method, complaints } = seeder
      return { hash: workspace.hashOf(folder), method, expected, complaints }
    }
  }
}

function seeds (name, crypto, level, expected, size, way = 'tcp') {
  return {
    name,
    command: COMMAND,
    size,
    async run (workspace) {
      const { torrent, bytes } = await workspace.makeTorrent()
      const folder = workspace.subfolder(name)
      const port = await freePort()
      workspace.start(COMMAND, [
        ...QUIET, ...crypto, `--listen-port=${port}`, `--dir=${workspace.shared}`, '--seed-ratio=0.0',
        '--check-integrity=true', saved(folder, bytes)
      ])
      await workspace.until(`${COMMAND} to listen`, () => workspace.listens(port))
      const from = { torrent, host: '127.0.0.1', port, level, way }
      if (size) return { hash: workspace.hash, ...await downloadAtFullSpeed(from), expected }
      const method = await download({ ...from, folder })
      return { hash: workspace.hashOf(folder), method, expected }
    }
  }
}

function saved (folder, bytes) {
  const file = path.join(folder, 'interop.torrent')
  fs.writeFileSync(file, bytes)
  return file
}

module.exports = { cases }
