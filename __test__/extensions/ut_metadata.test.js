'use strict'

const { createHash } = require('node:crypto')
const { once } = require('node:events')
const Wire = require('../..')
const utMetadata = require('../../extensions/ut_metadata')
const { bencode } = require('../world/support/messages')
const { close, pipeTogether, shakeHands } = require('../world/support/pair')
const { Peer, turn, INFO_HASH, PEER_ID, ...p } = require('../hostile/support/peer')

const hashOf = (bytes, algorithm = 'sha1') => createHash(algorithm).update(bytes).digest('hex').slice(0, 40)

const INFO = bencode({ length: 5, name: 'a file', 'piece length': 16384, pieces: Buffer.alloc(20, 7) })
/** Three pieces and a bit. */
const LARGE = bencode({ length: 3000 * 16384, name: 'a file', 'piece length': 16384, pieces: Buffer.alloc(20 * 2500, 'hashes ') })
/** Keys in another order than bencode's, one that is no UTF-8, and an integer that no number holds. */
const STRANGE = Buffer.concat([
  Buffer.from('d4:name6:a file6:lengthi9007199254740993e12:piece lengthi16384e6:pieces20:'), Buffer.alloc(20, 'i1e'),
  Buffer.from('2:\xff\xfei1ee', 'latin1')
])

const torrent = info => Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')])
/** The text that begins an info dictionary stands in another string before it. */
const COMMENT = 'see 4:infod6:lengthi5ee, or 4:info, or so'
const disguised = info => Buffer.concat([Buffer.from(`d7:comment${COMMENT.length}:${COMMENT}4:info`), info, Buffer.from('e')])

describe('between two wires', () => {
  let a, b

  beforeEach(() => {
    a = new Wire('tcpOutgoing')
    b = new Wire('tcpIncoming')
    pipeTogether(a, b)
  })

  afterEach(() => close(a, b))

  test.each([
    ['one piece', INFO, torrent, 'sha1'],
    ['four pieces', LARGE, torrent, 'sha1'],
    ['that are given as an info dictionary', LARGE, info => info, 'sha1'],
    ['that have the hash of BitTorrent v2', INFO, torrent, 'sha256'],
    ['that are encoded in another way', STRANGE, torrent, 'sha1'],
    ['behind a text that looks like them', INFO, disguised, 'sha1'],
    ['behind a text that looks like them, encoded in another way', STRANGE, disguised, 'sha1']
  ])('metadata of %s', async (label, info, wrap, algorithm) => {
    a.use(utMetadata())
    b.use(utMetadata(wrap(info)))
    expect([a.ut_metadata.metadata, Buffer.compare(b.ut_metadata.metadata, info)]).toEqual([null, 0])
    a.ut_metadata.fetch()
    const fetched = once(a.ut_metadata, 'metadata')
    await shakeHands(a, b, { infoHash: hashOf(info, algorithm) })
    const [torrentFile] = await fetched
    expect(Buffer.compare(torrentFile, torrent(info))).toBe(0)
    expect(Buffer.isBuffer(torrentFile)).toBe(false)
    expect(Buffer.compare(a.ut_metadata.metadata, info)).toBe(0)
    expect(a.extendedHandshake.metadata_size).toBe(info.length)
  })
})

describe('setMetadata', () => {
  let peer, extension

  beforeEach(() => {
    peer = new Peer(Wire, { isGreeted: false })
    peer.wire.use(utMetadata())
    extension = peer.wire.ut_metadata
  })

  afterEach(() => peer.wire.destroy())

  const greet = infoHash => {
    peer.wire.handshake(infoHash, '22'.repeat(20))
    peer.hear(p.handshake(infoHash, PEER_ID, { extended: true }))
  }

  test.each([
    ['a torrent file', torrent(INFO), true],
    ['an info dictionary', INFO, true],
    ['one that is encoded in another way', disguised(STRANGE), false],
    ['another torrent', torrent(LARGE), false],
    ['no bencode', Buffer.from('d4:info'), false],
    ['a list', Buffer.from('le'), false],
    ['an info dictionary and more', Buffer.concat([INFO, Buffer.from('x')]), false]
  ])('of a known torrent: %s', async (label, metadata, isRight) => {
    greet(hashOf(INFO))
    const told = []
    extension.on('metadata', torrentFile => told.push(torrentFile.length))
    expect(await extension.setMetadata(metadata)).toBe(isRight)
    expect(told).toEqual(isRight ? [torrent(INFO).length] : [])
    expect(extension.metadata === null).toBe(!isRight)
  })

  test('before the handshake anything that is metadata is taken, once', async () => {
    expect(await extension.setMetadata(Buffer.from('x'))).toBe(false)
    expect(await extension.setMetadata(STRANGE)).toBe(true)
    expect(await extension.setMetadata(INFO)).toBe(true)
    expect(Buffer.compare(extension.metadata, STRANGE)).toBe(0)
  })

  test('what is no view is a TypeError', async () => {
    await expect(extension.setMetadata('x')).rejects.toThrow(TypeError)
    expect(() => utMetadata('x')).toThrow(TypeError)
    expect(() => utMetadata(Buffer.from('x'))).toThrow('metadata must be a torrent file or an info dictionary')
  })
})

describe('of a peer', () => {
  let peer, extension, warnings, fetched

  function greet (infoHash, metadata) {
    peer = new Peer(Wire, { isGreeted: false })
    peer.wire.use(utMetadata(metadata))
    extension = peer.wire.ut_metadata
    warnings = []
    fetched = []
    extension.on('warning', error => warnings.push(error.message))
    extension.on('metadata', torrentFile => fetched.push(hashOf(torrentFile)))
    peer.wire.handshake(infoHash, '22'.repeat(20))
    peer.hear(p.handshake(infoHash, PEER_ID, { extended: true }))
  }

  afterEach(() => peer.wire.destroy())

  const say = (size, id = 3) => peer.hear(p.extended(0, bencode({ m: { ut_metadata: id }, ...(size !== undefined && { metadata_size: size }) })))
  const data = (piece, bytes, more) => p.extended(1, Buffer.concat([bencode({ msg_type: 1, piece, ...more }), bytes]))
  const asked = async () => (await peer.sent()).map(hex => Buffer.from(hex.slice(4), 'hex').toString())
  const request = piece => `d8:msg_typei0e5:piecei${piece}ee`

  test.each([
    ['none', undefined, 'Peer does not have metadata'],
    ['zero', 0, 'Peer does not have metadata'],
    ['a negative one', -1, 'Peer gave invalid metadata size'],
    ['one above ten million', 10_000_001, 'Peer gave invalid metadata size'],
    ['a text', '100', 'Peer gave invalid metadata size'],
    ['a list', [1], 'Peer gave invalid metadata size']
  ])('the size is %s', async (label, size, warning) => {
    greet(hashOf(INFO))
    extension.fetch()
    say(size)
    expect([warnings, await asked()]).toEqual([[warning], []])
    say(INFO.length)
    expect(await asked()).toEqual([request(0)])
  })

  test('what it sends counts if it was asked for, is as long as it must be, and has the hash', async () => {
    greet(hashOf(LARGE))
    say(LARGE.length)
    const piece = i => LARGE.subarray(i * 16384, (i + 1) * 16384)
    peer.hear(data(0, piece(0)))
    extension.fetch()
    expect(await asked()).toEqual([0, 1, 2, 3].map(request))
    peer.hear(data(4, piece(0)), data(2 ** 31, piece(0)), data(3, piece(3)), data(3, piece(3)), data(1, piece(1)), data(0, piece(0)))
    expect(fetched).toEqual([])
    extension.cancel()
    peer.hear(data(2, piece(2)))
    await turn()
    expect(fetched).toEqual([])
    extension.fetch()
    // In another order of keys, with others among them, as bencode never has it.
    peer.hear(p.extended(1, Buffer.concat([Buffer.from('d5:piecei2e8:msg_typei1e10:total_sizei50000e1:xl2:aaee'), piece(2)])))
    await turn()
    expect(fetched).toEqual([hashOf(torrent(LARGE))])
    expect([warnings, await asked()]).toEqual([[], [0, 1, 2, 3, 2].map(request)])
  })

  test('a piece of the wrong length is asked for again, as one that it rejects is, and not for ever', async () => {
    greet(hashOf(LARGE))
    extension.fetch()
    say(LARGE.length)
    for (let i = 0; i < 5; i++) {
      peer.hear(data(1, Buffer.alloc(16383)), p.extended(1, bencode({ msg_type: 2, piece: 2 })), p.extended(1, bencode({ msg_type: 2, piece: 9 })))
    }
    expect(await asked()).toEqual([...[0, 1, 2, 3], ...[1, 2, 1, 2, 1, 2, 1, 2]].map(request))
    expect(warnings).toEqual(['Peer sent "reject" too much'])
  })

  test('metadata with another hash are asked for again, and not for ever', async () => {
    greet(hashOf(INFO))
    extension.fetch()
    say(INFO.length)
    for (let i = 0; i < 5; i++) peer.hear(data(0, Buffer.alloc(INFO.length)))
    expect(await asked()).toEqual([request(0), request(0)])
    expect(warnings).toEqual(['Peer sent invalid metadata'])
    extension.fetch()
    peer.hear(data(0, INFO))
    await turn()
    expect(fetched).toEqual([hashOf(torrent(INFO))])
  })

  test('its requests are answered with pieces, or rejects', async () => {
    greet(hashOf(LARGE), LARGE)
    say(undefined)
    const ask = piece => p.extended(1, bencode({ msg_type: 0, piece }))
    peer.hear(ask(3), ask(4), ask(2 ** 40), ask(-1), ask('x'), p.extended(1, bencode({ msg_type: 0 })), p.extended(1, bencode({ msg_type: 9, piece: 0 })))
    const last = LARGE.subarray(3 * 16384)
    expect((await peer.sent()).map(hex => Buffer.from(hex.slice(4), 'hex'))).toEqual([
      Buffer.concat([bencode({ msg_type: 1, piece: 3, total_size: LARGE.length }), last]),
      bencode({ msg_type: 2, piece: 4 }), bencode({ msg_type: 2, piece: 2 ** 40 })
    ])
  })

  test('nothing is sent to one that did not map the extension, or has switched it off', async () => {
    greet(hashOf(LARGE), LARGE)
    const ask = p.extended(1, bencode({ msg_type: 0, piece: 0 }))
    peer.hear(ask)
    say(undefined)
    say(undefined, 0)
    peer.hear(ask)
    expect(await peer.sent()).toEqual([])
    peer.expectAlive()
  })
})
