'use strict'

const path = require('node:path')
const { install } = require('../../__test__/helpers/install.js')
const { Child } = require('../support/child.js')
const { contenders } = require('../support/contenders.js')
const { makeTorrent } = require('./support/torrent.js')
const { transfer } = require('./support/transfer.js')
const webtorrent = require('./support/webtorrent.js')

const CALLER = path.join(__dirname, '..', '..', '__test__', 'compat', 'callers', 'torrent-stream')
const CHILD = path.join(__dirname, 'support', 'torrent-stream-child.js')
const MIB = 256

const ABOUT = 'torrent-stream 1.2.1 from npm with peer-wire-protocol 0.7.1, as it comes, or with our ' +
  `\`/peer-wire-protocol\` in its place: it leeches ${MIB} MiB from webtorrent on bittorrent-protocol 5.0.9, ` +
  'in memory on both sides'

let torrent, upstream

/** Unmodified torrent-stream, which leeches. */
module.exports = {
  application: true,
  fresh: true,
  title: 'torrent-stream',
  about: ABOUT,
  contenders: ['ours', 'peer-wire-protocol'],
  baseline: 'peer-wire-protocol',
  metrics: [
    { name: 'torrent-stream: time', unit: 's', better: 'less', goal: 5, key: 'elapsed' },
    { name: 'torrent-stream: its CPU', unit: 's', better: 'less', goal: 1.4, key: 'leecherCpu' },
    { name: 'torrent-stream: its loop delay, p99', unit: 'ms', better: 'less', charted: false, key: 'leecherDelay' }
  ],

  async prepare (takers, { mib = MIB }) {
    torrent = await makeTorrent(mib << 20);
    [upstream] = await contenders(['upstream'])
  },

  async run (contender) {
    const env = {
      TORRENT_STREAM: path.join(await install(CALLER), 'node_modules', 'torrent-stream', 'index.js'),
      WEBTORRENT: await webtorrent.install(),
      WIRE_MODULE: contender.name === 'ours' ? compat(contender.file) : contender.file
    }
    const seeder = await webtorrent.start(upstream, 0)
    return transfer(seeder, new Child(CHILD, [], { env }), { torrent })
  }
}

/** The relative that a checkout of ours has beside its main module. */
function compat (file) {
  return path.join(path.dirname(file), 'compat', 'peer-wire-protocol.js')
}
