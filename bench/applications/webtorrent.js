'use strict'

const byNode = require('./support/by-node.js')
const { makeTorrent } = require('./support/torrent.js')
const { transfer } = require('./support/transfer.js')
const { start } = require('./support/webtorrent.js')

/** Goals: time, seeder's CPU, leecher's CPU. */
const CASES = [
  { secure: 0, mib: 512, goals: byNode([1.4, 1.2, 1.45], [1.4, 1.1, 1.4]) },
  { secure: 1, mib: 256, goals: [] },
  { secure: 2, mib: 256, goals: byNode([2.1, 2, 1.7], [1.8, 1.6, 1.5]) },
  { secure: 1, leechers: 20, mib: 480, goals: [1.5, 1.5, 1.5] },
  { secure: 2, leechers: 20, mib: 480, goals: byNode([2.2, 2.6, 2.1], [1.8, 2, 1.8]) }
]

const ABOUT = 'webtorrent 3 from npm, nothing of it changed but the wire, on both sides; `secure` is its ' +
  'level of encryption (0 none, 1 its default: a handshake and then plaintext, 2 RC4). One leecher takes ' +
  '512 MiB (`secure: 0`) or 256 MiB; 20 leechers take 24 MiB each, all of them clients of one process who ' +
  'know of nobody but the seeder. From connecting until the last piece is there, hashed; in memory on both sides'

/** Unmodified webtorrent on both sides. */
module.exports = CASES.map(workload)

/**
 * @param {{ secure: number, leechers?: number, mib: number, goals: number[] }} options `mib`: for all leechers
 */
function workload ({ secure, leechers = 1, mib, goals }) {
  const name = `webtorrent, secure ${secure}${leechers > 1 ? `, ${leechers} leechers` : ''}`
  let torrent

  return {
    application: true,
    fresh: true,
    contenders: ['ours', 'upstream'],
    title: 'webtorrent',
    about: ABOUT,
    metrics: [
      { name: `${name}: time`, unit: 's', better: 'less', goal: goals[0], key: 'elapsed' },
      { name: `${name}: seeder's CPU`, unit: 's', better: 'less', goal: goals[1], key: 'seederCpu' },
      { name: `${name}: leecher's CPU`, unit: 's', better: 'less', goal: goals[2], key: 'leecherCpu' },
      { name: `${name}: seeder's loop delay, p99`, unit: 'ms', better: 'less', charted: false, key: 'seederDelay' },
      { name: `${name}: leecher's loop delay, p99`, unit: 'ms', better: 'less', charted: false, key: 'leecherDelay' }
    ],

    async prepare (contenders, options) {
      torrent = await makeTorrent(Math.ceil((options.mib ?? mib) / leechers) << 20)
    },

    async run (contender) {
      const [seeder, leecher] = [await start(contender, secure), await start(contender, secure)]
      return transfer(seeder, leecher, { torrent, leechers })
    }
  }
}
