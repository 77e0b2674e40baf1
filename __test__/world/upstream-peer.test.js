'use strict'

/** This wire on one end of a TCP connection, bittorrent-protocol on the other. */

const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const { loadOurs, loadUpstream } = require('../helpers/wire')
const {
  INFO_HASH, PEER_IDS, close, connectOverTcp, reached, request, shakeHands
} = require('./support/pair')

const BLOCK = 16384

let Ours, Upstream

beforeAll(async () => {
  Ours = await loadOurs()
  Upstream = await loadUpstream()
})

// Every test runs with this wire as the one that connects and as the one that is connected to.
describe.each(['connects', 'is connected to'])('this wire %s', role => {
  let ours, theirs, sockets

  beforeEach(async () => {
    const outgoing = role === 'connects'
    ours = new Ours(outgoing ? 'tcpOutgoing' : 'tcpIncoming')
    theirs = new Upstream(outgoing ? 'tcpIncoming' : 'tcpOutgoing')
    sockets = outgoing ? await connectOverTcp(ours, theirs) : await connectOverTcp(theirs, ours)
    // Upstream's end leaves its socket paused, which in Deno never closes.
    theirs.once('close', () => sockets[outgoing ? 1 : 0].resume())
  })

  afterEach(async () => {
    await close(ours, theirs)
    await Promise.all(sockets.map(socket => socket.closed || once(socket, 'close')))
  })

  test('handshakes and extended handshakes', async () => {
    const dicts = Promise.all([ours, theirs].map(wire => new Promise(resolve => {
      wire.on('extended', (name, dict) => name === 'handshake' && resolve(dict))
    })))
    ours.extendedHandshake = { v: 'ours', reqq: 500 }
    theirs.extendedHandshake = { v: 'theirs', yourip: new Uint8Array([127, 0, 0, 1]) }
    theirs.extendedMapping = { 7: 'ut_something' }

    const handshakes = await shakeHands(ours, theirs, { dht: true, fast: true })
    const extensions = { dht: true, fast: true, extended: true }
    expect(handshakes[0]).toEqual([INFO_HASH, PEER_IDS[1], extensions])
    expect(handshakes[1]).toEqual([INFO_HASH, PEER_IDS[0], extensions])
    expect([ours.hasFast, theirs.hasFast]).toEqual([true, true])

    const [theirDict, ourDict] = await dicts
    expect(Buffer.from(theirDict.v).toString()).toBe('theirs')
    expect([...theirDict.yourip]).toEqual([127, 0, 0, 1])
    expect(ours.peerExtendedMapping).toEqual({ ut_something: 7 })
    expect(ourDict.reqq).toBe(500)
    expect(Buffer.from(ourDict.v).toString()).toBe('ours')
  })

  test('pieces both ways at once', async () => {
    await shakeHands(ours, theirs)
    const files = new Map([[ours, randomBytes(256 * BLOCK)], [theirs, randomBytes(256 * BLOCK)]])
    for (const [wire, file] of files) {
      wire.on('request', (piece, offset, length, respond) => {
        const start = piece * 4 * BLOCK + offset
        respond(null, file.subarray(start, start + length))
      })
      wire.unchoke()
    }
    await Promise.all([reached(ours, theirs), reached(theirs, ours)])

    const fetched = await Promise.all([ours, theirs].map(async wire => {
      const blocks = Array.from({ length: 256 }, (_, i) => {
        return request(wire, i >> 2, (i & 3) * BLOCK, BLOCK)
      })
      return createHash('sha1').update(Buffer.concat(await Promise.all(blocks))).digest('hex')
    }))
    const hash = wire => createHash('sha1').update(files.get(wire)).digest('hex')
    expect(fetched).toEqual([hash(theirs), hash(ours)])
    for (const wire of [ours, theirs]) {
      expect([wire.uploaded, wire.downloaded]).toEqual([256 * BLOCK, 256 * BLOCK])
      expect([wire.requests.length, wire.peerRequests.length]).toEqual([0, 0])
    }
  })

  test('a choke without the fast extension fails what is pending, last first', async () => {
    for (const [asking, asked] of [[ours, theirs], [theirs, ours]]) {
      if (!asking.peerId) await shakeHands(ours, theirs)
      asked.unchoke()
      await reached(asked, asking)
      const failed = []
      for (const piece of [0, 1, 2]) {
        asking.request(piece, 0, BLOCK, err => failed.push([piece, err.message]))
      }
      await reached(asking, asked)
      expect(asked.peerRequests).toHaveLength(3)
      asked.choke()
      expect(asked.peerRequests).toHaveLength(0)
      await reached(asked, asking)
      expect(failed).toEqual([2, 1, 0].map(piece => [piece, 'peer is choking']))
      expect(asking.requests).toHaveLength(0)
      await expect(request(asking, 4, 0, 1)).rejects.toThrow('peer is choking')
    }
  })

  test('a choke under the fast extension rejects all but the allowed-fast', async () => {
    for (const [asking, asked] of [[ours, theirs], [theirs, ours]]) {
      if (!asking.peerId) await shakeHands(ours, theirs, { fast: true })
      const responders = []
      asked.on('request', (piece, offset, length, respond) => responders.push(respond))
      asked.allowedFast(1)
      asked.unchoke()
      await reached(asked, asking)
      expect(asking.peerAllowedFastSet).toEqual([1])
      const settled = []
      for (const piece of [0, 1, 2]) {
        asking.request(piece, 0, 100, err => settled.push([piece, err && err.message]))
      }
      await reached(asking, asked)
      asked.choke()
      await reached(asked, asking)
      expect(settled.sort()).toEqual([0, 2].map(piece => [piece, 'request was rejected']))
      expect(asking.requests.map(r => r.piece)).toEqual([1])
      responders[1](null, Buffer.alloc(100))
      await reached(asked, asking)
      expect(settled[2]).toEqual([1, null])
      // While choked: an allowed-fast piece may be asked for, no other.
      const allowed = request(asking, 1, 100, 50)
      await expect(request(asking, 0, 0, 1)).rejects.toThrow('peer is choking')
      await reached(asking, asked)
      responders[3](null, Buffer.alloc(50, 'x'))
      expect(Buffer.from(await allowed).toString()).toBe('x'.repeat(50))
    }
  })

  test('have-all, have-none, suggest, reject and port', async () => {
    await shakeHands(ours, theirs, { fast: true })
    const seen = []
    for (const [name, wire] of [['ours', ours], ['theirs', theirs]]) {
      for (const event of ['have-all', 'have-none', 'suggest', 'reject', 'port', 'have']) {
        wire.on(event, (...args) => seen.push([name, event, ...args]))
      }
    }
    ours.haveAll()
    theirs.haveNone()
    await Promise.all([reached(ours, theirs), reached(theirs, ours)])
    expect([theirs.peerPieces.get(99), ours.peerPieces.get(99)]).toEqual([true, false])

    seen.length = 0
    ours.suggest(5)
    ours.port(6881)
    ours.reject(1, 2, 3)
    await reached(ours, theirs)
    theirs.suggest(6)
    theirs.have(7)
    theirs.reject(4, 5, 6)
    await reached(theirs, ours)
    expect(seen).toEqual([
      ['theirs', 'suggest', 5], ['theirs', 'port', 6881], ['theirs', 'reject', 1, 2, 3],
      ['ours', 'suggest', 6], ['ours', 'have', 7], ['ours', 'reject', 4, 5, 6]
    ])
  })

  test('a cancelled request is called back at once and not answered', async () => {
    for (const [asking, asked] of [[ours, theirs], [theirs, ours]]) {
      if (!asking.peerId) await shakeHands(ours, theirs)
      const responders = []
      asked.on('request', (piece, offset, length, respond) => responders.push(respond))
      asked.unchoke()
      await reached(asked, asking)
      const cancelled = request(asking, 3, 0, 100)
      const kept = request(asking, 4, 0, 100)
      await reached(asking, asked)
      const told = once(asked, 'cancel')
      asking.cancel(3, 0, 100)
      await expect(cancelled).rejects.toThrow('request was cancelled')
      expect(await told).toEqual([3, 0, 100])
      responders[0](null, Buffer.alloc(100))
      responders[1](null, Buffer.alloc(100))
      expect((await kept).length).toBe(100)
      expect(asking.downloaded).toBe(100)
    }
  })

  test.each([['this wire', false], ['upstream', false], ['this wire', true], ['upstream', true]])(
    '%s closes (fast extension: %s)', async (who, fast) => {
      const [closing, other] = who === 'this wire' ? [ours, theirs] : [theirs, ours]
      await shakeHands(ours, theirs, { fast })
      const settled = []
      const events = []
      for (const wire of [ours, theirs]) {
        wire.unchoke()
        for (const event of ['finish', 'end', 'close', 'error']) {
          wire.on(event, () => events.push([wire === ours ? 'ours' : 'theirs', event]))
        }
      }
      await Promise.all([reached(ours, theirs), reached(theirs, ours)])
      for (const [name, wire] of [['ours', ours], ['theirs', theirs]]) {
        wire.request(0, 0, 100, err => settled.push([name, err.message]))
      }
      await Promise.all([reached(ours, theirs), reached(theirs, ours)])

      const closed = Promise.all([once(ours, 'close'), once(theirs, 'close')])
      const hungUp = Promise.all(sockets.map(socket => once(socket, 'close')))
      closing.destroy()
      await Promise.all([closed, hungUp])
      const why = fast ? 'wire was closed' : 'peer is choking'
      expect(settled.sort()).toEqual([['ours', why], ['theirs', why]])
      for (const name of ['ours', 'theirs']) {
        expect(events.filter(([of]) => of === name).map(([, event]) => event))
          .toEqual(['finish', 'end', 'close'])
      }
      expect(other.destroyed).toBe(true)
      await expect(request(ours, 0, 0, 1)).rejects.toThrow('wire is closed')
    }
  )
})
