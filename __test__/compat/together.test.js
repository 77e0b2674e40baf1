'use strict'

/** Wires with different APIs talk to each other over TCP: each seeds to each of the others. */

const { once } = require('node:events')
const { createHash, randomBytes } = require('node:crypto')
const Wire = require('../..')
const BitTorrentWire = require('../../compat/bittorrent-wire')
const peerWireProtocol = require('../../compat/peer-wire-protocol')
const Wire3 = require('../../compat/v3')
const { connectOverTcp } = require('../world/support/pair')
const { messages, INFO_HASH } = require('./support/peer')

const BLOCK = 16384
const PIECE = randomBytes(3 * BLOCK + 5)
const IDS = { seeder: '-SE0000-000000000000', leecher: '-LE0000-000000000000' }

const blocks = []
for (let begin = 0; begin < PIECE.length; begin += BLOCK) blocks.push([begin, Math.min(BLOCK, PIECE.length - begin)])

/** What an application does with the APIs of bittorrent-protocol and peer-wire-protocol. */
const alike = {
  seed (wire) {
    wire.bitfield(Buffer.from([0x80]))
    wire.on('interested', () => wire.unchoke())
    wire.on('request', (index, offset, length, respond) => respond(null, PIECE.subarray(offset, offset + length)))
  },
  async download (wire) {
    wire.interested()
    await once(wire, 'unchoke')
    return Buffer.concat(await Promise.all(blocks.map(([offset, length]) => new Promise((resolve, reject) => {
      wire.request(0, offset, length, (error, block) => error ? reject(error) : resolve(block))
    }))))
  },
  hasPiece: wire => wire.peerPieces.get(0)
}

const hexId = id => Buffer.from(id).toString('hex')

const apis = {
  main: { ...alike, create: () => new Wire(), greet: (wire, id) => wire.handshake(INFO_HASH, hexId(id), { fast: true }) },
  v3: { ...alike, create: () => new Wire3('tcpOutgoing'), greet: (wire, id) => wire.handshake(INFO_HASH, hexId(id)) },
  'peer-wire-protocol': {
    ...alike,
    create: () => peerWireProtocol(),
    greet: (wire, id) => wire.handshake(INFO_HASH, id),
    hasPiece: wire => wire.peerPieces[0]
  },
  'bittorrent-wire': {
    create: id => new BitTorrentWire(INFO_HASH, id),
    greet: wire => wire.sendHandshake(),
    seed (wire) {
      wire.sendBitfield('80')
      wire.on('request', () => {
        const { index, begin, length } = wire.inRequests.shift()
        wire.sendPiece(messages.piece(index, begin, PIECE.subarray(begin, begin + length)))
      })
    },
    async download (wire) {
      wire.sendInterested()
      wire.sendRequest(Buffer.concat(blocks.map(([begin, length]) => messages.request(0, begin, length))), blocks.length)
      const [index, piece, hash] = await once(wire, 'finished_piece')
      expect([index, hash.digest('hex')]).toEqual([0, createHash('sha1').update(PIECE).digest('hex')])
      return piece
    },
    hasPiece: () => true
  }
}

const names = Object.keys(apis)
const pairs = names.flatMap(one => names.filter(other => other !== one).map(other => [one, other]))

test.each(pairs)('%s downloads from %s', async (leeching, seeding) => {
  const leeches = apis[leeching]
  const seeds = apis[seeding]
  const leecher = leeches.create(IDS.leecher)
  const seeder = seeds.create(IDS.seeder)
  const sockets = await connectOverTcp(leecher, seeder)
  const met = Promise.all([once(leecher, 'handshake'), once(leecher, 'bitfield'), once(seeder, 'handshake')])
  seeder.once('handshake', () => {
    seeds.greet(seeder, IDS.seeder)
    seeds.seed(seeder)
  })
  leeches.greet(leecher, IDS.leecher)
  await met
  expect(leeches.hasPiece(leecher)).toBe(true)
  expect((await leeches.download(leecher)).equals(PIECE)).toBe(true)

  const closed = [leecher, seeder].map(wire => once(wire, 'close'))
  const gone = sockets.map(socket => once(socket, 'close'))
  leecher.destroy()
  await Promise.all([...closed, ...gone])
  expect([leecher.closeReason, seeder.closeReason]).toEqual([null, null])
})

test.each(names.slice(2))('%s: a socket that is reset fails what is pending', async name => {
  const wire = apis[name].create(IDS.leecher)
  const other = apis[name].create(IDS.seeder)
  const [socket, otherSocket] = await connectOverTcp(wire, other)
  const errors = []
  apis[name].greet(wire, IDS.leecher)
  apis[name].greet(other, IDS.seeder)
  await Promise.all([once(wire, 'handshake'), once(other, 'handshake')])
  if (name === 'peer-wire-protocol') {
    wire.peerChoking = false
    wire.request(0, 0, 1, error => errors.push(error.message))
  }
  const closed = Promise.all([once(wire, 'close'), once(wire, 'finish'), new Promise(resolve => socket.once('close', resolve))])
  otherSocket.resetAndDestroy()
  await closed
  expect(errors).toEqual(name === 'peer-wire-protocol' ? ['wire is closed'] : [])
})
