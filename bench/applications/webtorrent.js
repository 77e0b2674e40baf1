'use strict'

const byNode = require('./support/by-node.js')
const { makeTorrent } = require('./support/torrent.js')
const { transfer } = require('./support/transfer.js')
const { start } = require('./support/webtorrent.js')

/** Unmodified webtorrent on both sides; goals: elapsed, seeder's CPU, leecher's CPU. */
module.exports = [
  { secure: 0, mib: 512, goals: byNode([1.4, 1.2, 1.45], [1.4, 1.1, 1.4]) },
  { secure: 1, mib: 256, goals: [] },
  { secure: 2, mib: 256, goals: byNode([2.1, 2, 1.7], [1.8, 1.6, 1.5]) },
  { secure: 1, leechers: 20, mib: 480, goals: [1.5, 1.5, 1.5] },
  { secure: 2, leechers: 20, mib: 480, goals: byNode([2.2, 2.6, 2.1], [1.8, 2, 1.8]) }
].map(workload)

/**
 * @param {{ secure: number, leechers?: number, mib: number, goals: number[] }} options `mib`: for all leechers
 */
function workload ({ secure, leechers = 1, mib, goals }) {
  const title = `webtorrent, secure ${secure}${leechers > 1 ? `, ${leechers} leechers` : ''}`
  const whom = leechers > 1
    ? `one seeder, ${leechers} leechers of ${mib / leechers} MiB each, all of them clients of one process, who know nobody but the seeder`
    : `one seeder, one leecher of ${mib} MiB`
  let torrent

  return {
    application: true,
    fresh: true,
    title,
    contenders: ['ours', 'upstream'],
    metrics: [
      { name: `${title}: time`, unit: 's', better: 'less', goal: goals[0], key: 'elapsed' },
      { name: `${title}: seeder's CPU`, unit: 's', better: 'less', goal: goals[1], key: 'seederCpu' },
      { name: `${title}: leecher's CPU`, unit: 's', better: 'less', goal: goals[2], key: 'leecherCpu' },
      { name: `${title}: seeder's loop delay, p99`, unit: 'ms', better: 'less', charted: false, key: 'seederDelay' },
      { name: `${title}: leecher's loop delay, p99`, unit: 'ms', better: 'less', charted: false, key: 'leecherDelay' }
    ],
    about: `webtorrent 3 from npm, nothing of it changed but the wire, \`secure: ${secure}\`; ${whom}; both sides as processes of their own on 127.0.0.1, all data in memory, every piece hashed; from connecting until the last piece is there`,

    async prepare (contenders, options) {
      torrent = await makeTorrent(Math.ceil((options.mib ?? mib) / leechers) << 20)
    },

    async run (contender) {
      const [seeder, leecher] = [await start(contender, secure), await start(contender, secure)]
      return transfer(seeder, leecher, { torrent, leechers })
    }
  }
}
