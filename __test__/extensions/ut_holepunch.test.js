'use strict'

const { once } = require('node:events')
const Wire = require('../..')
const utHolepunch = require('../../extensions/ut_holepunch')
const holdClock = require('../helpers/held-clock')
const { bencode } = require('../world/support/messages')
const { close, pipeTogether, shakeHands } = require('../world/support/pair')
const { Peer, turn, ...p } = require('../hostile/support/peer')

const { ERRORS, Relay } = utHolepunch
const V4 = '0a0000011ae1'
const V6 = '20010db80000000000000000000000011ae1'

describe('of a peer', () => {
  let peer, extension, told

  beforeEach(() => {
    peer = new Peer(Wire)
    peer.wire.use(utHolepunch())
    extension = peer.wire.ut_holepunch
    told = []
    for (const event of ['rendezvous', 'connect', 'failed']) extension.on(event, (...args) => told.push([event, ...args]))
  })

  afterEach(() => peer.wire.destroy())

  const hear = hex => peer.hear(p.extended(1, Buffer.from(hex, 'hex')))

  test.each([
    // With the error code that BEP 55 has in each message, and without, as libtorrent sends them.
    [`0000${V4}00000000`, 'rendezvous', '10.0.0.1:6881'],
    [`0000${V4}`, 'rendezvous', '10.0.0.1:6881'],
    [`0001${V6}00000000`, 'rendezvous', '[2001:db8::1]:6881'],
    [`0100${V4}00000000`, 'connect', '10.0.0.1:6881'],
    [`0101${V6}`, 'connect', '[2001:db8::1]:6881'],
    [`0200${V4}00000002`, 'failed', '10.0.0.1:6881', 2],
    [`0201${V6}80000000`, 'failed', '[2001:db8::1]:6881', 0x80000000]
  ])('%s is read', (hex, ...expected) => {
    hear(hex)
    expect(told).toEqual([expected])
  })

  test.each([
    ['nothing', ''],
    ['a type alone', '00'],
    ['no address', '0000'],
    ['an unknown type', `0300${V4}00000000`],
    ['an unknown type of address', `0002${V4}00000000`],
    ['IPv4 for IPv6', `0001${V4}00000000`],
    ['IPv6 for IPv4', `0000${V6}00000000`],
    ['port 0', '00000a000001000000000000'],
    ['a byte too few', `0000${V4}000000`],
    ['a byte too many', `0000${V4}0000000000`],
    ['an error without a code', `0200${V4}`],
    ['an error that is none', `0200${V4}00000000`],
    ['an error code where there is no error', `0100${V4}00000001`]
  ])('%s is not', (label, hex) => {
    hear(hex)
    expect(told).toEqual([])
    peer.expectAlive()
  })

  test('of its messages, a hundred count in a minute', () => {
    const clock = holdClock(1000)
    for (let i = 0; i < 1000; i++) hear(`0100${V4}`)
    expect(told).toHaveLength(100)
    clock.now = 61_001
    hear(`0100${V4}`)
    clock.letGo()
    expect(told).toHaveLength(101)
  })

  test('each message goes out as BEP 55 has it, to a peer that takes it', async () => {
    expect([extension.isSpoken, extension.rendezvous('10.0.0.1:6881')]).toEqual([false, false])
    peer.hear(p.extended(0, bencode({ m: { ut_holepunch: 9 } })))
    expect(extension.isSpoken).toBe(true)
    expect(extension.rendezvous('10.0.0.1:6881')).toBe(true)
    extension.rendezvous('[2001:DB8::1]:6881')
    extension.connect('[::ffff:10.0.0.1]:6881') // as a socket that listens for both gives it
    extension.connect('[2001:db8::1]:6881')
    extension.fail('10.0.0.1:6881', ERRORS.NO_SUCH_PEER)
    extension.fail('[2001:db8::1]:6881', ERRORS.NO_SELF)
    expect(await peer.sent()).toEqual([
      `14090000${V4}00000000`, `14090001${V6}00000000`, `14090100${V4}00000000`, `14090101${V6}00000000`,
      `14090200${V4}00000001`, `14090201${V6}00000004`
    ])
  })

  test.each(['10.0.0.1', '10.0.0.1:0', 'localhost:80', '::1:80', '[::1]', undefined, 5])('%s is no address', address => {
    expect(() => extension.rendezvous(address)).toThrow(RangeError)
    expect(() => extension.fail(address, 1)).toThrow(RangeError)
    expect(() => new Relay({ own: [address] })).toThrow(RangeError)
    expect(() => new Relay().add(peer.wire, address)).toThrow(RangeError)
  })

  test('an error has a code', () => {
    for (const code of [0, -1, 1.5, 2 ** 32]) expect(() => extension.fail('10.0.0.1:1', code)).toThrow(RangeError)
    expect(() => extension.fail('10.0.0.1:1', '1')).toThrow(TypeError)
  })
})

describe('a relay', () => {
  /** By its name: a wire of the relay, and of the peer. */
  let ends, relay, told

  beforeEach(async () => {
    relay = new Relay({ own: ['10.0.0.9:6881'] })
    ends = {}
    told = []
    await join('A', '10.0.0.1:6881')
    await join('B', '[::ffff:10.0.0.2]:6881')
    await join('C', '[2001:db8::3]:6881')
    await join('old', '10.0.0.4:6881', false)
  })

  afterEach(() => close(...Object.values(ends).flat()))

  async function join (name, address, speaks = true) {
    const pair = [new Wire('tcpIncoming'), new Wire('tcpOutgoing')]
    const [ours, theirs] = pair
    ends[name] = pair
    ours.use(utHolepunch())
    if (speaks) theirs.use(utHolepunch())
    relay.add(ours, address)
    pipeTogether(ours, theirs)
    const greeted = Promise.all(pair.map(wire => once(wire, 'extended')))
    await shakeHands(ours, theirs)
    await greeted
    for (const event of ['connect', 'failed']) theirs.ut_holepunch?.on(event, (...args) => told.push([name, event, ...args]))
  }

  const ask = async (name, target) => {
    ends[name][1].ut_holepunch.rendezvous(target)
    await turn()
    await turn()
    return told.splice(0)
  }

  test('introduces two peers to each other', async () => {
    expect((await ask('A', '10.0.0.2:6881')).sort()).toEqual([['A', 'connect', '10.0.0.2:6881'], ['B', 'connect', '10.0.0.1:6881']])
    expect((await ask('C', '10.0.0.1:6881')).sort()).toEqual([['A', 'connect', '[2001:db8::3]:6881'], ['C', 'connect', '10.0.0.1:6881']])
  })

  test('says why it does not', async () => {
    expect(await ask('A', '10.0.0.1:6881')).toEqual([['A', 'failed', '10.0.0.1:6881', ERRORS.NO_SELF]])
    expect(await ask('A', '10.0.0.9:6881')).toEqual([['A', 'failed', '10.0.0.9:6881', ERRORS.NO_SELF]])
    expect(await ask('A', '10.0.0.8:6881')).toEqual([['A', 'failed', '10.0.0.8:6881', ERRORS.NOT_CONNECTED]])
    expect(await ask('A', '10.0.0.4:6881')).toEqual([['A', 'failed', '10.0.0.4:6881', ERRORS.NO_SUPPORT]])
    await close(...ends.B)
    expect(await ask('A', '10.0.0.2:6881')).toEqual([['A', 'failed', '10.0.0.2:6881', ERRORS.NOT_CONNECTED]])
  })
})
