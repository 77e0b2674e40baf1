'use strict'

// Asks several peers for the same block, takes the first answer, and takes the other requests back:
// what clients do for the last blocks of a torrent. `fetch` is a promise; aborting it sends a cancel.

const { once } = require('node:events')

const Wire = require('bittorrent-protocol-native')

const { parsePeer } = require('./demo/arguments')
const { connect, addressOf } = require('./demo/connect')
const { Failure, cause, printable } = require('./demo/failure')
const { peerId } = require('./demo/peer-id')
const { program, parseInfoHash, parseSeconds } = require('./program')
const { either } = require('./signals')

const BLOCK_LENGTH = 16 << 10

/**
 * Fetches a block from whoever is first.
 *
 * @param {import('bittorrent-protocol-native')[]} wires that have the piece, and let us ask
 * @param {number} piece
 * @param {object} options
 * @param {number} options.length of the block, at the start of the piece
 * @param {AbortSignal} [options.signal] gives all of them up
 * @returns {Promise<{ wire: Wire, block: Buffer }>} rejects with an AggregateError if none has it
 */
async function fetchFirst (wires, piece, { length, signal }) {
  const race = either(...(signal ? [signal] : []))
  try {
    return await Promise.any(wires.map(async (wire) => {
      const block = await wire.fetch(piece, 0, length, { signal: race.signal })
      return { wire, block }
    }))
  } finally {
    race.abort()
  }
}

/** Connects to a peer, and waits until it lets us ask. */
async function meet ({ host, port }, infoHash, { timeout, signal }) {
  const socket = await connect(host, port, { timeout, signal })
  const wire = new Wire('tcpOutgoing', 0, { client: 'race 1.0' })
  socket.on('error', () => wire.destroy())
  socket.pipe(wire).pipe(socket)
  wire.handshake(infoHash, peerId(), { fast: true })
  const patience = either(signal, AbortSignal.timeout(timeout))
  wire.once('close', patience.abort)
  const name = addressOf(host, port)
  try {
    await once(wire, 'handshake', { signal: patience.signal })
    if (wire.hasFast) wire.haveNone()
    wire.interested()
    if (wire.peerChoking) await once(wire, 'unchoke', { signal: patience.signal })
    return { wire, socket, name }
  } catch {
    const why = wire.destroyed ? 'it closed the connection' : 'it keeps us waiting'
    wire.destroy()
    socket.destroy()
    throw new Failure(`${name} gives nothing: ${why}`)
  }
}

module.exports = { fetchFirst }

program(module, {
  usage: `Asks peers for the first block of each piece, all at once, and takes the fastest answer.

  node examples/race.js INFOHASH HOST:PORT...

Options
  --pieces N         how many (default 4)
  --length BYTES     of a block (default 16384)
  --timeout SECONDS  for connections, and for each block (default 10)`,
  options: {
    pieces: { type: 'string', default: '4' },
    length: { type: 'string', default: String(BLOCK_LENGTH) },
    timeout: { type: 'string', default: '10' }
  },
  arguments: [2, 100],
  async run (values, [hash, ...addresses], signal) {
    const infoHash = parseInfoHash(hash)
    const timeout = parseSeconds(values.timeout)
    for (const name of ['pieces', 'length']) {
      if (!/^[1-9]\d{0,5}$/.test(values[name])) throw new Failure(`--${name} wants a number up to 999999, not ${values[name]}`)
    }
    const met = await Promise.allSettled(addresses.map((address) => meet(parsePeer(address, 'a peer'), infoHash, { timeout, signal })))
    for (const { reason } of met) if (reason) console.error(printable(reason.message))
    const peers = met.filter(({ value }) => value).map(({ value }) => value)
    if (peers.length === 0) throw new Failure('no peer is left')
    try {
      for (let piece = 0; piece < Number(values.pieces); piece++) {
        const racing = peers.filter(({ wire }) => !wire.destroyed && wire.peerPieces.get(piece))
        if (racing.length === 0) throw new Failure(`nobody has piece ${piece}`)
        const start = performance.now()
        const { signal: late } = either(signal, AbortSignal.timeout(timeout))
        const { wire, block } = await fetchFirst(racing.map(({ wire }) => wire), piece, { length: Number(values.length), signal: late })
          .catch((err) => { throw new Failure(`nobody gives piece ${piece}: ${cause(err.errors[0])}`) })
        const { name } = racing.find((peer) => peer.wire === wire)
        const time = (performance.now() - start).toFixed(1)
        console.log(printable(`piece ${piece}: ${block.length} bytes from ${name} after ${time} ms, ${racing.length - 1} taken back`))
      }
    } finally {
      for (const { wire, socket } of peers) {
        wire.destroy()
        socket.end()
      }
    }
  }
})
