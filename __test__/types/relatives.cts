/** The types of the wires with other packages' APIs. */

import net = require('node:net')
import peerWireProtocol = require('../../compat/peer-wire-protocol.js')
import BitTorrentWire = require('../../compat/bittorrent-wire.js')
import Wire3 = require('../../compat/v3.js')

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const socket = net.connect(6881)

// peer-wire-protocol: with `new` and without.
const wire: peerWireProtocol.PeerWire = peerWireProtocol({ speed: 10, maxPieces: 1000 })
const other = new peerWireProtocol()
const isOne: boolean = other instanceof peerWireProtocol
socket.pipe(wire).pipe(socket)
wire.on('handshake', (infoHash, peerId, { dht }) => {
  infoHash.readUInt8(0)
  peerId.readUInt8(0)
  const isNode: boolean = dht
  void isNode
})
wire.on('request', (index, offset, length, respond) => respond(null, Buffer.alloc(index + offset + length)))
wire.on('extended', (id, message) => wire.extended(id, message.subarray(2)))
wire.on('of my own', (...args: number[]) => args)
wire.handshake(INFO_HASH, '-AA0000-000000000000', { dht: true })
wire.request(0, 0, 16384, (error, block) => { if (error === null) block.readUInt8(0) })
wire.setTimeout(1000, () => wire.destroy())
wire.peerPieces[0] = true
wire.peerAddress = '127.0.0.1:6881'
const piped: net.Socket = wire.pipe(socket, { end: false })
wire.unpipe(socket)
// @ts-expect-error the handshake of BEP 10 is the application's
peerWireProtocol({ reqq: 500 })
// @ts-expect-error an extension has a number
wire.extended('ut_pex', {})

// bittorrent-wire: the default export too.
const torrentWire = new BitTorrentWire(INFO_HASH, '-AA0000-000000000000', {
  metadata_handshake: { m: { ut_pex: 1, ut_metadata: 2 }, metadata_size: 5 }
})
const byDefault: BitTorrentWire = new BitTorrentWire.default(INFO_HASH, Buffer.alloc(20))
torrentWire.on('metadata', ({ files, pieces }) => [files[0]?.path.length, pieces[0]?.length])
torrentWire.on('finished_piece', (index, piece, hash) => [index + piece.length, hash.digest('hex')])
torrentWire.on('request', () => torrentWire.inRequests.shift()?.begin)
torrentWire.on('pex_added', peers => peers.map(peer => peer.split(':')))
torrentWire.sendRequest(Buffer.alloc(17), 1)
torrentWire.sendPexPeers(['10.0.0.1:1'], null, [])
// @ts-expect-error a hash is needed
new BitTorrentWire() // eslint-disable-line no-new

// 3.x: everything of the main wire, and the steps of the crypto handshake.
const third = new Wire3('tcpOutgoing', 0, true, { maxMessageLength: 1000, reqq: 500 })
third.on('pe2', () => third.sendPe3(INFO_HASH))
third.on('pe3', infoHashHash => infoHashHash.length)
third.on('pe4', () => third.handshake(INFO_HASH, Buffer.alloc(20), { fast: true }))
third.on('handshake', (infoHash, peerId, { fast }) => [infoHash.length, peerId.length, fast])
third.sendPe1()
const isEncrypting: boolean = third.setEncrypt(null, INFO_HASH)

void [isOne, piped, byDefault, isEncrypting]
