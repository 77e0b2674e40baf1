'use strict'

const Wire = require('../..')
const ltDonthave = require('../../extensions/lt_donthave')
const { bencode } = require('../world/support/messages')
const { Peer, ...p } = require('../hostile/support/peer')

let peer, extension, told

beforeEach(() => {
  peer = new Peer(Wire, { fast: true })
  peer.wire.use(ltDonthave())
  extension = peer.wire.lt_donthave
  told = []
  extension.on('donthave', index => told.push(index))
})

afterEach(() => peer.wire.destroy())

const index = number => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

test('a piece is gone, and the requests for it fail', () => {
  peer.hear(p.bitfield(Buffer.from([0xe0])), p.unchoke())
  const failed = []
  for (const [piece, offset] of [[1, 0], [0, 0], [1, 16], [2, 0], [1, 32]]) {
    peer.wire.request(piece, offset, 16, error => failed.push([piece, offset, error.message]))
  }
  peer.hear(p.extended(1, index(1)), p.extended(1, index(1)), p.extended(1, index(9)))
  expect(told).toEqual([1])
  expect(peer.wire.peerPieces.get(1)).toBe(false)
  expect(failed.sort((a, b) => a[1] - b[1])).toEqual([0, 16, 32].map(offset => [1, offset, 'peer sent donthave']))
  expect(peer.wire.requests.map(({ piece }) => piece).sort()).toEqual([0, 2])
  peer.expectAlive()
})

test('of a peer that has all', () => {
  peer.hear(p.haveAll(), p.unchoke())
  const failed = []
  peer.wire.request(7, 0, 16, error => failed.push(error.message))
  peer.hear(p.extended(1, index(7)))
  expect([told, failed]).toEqual([[7], ['peer sent donthave']])
})

test('who asks for the same piece again, when it fails, waits for the peer', () => {
  peer.hear(p.bitfield(Buffer.from([0xff])), p.unchoke())
  let failed = 0
  const ask = () => peer.wire.request(1, 0, 16, () => {
    if (++failed < 100) ask()
  })
  ask()
  ask()
  peer.hear(p.extended(1, index(1)))
  expect([failed, peer.wire.requests.length]).toEqual([2, 2])
})

test('what is not four bytes does not count', () => {
  peer.hear(p.haveAll())
  for (const length of [0, 1, 3, 5, 1000]) peer.hear(p.extended(1, Buffer.alloc(length)))
  expect(told).toEqual([])
  peer.expectAlive()
})

test('says it to a peer that takes it', async () => {
  extension.donthave(1)
  peer.hear(p.extended(0, bencode({ m: { lt_donthave: 5 } })))
  extension.donthave(0xfffffffe)
  peer.hear(p.extended(0, bencode({ m: { lt_donthave: 0 } })))
  extension.donthave(2)
  expect(await peer.sent()).toEqual(['1405fffffffe'])
  for (const wrong of [-1, 1.5, 2 ** 32]) expect(() => extension.donthave(wrong)).toThrow(RangeError)
  expect(() => extension.donthave('1')).toThrow(TypeError)
})
