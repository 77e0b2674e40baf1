'use strict'

/** What callers of bittorrent-wire rely on, and where its relative here keeps what its README says. */

const { createHash } = require('node:crypto')
const Wire = require('../../compat/bittorrent-wire')
const { Peer, note, turn, messages, INFO_HASH, ID, PEER_ID } = require('./support/peer')

const BLOCK = 16384

let wire, peer

beforeEach(() => {
  wire = new Wire(INFO_HASH, ID)
  peer = new Peer(wire)
})

afterEach(() => {
  wire.destroy()
  return turn()
})

const defaultHandshake = messages.extended(0, messages.bencode({ m: { ut_pex: 1, ut_metadata: 2 } }))

test('a fresh wire', () => {
  expect(Wire.default).toBe(Wire)
  expect(wire).toMatchObject({
    infoHash: INFO_HASH,
    myID: ID,
    peerID: null,
    isActive: true,
    choked: true,
    busy: false,
    reqBusy: false,
    inRequests: [],
    ext: {},
    meta: true
  })
  expect([wire.isChoked(), wire.isBusy(), wire.uploadSpeed(), wire.downloadSpeed()]).toEqual([true, false, 0, 0])
  wire.setBusy()
  expect(wire.isBusy()).toBe(true)
  wire.unsetBusy()
  expect(wire.isBusy()).toBe(false)
})

describe('the handshake', () => {
  test.each([
    ['text', INFO_HASH, ID], ['bytes', Buffer.from(INFO_HASH, 'hex'), Buffer.from(ID)]
  ])('the info hash and the id as %s', async (as, infoHash, id) => {
    wire = new Wire(infoHash, id)
    peer = new Peer(wire)
    const log = note(wire, 'handshake', 'close')
    wire.sendHandshake()
    expect(await peer.heard()).toEqual(Buffer.concat([
      Buffer.from('\x13BitTorrent protocol'), Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0]),
      Buffer.from(INFO_HASH, 'hex'), Buffer.from(ID), defaultHandshake
    ]))
    peer.greet()
    expect(log).toEqual([['handshake', Buffer.from(INFO_HASH, 'hex'), Buffer.from(PEER_ID)]])
    expect(wire).toMatchObject({ peerID: PEER_ID, peerHasExt: true, peerHasDHT: true })
  })

  test('another info hash closes the wire', () => {
    wire = new Wire('ff'.repeat(20), ID)
    const log = note(wire, 'handshake', 'close')
    new Peer(wire).greet()
    expect([log, wire.isActive]).toEqual([[['close']], false])
  })

  test('the extended handshake is what the options say, once, and ids of its own count', async () => {
    const handshake = { m: { ut_pex: 7, ut_metadata: 32 }, metadata_size: 5, v: Buffer.from('x') }
    wire = new Wire(INFO_HASH, ID, { metadata_handshake: handshake })
    peer = new Peer(wire)
    wire.sendHandshake()
    expect((await peer.heard()).subarray(68)).toEqual(messages.extended(0, messages.bencode(handshake)))
    wire.sendMetaHandshake()
    wire.metaDataHandshake({ m: {} })
    expect(await peer.heard()).toHaveLength(0)
    const log = note(wire, 'pex_added')
    peer.greet(messages.extended(0, messages.bencode({ m: { ut_pex: 3 } })))
    peer.say(messages.extended(7, messages.bencode({ added: Buffer.from([1, 2, 3, 4, 0, 5]) })))
    expect(log).toEqual([['pex_added', ['1.2.3.4:5']]])
    expect(wire.ext).toMatchObject({ ut_pex: 3 })
  })
})

describe('interest and choking', () => {
  test('whoever is interested is unchoked, before the event', async () => {
    const choked = []
    wire.on('interested', () => choked.push(wire.choked))
    peer.greet(messages.interested())
    expect(choked).toEqual([false])
    expect(await peer.heard()).toEqual(Buffer.concat([messages.interested(), messages.unchoke()]))
  })

  test('an unchoke is returned, and so is a choke', async () => {
    peer.greet(messages.unchoke())
    expect([wire.choked, await peer.heard()]).toEqual([false, messages.unchoke()])
    peer.say(messages.choke(), messages.choke())
    expect([wire.choked, await peer.heard()]).toEqual([true, messages.choke()])
  })

  test('whoever is not interested is hung up on', async () => {
    wire.sendNotInterested()
    expect(await peer.heard()).toEqual(messages.uninterested())
    const log = note(wire, 'close', 'finish', 'end')
    peer.greet(messages.uninterested())
    expect([log, wire.isActive]).toEqual([[['close']], false])
    await turn()
    await turn()
    expect(log).toEqual([['close'], ['finish'], ['end']])
  })
})

describe('messages', () => {
  beforeEach(async () => {
    peer.greet()
    await peer.heard()
  })

  test('have, bitfield, cancel, port and keep-alive', async () => {
    const log = note(wire, 'have', 'bitfield', 'cancel', 'dht_port')
    peer.say(messages.bitfield(Buffer.from([0x40])), messages.have(9), messages.cancel(1, 2, 3), messages.port(1337), messages.keepAlive())
    expect(log).toEqual([['bitfield', Buffer.from([0x40])], ['have', 9], ['cancel', 1, 2, 3], ['dht_port', 1337]])
    wire.sendHave(17947)
    wire.sendBitfield('40')
    wire.sendBitfield(Buffer.from([0x41]))
    wire.sendCancel(0, BLOCK * 2, BLOCK)
    wire.sendPort(1337)
    wire.sendKeepActive()
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.have(17947), messages.bitfield(Buffer.from([0x40])), messages.bitfield(Buffer.from([0x41])),
      messages.cancel(0, BLOCK * 2, BLOCK), messages.port(1337), messages.keepAlive()
    ]))
  })

  test('requests of the peer wait in inRequests until they are answered or cancelled', async () => {
    const log = note(wire, 'request')
    peer.say(messages.request(0, 0, 9)) // we choke it
    wire.sendInterested()
    peer.say(messages.request(0, 0, 4), messages.request(0, 4, 4), messages.request(0, 8, 4))
    expect(log).toEqual([['request'], ['request'], ['request']])
    expect(wire.inRequests).toEqual([0, 4, 8].map(begin => ({ index: 0, begin, length: 4 })))
    await peer.heard()
    const pieces = Buffer.concat([messages.piece(0, 4, Buffer.from('abcd')), messages.piece(0, 8, Buffer.from('efgh'))])
    wire.sendPiece(pieces)
    expect(await peer.heard()).toEqual(pieces)
    expect(wire.uploadSpeed()).toBeGreaterThan(0)
    peer.say(messages.cancel(0, 0, 4))
    expect(wire.inRequests).toEqual([])
    expect(() => wire.sendPiece(Buffer.from('no message'))).toThrow(TypeError)
  })

  test('a piece is finished when its blocks have come, in whatever order', async () => {
    const finished = []
    wire.on('finished_piece', (index, piece, hash) => finished.push([index, piece, hash.digest('hex')]))
    const blocks = [Buffer.alloc(BLOCK, 1), Buffer.alloc(BLOCK, 2), Buffer.alloc(100, 3)]
    const payload = Buffer.concat(blocks.map((block, i) => messages.request(5, i * BLOCK, block.length)))
    wire.sendRequest(payload, 3)
    expect(wire.busy).toBe(true)
    expect(await peer.heard()).toEqual(payload) // though the peer chokes us
    for (const i of [2, 0, 1]) peer.say(messages.piece(5, i * BLOCK, blocks[i]))
    await turn()
    const piece = Buffer.concat(blocks)
    expect(finished).toEqual([[5, piece, createHash('sha1').update(piece).digest('hex')]])
  })

  test('a single block, and two pieces at a time', async () => {
    const finished = []
    wire.on('finished_piece', (index, piece) => finished.push([index, piece.length]))
    wire.sendRequest(messages.request(1, 2 * BLOCK, 10), 1)
    wire.sendRequest(Buffer.concat([messages.request(2, 0, 20), messages.request(3, 0, 30)]), 2)
    peer.say(messages.piece(3, 0, Buffer.alloc(30)), messages.piece(2, 0, Buffer.alloc(20)), messages.piece(1, 2 * BLOCK, Buffer.alloc(10)))
    await turn()
    expect(finished).toEqual([[3, 30], [2, 20], [1, 10]])
    expect(() => wire.sendRequest(Buffer.alloc(16), 1)).toThrow(TypeError)
    expect(() => wire.sendRequest(messages.cancel(1, 2, 3), 1)).toThrow(TypeError)
  })

  test('blocks that nobody asked for finish nothing', async () => {
    const log = note(wire, 'finished_piece')
    wire.sendRequest(messages.request(1, 0, 10), 1)
    peer.say(messages.piece(1, 0xffffffff, Buffer.alloc(10)), messages.piece(1, 0, Buffer.alloc(9)))
    await turn()
    expect(log).toEqual([])
  })
})

describe('peer exchange', () => {
  const PEERS = ['10.10.10.5:128', '100.56.58.99:28525', '65.156.3.75:2000']

  test('goes to those who announce it, IPv6 too', async () => {
    wire.createUTpex()
    wire.sendPexPeers(PEERS)
    expect(await peer.heard()).toHaveLength(0)

    const other = new Wire(INFO_HASH, PEER_ID)
    const log = note(other, 'pex_added', 'pex_added6', 'pex_dropped', 'pex_dropped6')
    wire.pipe(other).pipe(wire)
    wire.sendHandshake()
    other.sendHandshake()
    await turn()
    await turn()
    wire.sendPexPeers(PEERS, ['[2001:db8::1]:6881'], null, ['[::5]:7'])
    await turn()
    await turn()
    expect(log).toEqual([
      ['pex_added', PEERS], ['pex_added6', ['[2001:db8::1]:6881']], ['pex_dropped', []], ['pex_dropped6', ['[::5]:7']]
    ])
    other.removePex()
    wire.sendPexPeers(PEERS)
    await turn()
    await turn()
    expect(log).toHaveLength(4)
    other.destroy()
  })

  test('comes sorted to who has said its own address', () => {
    wire.createUTpex('71.54.32.122:1337')
    wire.sendHandshake()
    const log = note(wire, 'pex_added')
    const added = Buffer.from([10, 10, 10, 5, 0, 128, 100, 56, 58, 99, 111, 109, 65, 156, 3, 75, 7, 208])
    peer.greet(messages.extended(0, messages.bencode({ m: { ut_pex: 1 } })), messages.extended(1, messages.bencode({ added })))
    expect(log).toEqual([['pex_added', [PEERS[2], PEERS[1], PEERS[0]]]])
  })
})

describe('metadata', () => {
  const info = { files: [{ length: 5, path: ['..', 'a/b'] }, { length: 7, path: ['c'] }], name: 'x', 'piece length': 4, pieces: Buffer.alloc(60) }
  const infoBuffer = messages.bencode(info)
  const infoHash = createHash('sha1').update(infoBuffer).digest('hex')

  beforeEach(() => {
    wire = new Wire(infoHash, ID)
    peer = new Peer(wire)
    peer.say(messages.handshake(infoHash, '11'.repeat(20), { extended: true }))
    wire.sendHandshake()
  })

  const data = (piece, bytes) => messages.extended(2, Buffer.concat([messages.bencode({ msg_type: 1, piece }), bytes]))
  const theirHandshake = size => messages.extended(0, messages.bencode({ m: { ut_metadata: 3 }, metadata_size: size }))

  test('are asked for, checked, and read', async () => {
    const log = note(wire, 'metadata')
    peer.say(theirHandshake(infoBuffer.length))
    await peer.heard()
    wire.metaDataRequest()
    expect(await peer.heard()).toEqual(messages.extended(3, messages.bencode({ msg_type: 0, piece: 0 })))
    peer.say(data(0, infoBuffer))
    expect(log[0][1]).toMatchObject({
      infoHash,
      infoBuffer,
      name: 'x',
      length: 12,
      pieceLength: 4,
      lastPieceLength: 4,
      pieces: ['00'.repeat(20), '00'.repeat(20), '00'.repeat(20)],
      // A path that a peer sends stays in its folder.
      files: [{ path: '_/a_b', length: 5, offset: 0 }, { path: 'c', length: 7, offset: 5 }]
    })
  })

  test('with the wrong hash are asked for again, but not for ever', async () => {
    const log = note(wire, 'metadata')
    peer.say(theirHandshake(infoBuffer.length))
    wire.metaDataRequest()
    for (let i = 0; i < 5; i++) peer.say(data(0, Buffer.alloc(infoBuffer.length)))
    const request = messages.extended(3, messages.bencode({ msg_type: 0, piece: 0 }))
    const heard = await peer.heard()
    expect(heard.subarray(-3 * request.length)).toEqual(Buffer.concat([request, request, request]))
    expect(heard.subarray(0, -3 * request.length).includes(request)).toBe(false)
    expect(log).toEqual([])
  })

  test('are given away, with their size, and what is not there is rejected', async () => {
    wire = new Wire(infoHash, ID)
    peer = new Peer(wire)
    wire.createExtensions(infoBuffer.length, info)
    wire.sendHandshake()
    peer.say(messages.handshake(infoHash, '11'.repeat(20), { extended: true }), theirHandshake(0))
    expect((await peer.heard()).subarray(68)).toEqual(messages.extended(0, messages.bencode({
      m: { ut_pex: 1, ut_metadata: 2 }, metadata_size: infoBuffer.length
    })))
    const ask = piece => messages.extended(2, messages.bencode({ msg_type: 0, piece }))
    peer.say(ask(0), ask(1), ask(-1))
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.extended(3, Buffer.concat([messages.bencode({ msg_type: 1, piece: 0, total_size: infoBuffer.length }), infoBuffer])),
      messages.extended(3, messages.bencode({ msg_type: 2, piece: 1 }))
    ]))
    wire.removeMeta()
    peer.say(ask(0))
    expect(await peer.heard()).toHaveLength(0)
  })
})
