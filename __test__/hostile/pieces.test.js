'use strict'

/** What a peer says of its pieces, more than once and in any order. */

const { row } = require('./support/row')
const { Peer, ...p } = require('./support/peer')

const hex = bytes => Buffer.from(bytes, 'hex')

/** The pieces below 24 that the peer has. */
function has ({ wire }) {
  return Array.from({ length: 24 }, (_, i) => i).filter(i => wire.peerPieces.get(i))
}

describe('D24 have-all, then another word', () => {
  row('D24 have-none takes it all back', Wire => {
    const peer = new Peer(Wire, { fast: true })
    peer.hear(p.haveAll())
    expect(has(peer).length).toBe(24)
    expect(peer.wire.peerPieces.setAll).toBe(undefined)
    peer.hear(p.haveNone())
    expect(has(peer)).toEqual([])
    expect(typeof peer.wire.peerPieces.setAll).toBe('function')
    peer.hear(p.have(5))
    expect(has(peer)).toEqual([5])
    peer.expectAlive()
  })

  row('D24 a bitfield replaces it', Wire => {
    const peer = new Peer(Wire, { fast: true })
    peer.hear(p.haveAll(), p.bitfield(hex('8001')))
    expect(has(peer)).toEqual([0, 15])
    peer.hear(p.have(0), p.have(1))
    expect(peer.all('have')).toEqual([[1]])
  }, { upstreamFails: false })
})

row('D25 a bitfield, then haves, then another bitfield: the newest counts, and haves are news again', Wire => {
  const peer = new Peer(Wire)
  peer.hear(p.bitfield(hex('80')), p.have(3), p.have(3), p.have(9), p.have(9))
  expect(peer.all('have')).toEqual([[3], [9]])
  expect(has(peer)).toEqual([0, 3, 9])
  peer.hear(p.bitfield(hex('40')))
  expect(has(peer)).toEqual([1])
  peer.hear(p.have(3), p.have(1))
  expect(peer.all('have')).toEqual([[3], [9], [3]])
})

describe('D26 bits past the end', () => {
  row('D26 a have past the end of the bitfield grows it', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.bitfield(hex('80')))
    expect(peer.wire.peerPieces.buffer.length).toBe(1)
    peer.hear(p.have(20), p.have(20))
    expect(has(peer)).toEqual([0, 20])
    expect(peer.all('have')).toEqual([[20]])
  })

  row('D26 the last piece of all', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.have(2097151), p.have(2097151))
    expect(peer.all('have')).toEqual([[2097151]])
    expect(peer.wire.peerPieces.get(2097151)).toBe(true)
    expect(peer.wire.peerPieces.buffer.length).toBeLessThanOrEqual(262144)
  })

  row('D26 a bitfield of 2,097,152 pieces is let in, and none larger', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.bitfield(Buffer.alloc(262144, 255)))
    expect(peer.wire.peerPieces.get(2097151)).toBe(true)
    peer.hear(hex('0004000205'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })
})

describe('D30 allowed-fast', () => {
  row('D30 101 of them: the first 100 stay, and may be requested while choked', async Wire => {
    const peer = new Peer(Wire, { fast: true })
    for (let index = 0; index <= 100; index++) peer.hear(p.allowedFast(index))
    expect(peer.wire.peerAllowedFastSet).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(peer.all('allowed-fast').length).toBe(100)
    const failures = []
    peer.wire.request(0, 0, 16384, error => failures.push(error?.message))
    peer.wire.request(100, 0, 16384, error => failures.push(error?.message))
    expect(failures).toEqual(['peer is choking'])
    expect(await peer.sent()).toEqual(['06000000000000000000004000'])
    peer.expectAlive()
  })
})
