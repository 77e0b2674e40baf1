'use strict'

/**
 * A process with a small program around wires of the contender `argv[2]`, piped from and into
 * sockets: a seeder or a leecher of a torrent that is in memory.
 */

const net = require('node:net')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const children = require('../../support/child.js')
const { contenders } = require('../../support/contenders.js')
const { connect } = require('./connection.js')
const { take } = require('./leecher.js')
const { Meter } = require('./meter.js')
const { late, memory, serve } = require('./seeder.js')
const { makeContents } = require('./torrent.js')

const RETRY_MS = 100

const meter = new Meter()
let contender, torrent, contents, wire

const handlers = {
  /** @param {import('./torrent.js').Torrent} request what is transferred */
  async load (request) {
    [contender] = await contenders([process.argv[2]])
    torrent = request
    contents = makeContents(torrent.length)
  },

  /** Seeds to who connects, from a storage that answers after `delay` ms; tells the port. */
  async seed ({ delay }) {
    const server = net.createServer(socket => {
      const wire = contender.make('tcpIncoming')
      meter.watch(wire)
      serve(wire, torrent, late(memory(contents), delay))
      connect(socket, wire, torrent.infoHash, { dialed: false })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server.address().port
  },

  async start () {
    meter.start()
  },

  async stop () {
    return meter.stop()
  },

  /** Connects to a seeder, until that has everything and has unchoked us. */
  async join ({ port, secure }) {
    wire = await dial(port, secure, wire => wire.once('handshake', () => setImmediate(() => wire.interested())))
    if (wire.peerChoking) await once(wire, 'unchoke')
    await everyPiece(wire)
  },

  /** The whole torrent, from the seeder that was joined. */
  async download ({ depth }) {
    meter.start()
    await take(wire, torrent, contents, depth)
    return meter.stop()
  },

  /** The whole torrent, to a leecher: from its first request until it has told of every piece. */
  async upload ({ port, secure }) {
    wire = await dial(port, secure, wire => serve(wire, torrent, memory(contents)))
    await once(wire, 'request')
    meter.start()
    await everyPiece(wire)
    return meter.stop()
  }
}

/** Connects until the peer's handshake is there: a client that has just started may not be ready. */
async function dial (port, secure, prepare) {
  for (;;) {
    const socket = net.connect({ host: '127.0.0.1', port })
    const wire = contender.make('tcpOutgoing', secure)
    prepare(wire)
    const shaken = new Promise(resolve => {
      wire.once('handshake', () => resolve(true))
      socket.once('close', () => resolve(false))
    })
    connect(socket, wire, torrent.infoHash, { dialed: true, secure })
    if (await shaken) {
      meter.watch(wire)
      return wire
    }
    wire.destroy()
    await sleep(RETRY_MS)
  }
}

/** Until the peer has told that it has the whole torrent. */
function everyPiece (wire) {
  const count = Math.ceil(torrent.length / torrent.pieceLength)
  let next = 0
  return new Promise((resolve, reject) => {
    const look = () => {
      while (next < count && wire.peerPieces.get(next)) next++
      if (next === count) resolve()
    }
    for (const event of ['bitfield', 'have', 'have-all']) wire.on(event, look)
    wire.once('close', () => reject(new Error(`the connection is closed, and the peer has ${next} of ${count} pieces`)))
    look()
  })
}

children.serve(request => handlers[request.do](request))
