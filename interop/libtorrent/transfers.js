'use strict'

const { METHODS, Seeder, download, downloadAtFullSpeed } = require('../our-side')
const { FULL_SIZE, UTP_SIZE } = require('../workspace')
const { Client, ENCRYPTION, UTP_ONLY } = require('./client')

/** Whole files of BitTorrent v1, each way. @type {import('../cases').Case[]} */
const cases = [
  seeds('libtorrent seeds to us, RC4 required by both', ENCRYPTION.required, 2, METHODS[2]),
  seeds('libtorrent seeds to us, plaintext after an encrypted handshake', ENCRYPTION.plaintext, 1, METHODS[1]),
  seeds('libtorrent seeds to us, which have no encryption', ENCRYPTION.none, 0, 'plaintext'),
  downloads('libtorrent downloads from us, RC4 required by both', ENCRYPTION.required, 2, METHODS[2]),
  downloads('libtorrent downloads from us, plaintext after an encrypted handshake', ENCRYPTION.plaintext, 1, METHODS[1]),
  downloads('libtorrent downloads from us, which have no encryption', ENCRYPTION.none, 0, 'plaintext'),
  seeds('libtorrent seeds to us at full speed, in plaintext', ENCRYPTION.none, 0, 'plaintext', FULL_SIZE),
  seeds('libtorrent seeds to us at full speed, in RC4', ENCRYPTION.required, 2, METHODS[2], FULL_SIZE),
  downloads('libtorrent downloads from us at full speed, in plaintext', ENCRYPTION.none, 0, 'plaintext', FULL_SIZE),
  downloads('libtorrent downloads from us at full speed, in RC4', ENCRYPTION.required, 2, METHODS[2], FULL_SIZE),
  seeds('libtorrent seeds to us over uTP, in plaintext', ENCRYPTION.none, 0, 'plaintext', UTP_SIZE, 'nativeUtp'),
  seeds('libtorrent seeds to us over uTP, in RC4', ENCRYPTION.required, 2, METHODS[2], UTP_SIZE, 'nativeUtp'),
  downloads('libtorrent downloads from us over uTP, in plaintext', ENCRYPTION.none, 0, 'plaintext', UTP_SIZE, 'nativeUtp'),
  downloads('libtorrent downloads from us over uTP, in RC4', ENCRYPTION.required, 2, METHODS[2], UTP_SIZE, 'nativeUtp')
]

function seeds (name, encryption, level, expected, size, way = 'tcp') {
  return {
    name,
    command: 'libtorrent',
    size,
    async run (workspace) {
      const { torrent, bytes } = await workspace.makeTorrent()
      const client = await Client.start(workspace, settingsOf(encryption, way))
      await client.seed(workspace.shared, bytes)
      const folder = workspace.subfolder(name)
      const from = { torrent, host: '127.0.0.1', port: client.port, level, way }
      if (size) return { hash: workspace.hash, ...await downloadAtFullSpeed(from), expected }
      const method = await download({ ...from, folder })
      return { hash: workspace.hashOf(folder), method, expected }
    }
  }
}

function downloads (name, encryption, level, expected, size, way = 'tcp') {
  return {
    name,
    command: 'libtorrent',
    size,
    async run (workspace) {
      const seeder = await Seeder.listen(workspace, level, {}, way)
      const bytes = await seeder.makeTorrent(workspace)
      const folder = workspace.subfolder(name)
      const client = await Client.start(workspace, settingsOf(encryption, way))
      await client.download(folder, bytes)
      await client.connect(seeder.port)
      const { peers } = await client.finished()
      const { summary: method, complaints } = seeder
      const isRc4 = peers.some(({ is_rc4: isRc4 }) => isRc4)
      // Two seeders have nothing to say to each other, so that it may have hung up.
      const disagrees = peers.length > 0 && isRc4 !== (expected === METHODS[2])
      const isOtherWay = peers.some(({ is_utp: isUtp }) => isUtp !== (way === 'nativeUtp'))
      return {
        hash: workspace.hashOf(folder),
        method,
        expected,
        complaints: [
          ...complaints,
          ...disagrees ? [`it says that it went ${isRc4 ? '' : 'not '}in RC4`] : [],
          ...isOtherWay ? ['it says that it went another way'] : []
        ]
      }
    }
  }
}

function settingsOf (encryption, way) {
  return way === 'nativeUtp' ? { ...encryption, ...UTP_ONLY } : encryption
}

module.exports = { cases }
