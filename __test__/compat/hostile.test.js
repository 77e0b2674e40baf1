'use strict'

/** Whatever a peer sends, these wires are as safe as the main one. */

const peerWireProtocol = require('../../compat/peer-wire-protocol')
const BitTorrentWire = require('../../compat/bittorrent-wire')
const Wire3 = require('../../compat/v3')
const { Random } = require('../helpers/random')
const { Peer, note, turn, messages, INFO_HASH, ID } = require('./support/peer')

const relatives = [
  ['peer-wire-protocol', options => peerWireProtocol(options)],
  ['bittorrent-wire', options => new BitTorrentWire(INFO_HASH, ID, options)],
  ['v3', options => new Wire3(null, 0, false, options)]
]

describe.each(relatives)('%s', (name, create) => {
  let wire, peer, log, closed

  beforeEach(() => start())

  afterEach(() => {
    wire.destroy()
    return turn()
  })

  function start (options) {
    wire?.destroy()
    wire = create(options)
    peer = new Peer(wire)
    log = note(wire, 'violation')
    closed = note(wire, 'close')
  }

  test.each([
    ['no handshake', () => peer.say(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'ERR_BAD_HANDSHAKE'],
    ['too long a message', () => peer.greet(Buffer.from('7fffffff', 'hex')), 'ERR_MESSAGE_TOO_LONG'],
    ['a length of 4 GiB', () => peer.greet(Buffer.from('ffffffff', 'hex')), 'ERR_MESSAGE_TOO_LONG'],
    ['too short a request', () => peer.greet(messages.message(6, Buffer.alloc(3))), 'ERR_BAD_LENGTH'],
    ['a message of no length', () => peer.greet(messages.message(7)), 'ERR_BAD_LENGTH'],
    ['a piece beyond all', () => peer.greet(messages.have(0xffffffff)), 'ERR_PIECE_OUT_OF_RANGE'],
    ['have-all that was not agreed on', () => peer.greet(messages.haveAll()), 'ERR_FAST_DISABLED']
  ])('%s closes it, once, with a reason', async (what, say, code) => {
    say()
    peer.say(messages.interested())
    await turn()
    await turn()
    expect(log).toMatchObject([['violation', { code }]])
    expect(wire.closeReason).toMatchObject({ code })
    expect(closed).toHaveLength(1)
  })

  test('an error is emitted to those who listen for it', () => {
    const errors = note(wire, 'error')
    peer.say(Buffer.alloc(100))
    expect(errors).toMatchObject([['error', { code: 'ERR_BAD_HANDSHAKE' }]])
  })

  test('limits are options', () => {
    start({ maxPieces: 8 })
    peer.greet(messages.have(8))
    expect(wire.closeReason).toMatchObject({ code: 'ERR_PIECE_OUT_OF_RANGE' })
    expect(() => create({ maxPieces: 0 })).toThrow(RangeError)
  })

  test('bad bencode does nothing', async () => {
    const bad = ['d-3:', 'l-3:', 'd1:md1:ad8:toStringi1eeee', 'd1:mi5ee', 'l'.repeat(100_000), 'd9999999999:', '', 'i-0e']
    if (name === 'bittorrent-wire') {
      wire.createExtensions(5, { name: 'x' })
      wire.sendHandshake()
    }
    peer.greet()
    for (const text of bad) {
      const bytes = Buffer.from(text)
      peer.say(messages.extended(0, bytes))
    }
    peer.say(messages.extended(0, messages.bencode({ m: { ut_pex: 1, ut_metadata: 2 }, metadata_size: -1 })))
    for (const text of [...bad, 'd8:msg_typei0e5:piecei-1ee', 'd8:msg_typei1e5:piecei99999999eeabc', 'd5:added5:abcdee', 'd5:addedi1ee']) {
      for (const id of [1, 2, 3, 255]) peer.say(messages.extended(id, Buffer.from(text)))
    }
    await turn()
    expect(log).toEqual([])
    expect(closed).toEqual([])
  })

  test('requests without end are bounded', () => {
    if (name === 'bittorrent-wire') wire.sendInterested()
    else wire.unchoke()
    peer.greet()
    for (let i = 0; i < 40_000; i++) peer.say(messages.request(i, 0, 1))
    // Small blocks count as 256 bytes each, up to twice the high-water mark.
    expect((wire.inRequests ?? wire.peerRequests).length).toBe(2 * (384 << 10) / 256)
  })

  test('random bytes after the handshake: it lives on or closes, and nothing is thrown', async () => {
    const random = new Random(7)
    for (let round = 0; round < 150; round++) {
      start()
      if (name === 'bittorrent-wire') wire.sendHandshake()
      peer.greet(...Array.from({ length: 8 }, () => {
        const payload = random.bytes(random.below(30))
        return messages.message(random.below(22), payload)
      }))
      peer.say(random.bytes(50))
    }
    await turn()
  })
})

test('peer-wire-protocol: a listener that throws closes nothing and loses nothing', async () => {
  const wire = peerWireProtocol()
  const peer = new Peer(wire)
  const log = note(wire, 'interested')
  wire.once('unchoke', () => { throw new Error('of the application') })
  expect(() => peer.greet(messages.unchoke(), messages.interested())).toThrow('of the application')
  await turn()
  expect(log).toEqual([['interested']])
  wire.destroy()
})
