'use strict'

const path = require('node:path')
const { installClients } = require('../../interop/clients.js')
const { Child } = require('../support/child.js')
const { within } = require('../support/drive.js')
const { Aria2, COMMAND } = require('./support/aria2.js')
const { makeTorrent } = require('./support/torrent.js')

const CHILD = path.join(__dirname, 'support', 'wire-child.js')
const DEPTH = 250
const PATIENCE = 60000
const RC4_ONLY = 2

const ABOUT = 'a program that is little more than `socket.pipe(wire).pipe(socket)`, with its data in memory, ' +
  'beside aria2, with its data on the disk: 256 MiB, of RC4 (which both require) 128 MiB. To aria2: from its ' +
  'first request until it has told of the last piece, which it has hashed then. From aria2: with ' +
  `${DEPTH} requests in flight, each block compared`

/** A small program beside a client that people use. */
module.exports = [
  { seeds: false, secure: 0, mib: 256 },
  { seeds: true, secure: 0, mib: 256 },
  { seeds: false, secure: RC4_ONLY, mib: 128 },
  { seeds: true, secure: RC4_ONLY, mib: 128 }
].map(workload)

/**
 * @param {{ seeds: boolean, secure: number, mib: number }} options `seeds`: aria2 does, and we leech
 */
function workload ({ seeds, secure, mib }) {
  const name = `${seeds ? 'from' : 'to'} aria2, ${secure ? 'RC4' : 'plain'}`
  let torrent

  return {
    application: true,
    fresh: true,
    contenders: ['ours', 'upstream'],
    title: 'aria2',
    about: ABOUT,
    metrics: [
      { name: `${name}: our CPU a GiB`, unit: 's', better: 'less', key: 'cpu' },
      { name: `${name}: speed`, unit: 'B/s', key: 'speed' }
    ],

    async skip () {
      const missing = await installClients([COMMAND], line => process.stderr.write(`${line}\n`))
      return missing.get(COMMAND)
    },

    async prepare (contenders, options) {
      torrent = await makeTorrent((options.mib ?? mib) << 20)
    },

    async run ({ name }) {
      const aria2 = await Aria2.start({ torrent, seeds, encrypted: secure === RC4_ONLY })
      const child = new Child(CHILD, [name])
      try {
        await child.ask({ do: 'load', ...torrent })
        const { cpu, elapsed, faults } = await within(meet(child, aria2), () => 'the transfer does not end', PATIENCE)
        return { cpu: cpu * 2 ** 30 / torrent.length, speed: torrent.length / elapsed, faults }
      } finally {
        child.close()
        await aria2.close()
      }
    }
  }

  async function meet (child, { port }) {
    if (!seeds) return child.ask({ do: 'upload', port, secure })
    await child.ask({ do: 'join', port, secure })
    return child.ask({ do: 'download', depth: DEPTH })
  }
}
