'use strict'

/**
 * Requests in both directions, and those who do not play by the rules. D20 and D21, which are about
 * time, have a clock of their own in world/timeouts.test.js.
 */

const { Writable } = require('node:stream')
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

/** What a wire is piped to, and takes as much as it is told to. */
class SlowSink extends Writable {
  constructor () {
    super({ highWaterMark: 65536 })
    /** In bytes. */
    this.taken = 0
    this.release = null
  }

  _write (chunk, encoding, callback) {
    this.release = () => {
      this.taken += chunk.length
      this.release = null
      callback()
    }
  }

  /** Takes so many bytes, or as many as there are. */
  async take (length) {
    await turn()
    for (const end = this.taken + length; this.taken < end && this.release !== null;) {
      this.release()
      if (this.release === null) await turn()
    }
  }
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

  row('D8 nor is it where it answers late, and nothing is read: what it is asked for at first is all', async Wire => {
    const { peer, respond } = serving(Wire, { isReading: false, options: { highWaterMark: 16384 } })
    for (let index = 0; index < 1000; index++) peer.hear(p.request(index, 0, 16384))
    let answered = 0
    for (let i = 0; i < 100; i++) {
      while (answered < respond.length) respond[answered++](null, Buffer.alloc(16384))
      await turn()
    }
    // The stream itself takes 64 KiB of them.
    expect(answered).toBeLessThan(10)
  })

  /** Plays a peer that takes what it is sent, and an application that answers a tick late; `check` is given how many were open so far. */
  async function serveLate (Wire, count, check = () => {}) {
    const { peer, respond } = serving(Wire, { options: { highWaterMark: 16384 } })
    for (let index = 0; index < count; index++) peer.hear(p.request(index, 0, 16384))
    const open = []
    for (let answered = 0; answered < count;) {
      const { length } = peer.wire.peerRequests
      if (length === 0) throw new Error(`nothing is asked for after ${answered} answers`)
      open.push(length)
      check(open)
      while (answered < respond.length) respond[answered++](null, Buffer.alloc(16384))
      peer.chunks.length = 0
      await turn()
    }
    return { peer, open }
  }

  row('D8 what the application is asked for grows with what the peer takes, to 8 MiB', async Wire => {
    const { peer, open } = await serveLate(Wire, 20_000, ([first]) => expect(first).toBe(2))
    expect(Math.max(...open)).toBeGreaterThan(16)
    expect(Math.max(...open) * 16384).toBeLessThanOrEqual((8 << 20) + 16384)
    peer.expectAlive()
  })

  row('D8 and a peer that took much and reads no more costs no more than that', async Wire => {
    const { peer } = await serveLate(Wire, 10_000)
    peer.wire.removeAllListeners('data')
    peer.wire.pause()
    const before = peer.wire.uploaded
    for (let index = 0; index < 2000; index++) peer.hear(p.request(index, 0, 16384))
    for (let i = 0; i < 1000; i++) {
      const waiting = [...peer.wire.peerRequests]
      if (waiting.length === 0) break
      for (const { callback } of waiting) callback(null, Buffer.alloc(16384))
      await turn()
    }
    expect(peer.wire.uploaded - before).toBeLessThanOrEqual((8 << 20) + (64 << 10) + 2 * 16384)
  })
})

describe('D9 choked, with the fast extension', () => {
  row('D9 each request is rejected while the peer reads', async Wire => {
    const peer = new Peer(Wire, { fast: true })
    for (let i = 0; i < 100; i++) {
      peer.hear(Buffer.concat(Array(1000).fill(p.request(...ONE))))
      await turn()
    }
    expect((await peer.sent()).filter(message => message === REJECT_ONE).length).toBe(100_000)
    peer.expectAlive()
  }, { upstreamFails: false })

  row('D9 and while it reads what was sent before them, however much is unsent at any time', async Wire => {
    const peer = new Peer(Wire, { fast: true, isReading: false })
    const sink = new SlowSink()
    peer.wire.pipe(sink)
    // Half of the output is taken at a time, so that it never drains.
    const BACKLOG = 262_144
    let given = 0
    for (let i = 0; i < 150; i++) {
      for (; given - sink.taken < BACKLOG; given += 16384 + 13) peer.wire.piece(0, 0, Buffer.alloc(16384))
      peer.hear(Buffer.concat(Array(500).fill(p.request(...ONE))))
      given += 500 * 17
      await sink.take(BACKLOG / 2)
    }
    expect(given).toBeGreaterThan(150 * BACKLOG / 2)
    peer.expectAlive()
    expect(peer.all('violation')).toEqual([])
    peer.wire.unpipe?.(sink)
  }, { upstreamFails: false })

  row('D9 and nothing is read: a violation, and at most 300 KB wait', async Wire => {
    const peer = new Peer(Wire, { fast: true, isReading: false })
    for (let i = 0; i < 50; i++) {
      peer.hear(Buffer.concat(Array(1000).fill(p.request(...ONE))))
      expect(peer.wire.readableLength ?? peer.wire._readableState.buffered).toBeLessThan(320_000)
      await turn()
    }
    expect(peer.all('violation').map(([error]) => error.code)).toEqual(['ERR_TOO_MANY_REQUESTS'])
  })

  row('D9 they are counted exactly: as many again once it has read all, and not one more', async Wire => {
    const STEP = 250
    /** How many times `STEP` requests the wire bears while nothing is read. */
    const endure = async (peer, most) => {
      for (let steps = 1; steps <= most; steps++) {
        peer.hear(Buffer.concat(Array(STEP).fill(p.request(...ONE))))
        await turn()
        if (peer.all('violation').length > 0) return steps
      }
      return null
    }
    const bound = await endure(new Peer(Wire, { fast: true, isReading: false }), 200)
    expect(bound).not.toBe(null)
    const peer = new Peer(Wire, { fast: true, isReading: false })
    for (let round = 0; round < 3; round++) {
      expect(await endure(peer, bound - 1)).toBe(null)
      peer.wire.resume()
      await turn()
      expect(peer.wire.readableLength).toBe(0)
      peer.wire.pause()
    }
    expect(await endure(peer, bound)).toBe(bound)
  })
})

describe('D10 more requests than anybody answers', () => {
  const COUNT = 10_000
  const rejects = async peer => (await sent(peer)).filter(message => message.startsWith('10'))

  row('D10 10,000 at once are held, and each is answered in its turn', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true })
    peer.hear(Buffer.concat(Array.from({ length: COUNT }, (_, i) => p.request(i, 0, 16384))))
    await turn()
    for (let answered = 0; answered < COUNT;) {
      const { length } = respond
      if (length === answered) throw new Error(`nothing is asked for after ${answered} answers`)
      while (answered < length) respond[answered++](null, Buffer.alloc(16384))
      await turn()
      for (const message of peer.chunks.splice(0)) if (message.length === 17 && message[4] === 16) throw new Error('a reject')
    }
    expect(peer.all('request').map(([index]) => index)).toEqual(Array.from({ length: COUNT }, (_, i) => i))
    expect(peer.wire.uploaded).toBe(COUNT * 16384)
    peer.expectAlive()
  }, { upstreamFails: false })

  row('D10 a cancel of one that waits is answered once, and it is never asked for', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true })
    peer.hear(Buffer.concat(Array.from({ length: 2000 }, (_, i) => p.request(i, 0, 16384))))
    const asked = respond.length
    const cancelled = Array.from({ length: 2000 - asked }, (_, i) => 1999 - i).filter(i => i % 3 !== 0)
    for (const piece of [...cancelled, ...cancelled]) peer.hear(p.cancel(piece, 0, 16384))
    expect(peer.all('cancel')).toHaveLength(2 * cancelled.length)
    expect(await rejects(peer)).toEqual(cancelled.map(i => p.reject(i, 0, 16384).toString('hex', 4)))
    for (let answered = 0; answered < respond.length;) {
      while (answered < respond.length) respond[answered++](null, Buffer.alloc(16384))
      await turn()
    }
    const expected = Array.from({ length: 2000 }, (_, i) => i).filter(i => !cancelled.includes(i))
    expect(peer.all('request').map(([index]) => index)).toEqual(expected)
    expect(peer.wire.uploaded).toBe(expected.length * 16384)
    peer.expectAlive()
    // There none waits.
  }, { upstreamFails: false })

  row('D10 above maxPeerRequests, with the fast extension, what is too much is rejected', async Wire => {
    const { peer } = serving(Wire, { fast: true, options: { maxPeerRequests: 3 } })
    for (let index = 0; index < 5; index++) peer.hear(p.request(index, 0, 4))
    expect(peer.wire.peerRequests.map(({ piece }) => piece)).toEqual([0, 1, 2])
    expect(await sent(peer)).toEqual(['10000000030000000000000004', '10000000040000000000000004'])
    expect(peer.wire.statistics.refusedRequests).toBe(2)
  })

  row('D10 above maxPeerRequests, without it, it is dropped', async Wire => {
    const { peer } = serving(Wire, { options: { maxPeerRequests: 3 } })
    for (let index = 0; index < 5; index++) peer.hear(p.request(index, 0, 4))
    expect(peer.wire.peerRequests.length).toBe(3)
    expect(await sent(peer)).toEqual([])
    peer.expectAlive()
  })

  row('D10 those that wait count as well as those that are open', async Wire => {
    const { peer, respond } = serving(Wire, { fast: true, options: { maxPeerRequests: 3, highWaterMark: 4 } })
    await turn()
    for (let index = 0; index < 5; index++) peer.hear(p.request(index, 0, 8))
    expect(peer.wire.peerRequests.map(({ piece }) => piece)).toEqual([0])
    expect(await rejects(peer)).toEqual([3, 4].map(i => p.reject(i, 0, 8).toString('hex', 4)))
    // One is answered: there is room for one more.
    respond[0](null, Buffer.alloc(8))
    await turn()
    peer.hear(p.request(5, 0, 8), p.request(6, 0, 8))
    expect((await rejects(peer)).slice(2)).toEqual([p.reject(6, 0, 8).toString('hex', 4)])
    for (let answered = 1; answered < respond.length;) {
      respond[answered++](null, Buffer.alloc(8))
      await turn()
    }
    expect(peer.all('request').map(([index]) => index)).toEqual([0, 1, 2, 5])
  })

  row('D10 by default that is 32,768', async Wire => {
    const { peer } = serving(Wire, { fast: true })
    for (let at = 0; at < 40_000; at += 1000) {
      peer.hear(Buffer.concat(Array.from({ length: 1000 }, (_, i) => p.request(at + i, 0, 16384))))
      await turn()
    }
    const refused = Array.from({ length: 40_000 - 32_768 }, (_, i) => 32_768 + i)
    expect(await rejects(peer)).toEqual(refused.map(i => p.reject(i, 0, 16384).toString('hex', 4)))
    expect(peer.wire.statistics.refusedRequests).toBe(refused.length)
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
