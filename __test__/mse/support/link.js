'use strict'

/** Two wires on one TCP connection, with what they receive cut into other chunks. */

const { once } = require('node:events')
const net = require('node:net')
const { Transform } = require('node:stream')
const { Random } = require('../../helpers/random')

/** Ways to cut; each makes a function from the bytes that are left to the length of the next chunk. */
const CUTTINGS = {
  'as they come': () => length => length,
  'byte by byte': () => () => 1,
  'in random chunks': seed => {
    const random = new Random(seed)
    return () => 1 + random.below(random.pick([3, 60, 1460]))
  }
}

/**
 * @param {string} cutting one of `CUTTINGS`
 * @param {number} seed
 * @returns {Transform}
 */
function cutter (cutting, seed) {
  const next = CUTTINGS[cutting](seed)
  return new Transform({
    transform (chunk, encoding, callback) {
      for (let at = 0; at < chunk.length;) {
        const end = Math.min(chunk.length, at + next(chunk.length - at))
        this.push(chunk.subarray(at, end))
        at = end
      }
      callback()
    }
  })
}

/**
 * Connects `a` to `b` on 127.0.0.1.
 *
 * @returns {Promise<import('node:net').Socket[]>} the sockets of `a` and of `b`
 */
async function link (a, b, cutting = 'as they come', seed = 1) {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const outgoing = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true })
  const [[incoming]] = await Promise.all([once(server, 'connection'), once(outgoing, 'connect')])
  server.close()
  incoming.setNoDelay()
  for (const [socket, wire, turn] of [[outgoing, a, 0], [incoming, b, 1]]) {
    socket.on('error', () => {}) // a reset: 'close' follows
    socket.pipe(cutter(cutting, seed + turn)).pipe(wire).pipe(socket)
  }
  return [outgoing, incoming]
}

module.exports = { CUTTINGS, cutter, link }
