'use strict'

/** The handshake of BEP 3, with the reserved bits of BEP 5, 6 and 10. */

const { ScriptedPeer, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer

beforeEach(() => { peer = new ScriptedPeer() })

afterEach(() => close(peer.wire))

describe('ours', () => {
  test.each([
    [undefined, {}], [null, {}], [{}, {}], [{ dht: true }, { dht: true }], [{ fast: 1 }, { fast: true }],
    [{ dht: true, fast: true, extended: false }, { dht: true, fast: true }]
  ])('with %j', async (given, bits) => {
    peer.wire.handshake(INFO_HASH, OUR_ID, given)
    expect(await peer.heard()).toEqual(messages.handshake(INFO_HASH, OUR_ID, { ...bits, extended: true }))
    expect(peer.wire.extensions).toEqual({ dht: false, fast: false, ...bits, extended: true })
  })

  test.each([
    ['upper-case digits', INFO_HASH.toUpperCase(), OUR_ID.toUpperCase()],
    ['Buffers', Buffer.from(INFO_HASH, 'hex'), Buffer.from(OUR_ID, 'hex')],
    ['Uint8Arrays', new Uint8Array(Buffer.from(INFO_HASH, 'hex')), new Uint8Array(Buffer.from(OUR_ID, 'hex'))],
    ['a view of a part', Buffer.from('ff' + INFO_HASH + 'ff', 'hex').subarray(1, 21), OUR_ID]
  ])('from %s', async (_, infoHash, peerId) => {
    peer.wire.handshake(infoHash, peerId)
    expect(await peer.heard()).toEqual(messages.handshake(INFO_HASH, OUR_ID, { extended: true }))
  })

  test.each([
    ['an info hash too short', INFO_HASH.slice(2), OUR_ID],
    ['a peer id too long', INFO_HASH, OUR_ID + '00'],
    ['no hexadecimal digits', 'z'.repeat(40), OUR_ID],
    ['bytes too short', Buffer.alloc(19), Buffer.alloc(20)],
    ['an empty peer id', Buffer.alloc(20), '']
  ])('%s throws, and sends nothing', async (_, infoHash, peerId) => {
    expect(() => peer.wire.handshake(infoHash, peerId)).toThrow('infoHash and peerId MUST have length 20')
    expect(await peer.heard()).toHaveLength(0)
    expect(peer.wire.extensions).toEqual({})
  })

  test('is a chunk of its own, whatever else is sent in that tick', async () => {
    peer.wire.handshake(INFO_HASH, OUR_ID)
    peer.wire.bitfield(Buffer.from([0x80]))
    peer.wire.interested()
    await new Promise(resolve => setImmediate(resolve))
    expect(peer.chunks.map(chunk => chunk.length)).toEqual([68, 11])
  })
})

describe('the peer\'s', () => {
  test('sets the fields before the event', () => {
    let seen
    peer.wire.on('handshake', (infoHash, peerId, extensions) => {
      const { wire } = peer
      seen = { infoHash, peerId, extensions, fields: [wire.peerId, wire.peerIdBuffer, wire.peerExtensions] }
    })
    peer.say(messages.handshake(INFO_HASH, PEER_ID, { dht: true, extended: true }))
    const extensions = { dht: true, fast: false, extended: true }
    expect(seen).toEqual({
      infoHash: INFO_HASH,
      peerId: PEER_ID,
      extensions,
      fields: [PEER_ID, Buffer.from(PEER_ID, 'hex'), extensions]
    })
  })

  test('ignores reserved bits that it does not know', () => {
    const log = peer.note('handshake')
    const bytes = messages.handshake(INFO_HASH, PEER_ID)
    bytes.fill(0xff, 20, 28)
    bytes[25] &= ~0x10
    bytes[27] &= ~0x05
    peer.say(bytes)
    expect(log).toEqual([['handshake', INFO_HASH, PEER_ID, { dht: false, fast: false, extended: false }]])
  })

  test('may be cut at every byte', async () => {
    const bytes = Buffer.concat([messages.handshake(INFO_HASH, PEER_ID), messages.have(7)])
    for (let at = 0; at <= bytes.length; at++) {
      const cut = new ScriptedPeer()
      const log = cut.note('handshake', 'have')
      cut.say(bytes.subarray(0, at))
      cut.say(bytes.subarray(at))
      expect(log.map(([event, first]) => [event, first])).toEqual([['handshake', INFO_HASH], ['have', 7]])
      await close(cut.wire)
    }
  })

  test('is kept apart from the memory of the chunk', () => {
    const chunk = messages.handshake(INFO_HASH, PEER_ID)
    peer.wire.write(chunk)
    chunk.fill(0)
    expect(peer.wire.peerIdBuffer).toEqual(Buffer.from(PEER_ID, 'hex'))
  })
})

describe('the fast extension', () => {
  test.each([
    [true, true, true], [true, false, false], [false, true, false], [false, false, false]
  ])('ours %p and the peer\'s %p: %p', async (ours, theirs, both) => {
    for (const isPeerFirst of [true, false]) {
      const one = new ScriptedPeer()
      const actions = [
        () => one.wire.handshake(INFO_HASH, OUR_ID, { fast: ours }),
        () => one.say(messages.handshake(INFO_HASH, PEER_ID, { fast: theirs }))
      ]
      if (isPeerFirst) actions.reverse()
      for (const act of actions) act()
      expect(one.wire.hasFast).toBe(both)
      await close(one.wire)
    }
  })

  test('is known when the event comes', () => {
    peer.wire.handshake(INFO_HASH, OUR_ID, { fast: true })
    let hasFast
    peer.wire.on('handshake', () => { hasFast = peer.wire.hasFast })
    peer.say(messages.handshake(INFO_HASH, PEER_ID, { fast: true }))
    expect(hasFast).toBe(true)
  })
})

describe('our extended handshake', () => {
  const dictionary = messages.extended(0, Buffer.from('d1:mde4:reqqi2000ee'))

  test('follows the peer\'s handshake, after the event and the extensions\' hooks', async () => {
    const log = []
    class Extension {
      onHandshake (...args) { log.push(['onHandshake', ...args]) }
    }
    Extension.prototype.name = 'ut_test'
    peer.wire.use(Extension)
    peer.wire.on('handshake', () => {
      log.push(['handshake'])
      peer.wire.extendedHandshake = { v: 'set in the handler' }
    })
    peer.wire.handshake(INFO_HASH, OUR_ID)
    await peer.heard()
    peer.say(messages.handshake(INFO_HASH, PEER_ID, { extended: true }))
    expect(log).toEqual([
      ['handshake'],
      ['onHandshake', INFO_HASH, PEER_ID, { dht: false, fast: false, extended: true }]
    ])
    expect(await peer.heard()).toEqual(messages.extended(0, Buffer.from('d1:md7:ut_testi1ee4:reqqi2000e1:v18:set in the handlere')))
  })

  test('follows ours where the peer was first', async () => {
    peer.say(messages.handshake(INFO_HASH, PEER_ID, { extended: true }))
    expect(await peer.heard()).toHaveLength(0)
    peer.wire.handshake(INFO_HASH, OUR_ID)
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.handshake(INFO_HASH, OUR_ID, { extended: true }), dictionary
    ]))
  })

  test('goes out once where ours is sent in the handler', async () => {
    peer.wire.on('handshake', () => peer.wire.handshake(INFO_HASH, OUR_ID))
    peer.say(messages.handshake(INFO_HASH, PEER_ID, { extended: true }))
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.handshake(INFO_HASH, OUR_ID, { extended: true }), dictionary
    ]))
  })

  test('is not sent to a peer without BEP 10', async () => {
    peer.wire.handshake(INFO_HASH, OUR_ID)
    peer.say(messages.handshake(INFO_HASH, PEER_ID))
    expect(await peer.heard()).toHaveLength(68)
  })
})
