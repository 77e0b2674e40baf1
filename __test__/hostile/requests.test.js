'use strict'

/**
 * Requests in both directions, and those who do not play by the rules. D20 and D21, which are about
 * time, have a clock of their own in world/timeouts.test.js.
 */

const { row } = require('./support/row')
const { Peer, turn, ...p } = require('./support/peer')

const ONE = [1, 0, 4]
const REJECT_ONE = '1000000001' + '00000000' + '00000004'
const PIECE_ONE = '0700000001' + '00000000' + Buffer.from('abcd').toString('hex')
const BLOCK = Buffer.from('abcd')

/** @returns {{ peer: Peer, respond: Function[] }} a wire that does not choke, and its answers */
function serving (Wire, setup) {
  const peer = new Peer(Wire, setup)
  peer.wire.unchoke()
  const respond = []
  peer.wire.on('request', (index, offset, length, callback) => respond.push(callback))
  return { peer, respond }
}

const sent = async peer => (await peer.sent()).filter(message => message !== '01')

describe('D8 requests of a peer that does not read', () => {
  row('D8 they wait while more than the high-water mark is unsent, and go on as it drains', async Wire => {
    const peer = new Peer(Wire, { isReading: false, options: { highWaterMark: 100_000 } })
    peer.wire.unchoke()
    let served = 0
    peer.wire.on('request', (index, offset, length, respond) => {
      served++
      respond(null, Buffer.alloc(length))
    })
    for (let index = 0; index < 1000; index++) peer.hear(p.request(index, 0, 16384))
    await turn()
    expect(served).toBeLessThan(20)
    expect(peer.wire.peerRequests).toEqual([])
    peer.wire.on('data', () => {})
    for (let i = 0; i < 1000 && served < 1000; i++) await turn() // eslint-disable-line no-unmodified-loop-condition
    expect(served).toBe(1000)
    peer.expectAlive()
  })

  row('D8 an application that answers late is not given more than it can hold', async Wire => {
    const { peer, respond } = serving(Wire, { options: { highWaterMark: 16384 } })
    for (let index = 0; index < 50; index++) peer.hear(p.request(index, 0, 16384))
    expect(respond.length).toBe(2)
    // Whether it answers or declines, the next ones come.
    for (let answered = 0; answered < 50; answered++) {
      expect(respond.length).toBeGreaterThan(answered)
      if (answered % 3 === 0) respond[answered](new Error('no'))
      else respond[answered](null, Buffer.alloc(16384))
      await turn()
    }
    expect((await peer.sent()).filter(message => message.startsWith('07')).length).toBe(33)
  })
})

row('D9 choked, with the fast extension: each request is rejected while the peer reads', async Wire => {
  const peer = new Peer(Wire, { fast: true })
  for (let i = 0; i < 20; i++) {
    peer.hear(Buffer.concat(Array(1000).fill(p.request(...ONE))))
    await turn()
  }
  expect((await peer.sent()).filter(message => message === REJECT_ONE).length).toBe(20_000)
  peer.expectAlive()
}, { upstreamFails: false })

row('D9 choked, with the fast extension, and nothing is read: a violation, and at most 300 KB wait', async Wire => {
  const peer = new Peer(Wire, { fast: true, isReading: false })
  for (let i = 0; i < 60; i++) {
    peer.hear(Buffer.concat(Array(1000).fill(p.request(...ONE))))
    expect(peer.wire.readableLength ?? peer.wire._readableState.buffered).toBeLessThan(320_000)
    await turn()
  }
  expect(peer.all('violation').map(([error]) => error.code)).toEqual(['ERR_TOO_MANY_REQUESTS'])
})

describe('D10 more than maxPeerRequests', () => {
  row('D10 with the fast extension what is too much is rejected', async Wire => {
    const { peer } = serving(Wire, { fast: true, options: { maxPeerRequests: 3 } })
    for (let index = 0; index < 5; index++) peer.hear(p.request(index, 0, 4))
    expect(peer.wire.peerRequests.map(({ piece }) => piece)).toEqual([0, 1, 2])
    expect(await sent(peer)).toEqual(['10000000030000000000000004', '10000000040000000000000004'])
    expect(peer.wire.statistics.refusedRequests).toBe(2)
  })

  row('D10 without it, it is dropped', async Wire => {
    const { peer } = serving(Wire, { options: { maxPeerRequests: 3 } })
    for (let index = 0; index < 5; index++) peer.hear(p.request(index, 0, 4))
    expect(peer.wire.peerRequests.length).toBe(3)
    expect(await sent(peer)).toEqual([])
    peer.expectAlive()
  })
})

describe('D17 the same block requested twice', () => {
  row('D17 each is answered once, in any order', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true })
    peer.hear(p.request(...ONE), p.request(...ONE))
    respond[1](null, BLOCK)
    respond[1](null, BLOCK)
    respond[0](new Error('no'))
    respond[0](null, BLOCK)
    expect(await sent(peer)).toEqual([PIECE_ONE, REJECT_ONE])
    expect(peer.wire.peerRequests).toEqual([])
  })
})

describe('D18 cancel, with the fast extension', () => {
  row('D18 an open request gets its one answer: a reject', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true })
    peer.hear(p.request(...ONE), p.cancel(...ONE))
    respond[0](null, BLOCK)
    expect(await sent(peer)).toEqual([REJECT_ONE])
    expect(peer.all('cancel')).toEqual([ONE])
  })

  row('D18 what was sent already gets no other answer', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true })
    peer.hear(p.request(...ONE))
    respond[0](null, BLOCK)
    peer.hear(p.cancel(...ONE))
    expect(await sent(peer)).toEqual([PIECE_ONE])
  }, { upstreamFails: false })

  row('D18 a request that waits is rejected too', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true, options: { highWaterMark: 4 } })
    await turn()
    peer.hear(p.request(1, 0, 8), p.request(2, 0, 8), p.cancel(2, 0, 8))
    expect(respond.length).toBe(1)
    expect(await sent(peer)).toEqual(['10000000020000000000000008'])
  })
})

describe('D19 a piece that nobody asked for', () => {
  row('D19 it has its events, and counts apart', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.unchoke(), p.piece(1, 0, BLOCK))
    expect(peer.names).toEqual(['unchoke', 'download', 'piece'])
    expect(peer.wire.downloaded).toBe(0)
    expect(peer.wire.downloadSpeed()).toBe(0)
    expect(peer.wire.unsolicited).toEqual({ pieces: 1, bytes: 4 })
  })

  row('D19 nor does the same piece twice', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.unchoke())
    let calls = 0
    peer.wire.request(...ONE, () => calls++)
    peer.hear(p.piece(1, 0, BLOCK), p.piece(1, 0, BLOCK))
    expect(calls).toBe(1)
    expect(peer.wire.downloaded).toBe(4)
    expect(peer.wire.unsolicited).toEqual({ pieces: 1, bytes: 4 })
  })
})
