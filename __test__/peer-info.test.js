'use strict'

/** BEP 10, 21: what extended handshakes say of who sends them. */

const Wire = require('..')
const { ScriptedPeer, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const NOTHING = {
  client: undefined,
  listenPort: undefined,
  externalAddress: undefined,
  ipv4: undefined,
  ipv6: undefined,
  reqq: undefined,
  uploadOnly: undefined,
  metadataSize: undefined,
  completeAgo: undefined
}

const IPV6 = Buffer.from('20010db8000000000000000000000001', 'hex')

const says = dictionary => messages.extended(0, messages.bencode(dictionary))

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ extended: true })
  wire = peer.wire
})

afterEach(() => close(wire))

describe('of the peer', () => {
  test('is unknown before it says anything', () => {
    expect(wire.peerInfo).toEqual(NOTHING)
    expect(Object.keys(wire.peerInfo)).toEqual(Object.keys(NOTHING))
    expect(wire.requestWindow).toBe(250)
  })

  test('is what libtorrent says', () => {
    peer.say(says({
      complete_ago: 7,
      ipv4: Buffer.from([10, 0, 0, 1]),
      ipv6: IPV6,
      m: { ut_pex: 1 },
      metadata_size: 31235,
      p: 6881,
      reqq: 500,
      upload_only: 1,
      v: 'libtorrent/2.1 µ',
      yourip: Buffer.from([127, 0, 0, 1])
    }))
    expect(wire.peerInfo).toEqual({
      client: 'libtorrent/2.1 µ',
      listenPort: 6881,
      externalAddress: '127.0.0.1',
      ipv4: '10.0.0.1',
      ipv6: '2001:db8::1',
      reqq: 500,
      uploadOnly: true,
      metadataSize: 31235,
      completeAgo: 7
    })
    expect(wire.requestWindow).toBe(500)
  })

  test.each([
    ['client', 'v', ['', 'x'.repeat(255), 'µTorrent'], [5, [], {}, 'x'.repeat(256), Buffer.from([0xff]), 'a\u001b[2J', 'a\nb', '\u0085']],
    ['listenPort', 'p', [1, 65535], [0, -1, 65536, '6881', []]],
    ['externalAddress', 'yourip', [], [Buffer.alloc(5), '', 5, Buffer.alloc(15), Buffer.alloc(17)]],
    ['ipv4', 'ipv4', [], [Buffer.alloc(16), Buffer.alloc(3), 1]],
    ['ipv6', 'ipv6', [], [Buffer.alloc(4), Buffer.alloc(17), {}]],
    ['reqq', 'reqq', [1, 1 << 20], [0, -5, 2 ** 20 + 1, 2 ** 40, '250', []]],
    ['metadataSize', 'metadata_size', [1, 64 << 20], [0, -1, (64 << 20) + 1, 'x', {}]],
    ['completeAgo', 'complete_ago', [0, 2 ** 31 - 1], [-1, 2 ** 31, 'x']]
  ])('%s is strict and bounded', (name, key, right, wrong) => {
    for (const value of right) {
      peer.say(says({ [key]: value }))
      expect(wire.peerInfo).toEqual({ ...NOTHING, [name]: value })
    }
    for (const value of wrong) {
      peer.say(says({ [key]: value }))
      expect(wire.peerInfo).toEqual(NOTHING)
      expect(wire.requestWindow).toBe(250)
    }
    expect(wire.closeReason).toBe(null)
  })

  test('whether it only uploads is said by 1 and 0', () => {
    for (const [said, read] of [[1, true], [0, false], [2, undefined], ['1', undefined]]) {
      peer.say(says({ upload_only: said }))
      expect(wire.peerInfo.uploadOnly).toBe(read)
    }
  })

  test('addresses of both kinds', () => {
    peer.say(says({ yourip: IPV6, ipv4: Buffer.from([255, 255, 255, 255]), ipv6: Buffer.alloc(16) }))
    expect(wire.peerInfo).toEqual({ ...NOTHING, externalAddress: '2001:db8::1', ipv4: '255.255.255.255', ipv6: '::' })
  })

  test('a later handshake adds to the earlier ones', () => {
    peer.say(says({ v: 'one', reqq: 100, p: 1 }))
    peer.say(says({ upload_only: 1 }))
    peer.say(says({ p: 2, m: {} }))
    expect(wire.peerInfo).toEqual({ ...NOTHING, client: 'one', reqq: 100, listenPort: 2, uploadOnly: true })
    expect(wire.requestWindow).toBe(100)
    peer.say(says({ reqq: 0 }))
    expect(wire.requestWindow).toBe(250)
  })

  test('names that JavaScript has plans for are no members', () => {
    peer.say(messages.extended(0, Buffer.from('d9:__proto__d1:pi5ee11:constructori1ee')))
    expect(wire.peerInfo).toEqual(NOTHING)
  })
})

describe('of ours', () => {
  async function said (options, extendedHandshake = {}) {
    const other = new ScriptedPeer({ options })
    Object.assign(other.wire.extendedHandshake, extendedHandshake)
    other.wire.handshake(INFO_HASH, OUR_ID)
    other.say(messages.handshake(INFO_HASH, PEER_ID, { extended: true }))
    const bytes = (await other.heard()).subarray(68 + 6)
    await close(other.wire)
    return Wire.bencodeDecode(bytes)
  }

  test('is `reqq` alone, unless there are options', async () => {
    expect(await said()).toEqual({ m: {}, reqq: 2000 })
    expect(await said({ uploadOnly: false })).toEqual({ m: {}, reqq: 2000 })
  })

  test('is what the options say', async () => {
    const options = { client: 'µ 1.0', listenPort: 6881, peerAddress: '::ffff:80.4.4.200', uploadOnly: true, reqq: 5 }
    expect(await said(options)).toEqual({
      m: {}, reqq: 5, v: Buffer.from('µ 1.0'), p: 6881, yourip: Buffer.from([80, 4, 4, 200]), upload_only: 1
    })
    expect(await said({ peerAddress: '2001:db8::1%eth0' })).toEqual({ m: {}, reqq: 2000, yourip: IPV6 })
  })

  test('is read by the other side as it was meant', async () => {
    const options = { client: 'one', listenPort: 1, peerAddress: '127.0.0.1', uploadOnly: true, reqq: 9 }
    const bytes = await said(options)
    peer.say(says(bytes))
    expect(wire.peerInfo).toEqual({ ...NOTHING, client: 'one', listenPort: 1, externalAddress: '127.0.0.1', uploadOnly: true, reqq: 9 })
  })

  test('`extendedHandshake` counts instead', async () => {
    const options = { client: 'one', listenPort: 1 }
    expect(await said(options, { v: 'two', p: null })).toEqual({ m: {}, reqq: 2000, v: Buffer.from('two') })
  })

  test.each([
    [{ client: 5 }, TypeError, 'ERR_INVALID_ARG_TYPE'],
    [{ client: 'x'.repeat(256) }, RangeError, 'ERR_OUT_OF_RANGE'],
    [{ client: 'µ'.repeat(128) }, RangeError, 'ERR_OUT_OF_RANGE'],
    [{ listenPort: '6881' }, TypeError, 'ERR_INVALID_ARG_TYPE'],
    [{ listenPort: 0 }, RangeError, 'ERR_OUT_OF_RANGE'],
    [{ listenPort: 65536 }, RangeError, 'ERR_OUT_OF_RANGE'],
    [{ peerAddress: 'localhost' }, RangeError, 'ERR_OUT_OF_RANGE'],
    [{ peerAddress: null }, TypeError, 'ERR_INVALID_ARG_TYPE'],
    [{ uploadOnly: 1 }, TypeError, 'ERR_INVALID_ARG_TYPE']
  ])('%p cannot be meant', (options, type, code) => {
    expect(() => new Wire('', 0, options)).toThrow(type)
    expect(() => new Wire('', 0, options)).toThrow(expect.objectContaining({ code }))
  })
})
