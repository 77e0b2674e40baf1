'use strict'

/** What a peer may do to the members that bittorrent-protocol lacks: H hashes, F allowed-fast, X keys, S streams. */

const { row } = require('./support/row')
const { Peer, turn, ...p } = require('./support/peer')

const HASHES = Buffer.alloc(64, 7)
const code = promise => promise.then(() => 'resolved', error => error.code)

describe('H1 a range of hashes that no tree has', () => {
  const ranges = {
    'of no hashes': { length: 0 },
    'of three': { length: 3 },
    'of 16,384': { length: 16384 },
    'of 2^31': { length: 2 ** 31 },
    'whose index is no multiple of its length': { index: 3 },
    'past the end of its layer': { baseLayer: 62, index: 4 },
    'of layer 65': { baseLayer: 65 },
    'of layer 2^32 - 1': { baseLayer: 0xffffffff },
    'with more proof layers than any tree has': { proofLayers: 65 },
    'whose proof leads above any root': { baseLayer: 40, proofLayers: 25 }
  }
  for (const [name, range] of Object.entries(ranges)) {
    row(`H1 ${name}`, Wire => {
      const right = { hashRequest: p.hashRequest({}), hashes: p.hashes({}, HASHES), hashReject: p.hashReject({}) }
      const wrong = { hashRequest: p.hashRequest(range), hashes: p.hashes(range, HASHES), hashReject: p.hashReject(range) }
      for (const kind of Object.keys(right)) {
        const peer = new Peer(Wire, { v2: true })
        peer.hear(right[kind], p.have(1)).hear(wrong[kind], p.have(2))
        expect(peer.all('have')).toEqual([[1]])
        peer.expectViolation('ERR_BAD_HASH_RANGE')
      }
    })
  }

  row('H1 it shows at the message\'s numbers, before any hash', Wire => {
    const peer = new Peer(Wire, { v2: true })
    const bytes = p.hashes({ length: 3 }, Buffer.alloc(96))
    peer.hear(bytes.subarray(0, 53))
    peer.expectViolation('ERR_BAD_HASH_RANGE')
  })
})

describe('H2 hashes of another number than their range has', () => {
  for (const [hashes, range] of [[1, {}], [3, {}], [6, { proofLayers: 3 }], [3, { length: 1 }], [0, {}]]) {
    row(`H2 ${hashes} of ${JSON.stringify(range)}`, Wire => {
      const peer = new Peer(Wire, { v2: true })
      peer.hear(p.hashes(range, Buffer.alloc(32 * hashes)))
      peer.expectViolation('ERR_BAD_HASH_RANGE')
    })
  }

  row('H2 half a hash', Wire => {
    const peer = new Peer(Wire, { v2: true })
    peer.hear(p.hashes({}, Buffer.alloc(48)))
    peer.expectViolation('ERR_BAD_HASH_RANGE')
  })

  for (const id of [21, 23]) {
    row(`H2 id ${id} is 49 bytes long, no more and no less`, Wire => {
      for (let wrong = 45; wrong < 55; wrong++) {
        const peer = new Peer(Wire, { v2: true })
        const body = Buffer.alloc(wrong)
        if (wrong >= 44) body.writeUInt32BE(1, 40)
        peer.hear(p.message(id, body))
        if (wrong === 48) peer.expectAlive()
        else peer.expectViolation('ERR_BAD_LENGTH')
      }
    })
  }
})

describe('H3 hash requests, on and on', () => {
  row('H3 each is answered once, those above the bound with a reject', async Wire => {
    const peer = new Peer(Wire, { v2: true })
    const respond = []
    peer.wire.on('hash-request', (range, callback) => respond.push(callback))
    for (let i = 0; i < 3000; i++) peer.hear(p.hashRequest({ index: 2 * i }))
    for (const callback of respond) callback(null, HASHES)
    const sent = (await peer.sent()).filter(message => /^1[67]/.test(message))
    expect(sent).toHaveLength(3000)
    expect(new Set(sent.map(message => message.slice(2, 98)))).toHaveProperty('size', 3000)
    expect(sent.filter(message => message.startsWith('16'))).toHaveLength(respond.length)
    expect(respond.length).toBeLessThanOrEqual(1000)
    peer.expectAlive()
  }, { upstreamFails: false })

  row('H3 nothing is read: no further one is told of while much is unsent', async Wire => {
    const peer = new Peer(Wire, { v2: true, isReading: false, options: { highWaterMark: 10_000 } })
    let asked = 0
    peer.wire.on('hash-request', (range, respond) => {
      asked++
      respond(null, Buffer.alloc(64))
    })
    for (let i = 0; i < 3000; i++) peer.hear(p.hashRequest({ index: 2 * i }))
    await turn()
    // 117 bytes each, under the mark and in the 64 KiB of the stream.
    expect(asked).toBeLessThan(700)
    peer.wire.on('data', () => {})
    for (let i = 0; i < 1000 && asked < 3000; i++) await turn() // eslint-disable-line no-unmodified-loop-condition
    expect(asked).toBe(3000)
    peer.expectAlive()
  }, { upstreamFails: false })

  row('H3 to an application that serves none: each is rejected', async Wire => {
    const peer = new Peer(Wire, { v2: true })
    peer.hear(p.hashRequest({}), p.hashRequest({ index: 2 }))
    expect((await peer.sent()).map(message => message.slice(0, 2))).toEqual(['17', '17'])
  })
})

describe('H4 hashes that nobody asked for', () => {
  row('H4 they settle nothing but what they are of', async Wire => {
    const peer = new Peer(Wire, { v2: true })
    const range = { piecesRoot: Buffer.alloc(32, 0xab), baseLayer: 0, index: 4, length: 2, proofLayers: 1 }
    const promise = code(peer.wire.requestHashes(range))
    const others = [{ index: 2 }, { baseLayer: 1 }, { proofLayers: 2 }, { length: 4 }, { piecesRoot: Buffer.alloc(32) }]
    for (const change of others) {
      const other = { ...range, ...change }
      peer.hear(p.hashReject(other), p.hashes(other, Buffer.alloc(32 * other.length)))
    }
    let isSettled = false
    promise.then(() => { isSettled = true })
    await turn()
    expect(isSettled).toBe(false)
    peer.hear(p.hashes(range, HASHES))
    expect(await promise).toBe('resolved')
    peer.hear(p.hashes(range, HASHES), p.hashReject(range))
    peer.expectAlive()
  }, { upstreamFails: false })
})

row('H5 messages of BEP 52 from a peer that did not announce it are unknown ones, whatever they say', Wire => {
  const peer = new Peer(Wire)
  peer.hear(p.hashRequest({ length: 3 }), p.message(22, Buffer.from('x')))
  expect(peer.names).toEqual(['unknownmessage', 'unknownmessage'])
  peer.expectAlive()
}, { upstreamFails: false })

describe('F1 a choked peer and its allowed-fast set', () => {
  const setup = (Wire, pieceLength = 65536) => {
    const peer = new Peer(Wire, { fast: true })
    const served = []
    peer.wire.on('request', (index, offset, length, respond) => {
      served.push(length)
      respond(null, Buffer.alloc(length))
    })
    const [piece] = peer.wire.allowFastFor('10.0.0.1', { pieces: 100, pieceLength })
    return { peer, served, piece }
  }
  const sum = lengths => lengths.reduce((a, b) => a + b, 0)

  row('F1 gets each piece three times over, however it cuts it', Wire => {
    for (const [offset, length] of [[0, 16384], [1, 16384], [0xffff0000, 16384], [0, 65536], [7, 300]]) {
      const { peer, served, piece } = setup(Wire)
      for (let i = 0; i < 1000 && sum(served) < 3 * 65536 && served.length === i; i++) {
        peer.hear(p.request(piece, offset, length))
      }
      const before = served.length
      expect(sum(served)).toBeLessThanOrEqual(3 * 65536)
      for (let i = 0; i < 10; i++) peer.hear(p.request(piece, offset, length))
      expect(served).toHaveLength(before)
      peer.expectAlive()
    }
  }, { upstreamFails: false })

  row('F1 what is longer than all of it is rejected', async Wire => {
    const { peer, served, piece } = setup(Wire)
    peer.hear(p.request(piece, 0, 0xffffffff), p.request(piece, 0, 16384))
    expect(served).toEqual([16384])
    expect((await peer.sent()).filter(message => message.startsWith('10'))).toHaveLength(1)
  }, { upstreamFails: false })

  row('F1 requests of nothing are bounded too', Wire => {
    const { peer, served, piece } = setup(Wire, 500)
    peer.hear(...Array(2000).fill(p.request(piece, 0, 0)))
    expect(served).toHaveLength(1500)
  }, { upstreamFails: false })
})

describe('K1 keys of an extended handshake that say what they must not', () => {
  const hex = text => Buffer.from(text, 'hex')
  const keys = {
    v: [5, [], {}, 'x'.repeat(256), hex('ff'), hex('c080'), 'a\u001b]0;title\u0007', '\r\n', '\u009b2J'],
    p: [-1, 0, 65536, 2 ** 53, '6881', [6881], {}],
    yourip: ['127.0.0.1', hex('7f0000'), hex('7f00000101'), 5, {}],
    ipv4: [Buffer.alloc(16), 2130706433, []],
    ipv6: [Buffer.alloc(4), Buffer.alloc(32), {}],
    reqq: [0, -1, 2 ** 31, 2 ** 53, '250', {}],
    upload_only: [2, -1, 'yes', []],
    metadata_size: [0, -1, 2 ** 31, 2 ** 53, '1', {}],
    complete_ago: [-1, 2 ** 31, '5', []]
  }
  for (const [key, values] of Object.entries(keys)) {
    row(`K1 \`${key}\``, Wire => {
      const peer = new Peer(Wire)
      for (const value of values) {
        peer.hear(p.extended(0, p.bencode({ [key]: value })))
        expect(Object.keys(peer.wire.peerInfo)).toHaveLength(9)
        expect(Object.values(peer.wire.peerInfo).filter(said => said !== undefined)).toEqual([])
        expect(peer.wire.requestWindow).toBe(250)
      }
      expect(peer.all('extended')).toHaveLength(values.length)
      peer.expectAlive()
    }, { upstreamFails: false })
  }

  row('K1 a peer that calls its keys after members of objects', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.extended(0, Buffer.from('d11:constructori1e9:__proto__d4:reqqi9ee14:hasOwnPropertyi1e8:toStringi1ee')))
    expect(peer.wire.requestWindow).toBe(250)
    expect(Object.values(peer.wire.peerInfo).filter(said => said !== undefined)).toEqual([])
    peer.expectAlive()
  }, { upstreamFails: false })
})

describe('S1 requests, and a loop that takes none', () => {
  row('S1 they wait in the engine, and are rejected above the bound', async Wire => {
    const peer = new Peer(Wire, { fast: true, options: { highWaterMark: 16384, maxPeerRequests: 100 } })
    peer.wire.unchoke()
    const stream = peer.wire.peerRequestsStream()
    for (let i = 0; i < 1000; i++) peer.hear(p.request(i, 0, 16384))
    expect(peer.wire.peerRequests).toHaveLength(2)
    expect((await peer.sent()).filter(message => message.startsWith('10'))).toHaveLength(900)
    expect((await stream.next()).value.piece).toBe(0)
    peer.expectAlive()
  }, { upstreamFails: false })
})
