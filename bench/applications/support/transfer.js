'use strict'

const { within } = require('../../support/drive.js')

/** How long a transfer may take, in ms. */
const PATIENCE = 300000

/**
 * Has a leecher's process download from a seeder's, and ends both.
 * @param {import('../../support/child.js').Child} seeder
 * @param {import('../../support/child.js').Child} leecher
 * @param {{ torrent: import('./torrent.js').Torrent, leechers?: number }} what
 * @returns {Promise<Record<string, number> & { faults: string[] }>} the leecher's time, and what it
 *   costs each of them
 */
async function transfer (seeder, leecher, { torrent, leechers = 1 }) {
  try {
    const [port] = await Promise.all([seeder.ask({ do: 'seed', ...torrent }), leecher.ask({ do: 'add', leechers, ...torrent })])
    await seeder.ask({ do: 'start' })
    const taken = await within(leecher.ask({ do: 'download', port }), () => 'the download does not end', PATIENCE)
    const given = await seeder.ask({ do: 'stop' })
    return {
      elapsed: taken.elapsed,
      seederCpu: given.cpu,
      leecherCpu: taken.cpu,
      seederDelay: given.delay,
      leecherDelay: taken.delay,
      faults: [...given.faults.map(fault => `seeder: ${fault}`), ...taken.faults.map(fault => `leecher: ${fault}`)]
    }
  } finally {
    seeder.close()
    leecher.close()
  }
}

module.exports = { transfer }
