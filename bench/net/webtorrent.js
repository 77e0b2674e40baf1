'use strict'

const path = require('node:path')
const { makeTorrent } = require('../applications/support/torrent.js')
const { transfer } = require('../applications/support/transfer.js')
const { start } = require('../applications/support/webtorrent.js')

const OURS = { file: path.join(__dirname, '../../index.js') }
const NODE = { name: 'pipes', label: 'the same on sockets of Node.js', encrypts: true }

/**
 * webtorrent with this package's wires, its sockets the native transport's (examples/webtorrent) or
 * those of Node.js.
 * @param {{ secure: number, leechers: number, mib: number }} options `mib`: for all leechers
 */
function workload ({ secure, leechers, mib }) {
  const name = `webtorrent on the transport, secure ${secure}${leechers > 1 ? `, ${leechers} leechers` : ''}`
  let torrent

  return {
    baseline: NODE.name,
    contenders: ['ours'],
    extras: [NODE],
    fresh: true,
    title: name,
    about: 'webtorrent 3 on both sides, its imports of `net` redirected to the native transport as in ' +
      `examples/webtorrent, beside the same on sockets of Node.js; ${leechers} leecher${leechers > 1 ? 's' : ''}, ${mib} MiB in all, in memory`,
    metrics: [
      { name: `${name}: time`, unit: 's', better: 'less', key: 'elapsed' },
      { name: `${name}: seeder's CPU`, unit: 's', better: 'less', charted: false, key: 'seederCpu' },
      { name: `${name}: leecher's CPU`, unit: 's', better: 'less', charted: false, key: 'leecherCpu' },
      { name: `${name}: seeder's loop delay, p99`, unit: 'ms', better: 'less', charted: false, key: 'seederDelay' },
      { name: `${name}: leecher's loop delay, p99`, unit: 'ms', better: 'less', charted: false, key: 'leecherDelay' }
    ],

    async prepare (contenders, options) {
      torrent = await makeTorrent(Math.ceil((options.mib ?? mib) / leechers) << 20)
    },

    async run ({ name }) {
      const isNative = name !== NODE.name
      const [seeder, leecher] = [await start(OURS, secure, isNative), await start(OURS, secure, isNative)]
      return transfer(seeder, leecher, { torrent, leechers })
    }
  }
}

module.exports = [
  workload({ secure: 0, leechers: 1, mib: 256 }),
  workload({ secure: 2, leechers: 1, mib: 128 }),
  workload({ secure: 0, leechers: 20, mib: 240 }),
  workload({ secure: 2, leechers: 20, mib: 240 })
]
