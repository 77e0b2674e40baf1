'use strict'

/** Every message: its bytes when sent, its event and the wire's state when received. */

const { ScriptedPeer, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const MAX = 0xffffffff

let peer

afterEach(() => close(peer.wire))

describe('out', () => {
  beforeEach(async () => { peer = await ScriptedPeer.connect({ fast: true }) })

  test.each([
    ['keep-alive', wire => wire.keepAlive(), '00000000'],
    ['unchoke', wire => wire.unchoke(), '0000000101'],
    ['interested', wire => wire.interested(), '0000000102'],
    ['have', wire => wire.have(1), '000000050400000001'],
    ['have of the highest index', wire => wire.have(MAX), '0000000504ffffffff'],
    ['bitfield', wire => wire.bitfield(Buffer.from([0x80, 0x01])), '00000003058001'],
    ['bitfield of an object', wire => wire.bitfield({ buffer: new Uint8Array([0x80]) }), '000000020580'],
    ['an empty bitfield', wire => wire.bitfield(new Uint8Array(0)), '0000000105'],
    ['piece', wire => wire.piece(1, 2, Buffer.from('abc')), '0000000c070000000100000002616263'],
    ['an empty piece', wire => wire.piece(MAX, MAX, Buffer.alloc(0)), '0000000907ffffffffffffffff'],
    ['cancel', wire => wire.cancel(1, 2, 3), '0000000d08000000010000000200000003'],
    ['port', wire => wire.port(6881), '00000003091ae1'],
    ['port 0', wire => wire.port(0), '00000003090000'],
    ['suggest', wire => wire.suggest(1), '000000050d00000001'],
    ['have-all', wire => wire.haveAll(), '000000010e'],
    ['have-none', wire => wire.haveNone(), '000000010f'],
    ['reject', wire => wire.reject(1, 2, 3), '0000000d10000000010000000200000003'],
    ['allowed-fast', wire => wire.allowedFast(1), '000000051100000001'],
    ['extended, bytes by id', wire => wire.extended(3, Buffer.from('abc')), '000000051403616263'],
    ['extended, an object by id', wire => wire.extended(0, { b: 1, a: 'x' }), '000000101400' + Buffer.from('d1:a1:x1:bi1ee').toString('hex')]
  ])('%s', async (_, send, hex) => {
    send(peer.wire)
    expect((await peer.heard()).toString('hex')).toBe(hex)
  })

  test('request', async () => {
    peer.say(messages.unchoke())
    peer.wire.request(1, 2, 3, () => {})
    peer.wire.request(MAX, MAX, MAX)
    expect(await peer.heard()).toEqual(Buffer.concat([messages.request(1, 2, 3), messages.request(MAX, MAX, MAX)]))
    peer.wire.requests.length = 0
  })

  test('choke and interest are sent when they change, and then only', async () => {
    const { wire } = peer
    wire.choke()
    wire.uninterested()
    expect(await peer.heard()).toHaveLength(0)

    for (let i = 0; i < 2; i++) wire.unchoke()
    for (let i = 0; i < 2; i++) wire.interested()
    expect([wire.amChoking, wire.amInterested]).toEqual([false, true])
    expect(await peer.heard()).toEqual(Buffer.concat([messages.unchoke(), messages.interested()]))

    for (let i = 0; i < 2; i++) wire.choke()
    for (let i = 0; i < 2; i++) wire.uninterested()
    expect([wire.amChoking, wire.amInterested]).toEqual([true, false])
    expect(await peer.heard()).toEqual(Buffer.concat([messages.choke(), messages.uninterested()]))
  })

  test('amInterested may be assigned, which sends nothing', async () => {
    const { wire } = peer
    wire.amInterested = true
    expect(await peer.heard()).toHaveLength(0)
    wire.interested()
    wire.uninterested()
    expect(await peer.heard()).toEqual(messages.uninterested())
    wire.interested()
    wire.amInterested = false
    wire.interested()
    expect(await peer.heard()).toEqual(Buffer.concat([messages.interested(), messages.interested()]))
  })

  test('amChoking may be assigned, which sends nothing', async () => {
    peer.wire.amChoking = false
    const log = peer.note('request')
    peer.say(messages.request(0, 0, 1))
    expect(log).toHaveLength(1)
    expect(await peer.heard()).toHaveLength(0)
    peer.wire.choke()
    expect(await peer.heard()).toEqual(Buffer.concat([messages.choke(), messages.reject(0, 0, 1)]))
  })

  describe('what is no such number throws, and sends nothing', () => {
    const calls = [
      ['have', (wire, n) => wire.have(n)],
      ['request index', (wire, n) => wire.request(n, 0, 1)],
      ['request offset', (wire, n) => wire.request(0, n, 1)],
      ['request length', (wire, n) => wire.request(0, 0, n)],
      ['piece index', (wire, n) => wire.piece(n, 0, Buffer.alloc(1))],
      ['piece offset', (wire, n) => wire.piece(0, n, Buffer.alloc(1))],
      ['cancel', (wire, n) => wire.cancel(0, 0, n)],
      ['port', (wire, n) => wire.port(n)],
      ['suggest', (wire, n) => wire.suggest(n)],
      ['reject', (wire, n) => wire.reject(n, 0, 1)],
      ['allowedFast', (wire, n) => wire.allowedFast(n)]
    ]

    test.each(calls)('%s', async (_, call) => {
      peer.say(messages.unchoke())
      for (const value of ['1', null, undefined, 1n, {}]) {
        expect(() => call(peer.wire, value)).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }))
      }
      for (const value of [-1, 1.5, NaN, Infinity, MAX + 1]) {
        expect(() => call(peer.wire, value)).toThrow(expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }))
      }
      expect(await peer.heard()).toHaveLength(0)
      expect(peer.wire.requests).toHaveLength(0)
      expect(peer.wire.allowedFastSet).toHaveLength(0)
    })

    test('a port above 65535', async () => {
      expect(() => peer.wire.port(65536)).toThrow(RangeError)
      expect(await peer.heard()).toHaveLength(0)
    })

    test('a callback that is no function', () => {
      expect(() => peer.wire.request(0, 0, 1, 'callback')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
    })
  })
})

describe('in', () => {
  beforeEach(async () => { peer = await ScriptedPeer.connect({ fast: true, extended: true }) })

  test.each([
    ['keep-alive', messages.keepAlive(), []],
    ['unchoke', messages.unchoke(), []],
    ['interested', messages.interested(), []],
    ['uninterested', messages.uninterested(), []],
    ['choke', messages.choke(), []],
    ['have', messages.have(5), [5]],
    ['piece', messages.piece(1, 2, Buffer.from('abc')), [1, 2, Buffer.from('abc')]],
    ['piece', messages.piece(MAX, MAX, Buffer.alloc(0)), [MAX, MAX, Buffer.alloc(0)]],
    ['cancel', messages.cancel(1, 2, MAX), [1, 2, MAX]],
    ['port', messages.port(65535), [65535]],
    ['suggest', messages.suggest(3), [3]],
    ['have-all', messages.haveAll(), []],
    ['have-none', messages.haveNone(), []],
    ['reject', messages.reject(1, 2, 3), [1, 2, 3]],
    ['allowed-fast', messages.allowedFast(3), [3]],
    ['extended', messages.extended(99, Buffer.from('abc')), [99, Buffer.from('abc')]],
    ['unknownmessage', messages.message(0x63, Buffer.from('abc')), [Buffer.from('cabc')]],
    ['unknownmessage', messages.message(0x0a), [Buffer.from([0x0a])]]
  ])('%s', (event, bytes, args) => {
    const log = peer.note(event)
    peer.say(bytes)
    expect(log).toEqual([[event, ...args]])
  })

  test('request', () => {
    const log = peer.note('request')
    peer.wire.unchoke()
    peer.say(messages.request(MAX, MAX, MAX))
    expect(log).toEqual([['request', MAX, MAX, MAX, expect.any(Function)]])
  })

  test('bitfield', () => {
    const log = peer.note('bitfield')
    peer.say(messages.bitfield(Buffer.from([0xa0, 0x01])))
    expect(log).toEqual([['bitfield', peer.wire.peerPieces]])
    expect([...peer.wire.peerPieces.buffer]).toEqual([0xa0, 0x01])
  })

  test('a handler sees the state after its message, not after the chunk', () => {
    const { wire } = peer
    const states = []
    for (const event of ['unchoke', 'interested', 'have', 'choke', 'uninterested']) {
      wire.on(event, () => states.push([event, wire.peerChoking, wire.peerInterested, wire.peerPieces.get(1), wire.peerPieces.get(2)]))
    }
    peer.say(messages.unchoke(), messages.interested(), messages.have(1), messages.have(2), messages.choke(), messages.uninterested())
    expect(states).toEqual([
      ['unchoke', false, false, false, false],
      ['interested', false, true, false, false],
      ['have', false, true, true, false],
      ['have', false, true, true, true],
      ['choke', true, true, true, true],
      ['uninterested', true, false, true, true]
    ])
  })

  test('choke, unchoke and interest have their event each time', () => {
    const log = peer.note('choke', 'unchoke', 'interested', 'uninterested')
    peer.say(messages.choke(), messages.unchoke(), messages.unchoke(), messages.interested(), messages.interested())
    expect(log.map(([event]) => event)).toEqual(['choke', 'unchoke', 'unchoke', 'interested', 'interested'])
  })

  test('have is told when it is new, and then only', () => {
    const log = peer.note('have')
    peer.say(messages.bitfield(Buffer.from([0x80])), messages.have(0), messages.have(1), messages.have(1), messages.have(9))
    peer.say(messages.have(9))
    expect(log).toEqual([['have', 1], ['have', 9]])
  })

  test('any cut between chunks gives the same events', async () => {
    const events = ['keep-alive', 'unchoke', 'have', 'bitfield', 'piece', 'extended', 'unknownmessage', 'port', 'choke']
    const bytes = Buffer.concat([
      messages.bitfield(Buffer.from([0x0f, 0xf0])), messages.keepAlive(), messages.unchoke(),
      messages.piece(1, 2, Buffer.from('0123456789')), messages.have(2), messages.have(3),
      messages.extended(7, Buffer.from('payload')), messages.message(0x63, Buffer.from('unknown')),
      messages.extended(7, Buffer.alloc(0)), messages.port(1), messages.choke()
    ])
    const copy = args => JSON.parse(JSON.stringify(args))
    const whole = peer.note(...events)
    peer.say(bytes)
    for (let at = 1; at < bytes.length; at++) {
      for (const second of [1, bytes.length]) {
        const cut = await ScriptedPeer.connect({ fast: true, extended: true })
        const log = cut.note(...events)
        cut.say(bytes.subarray(0, at))
        cut.say(bytes.subarray(at, at + second))
        cut.say(bytes.subarray(at + second))
        expect(copy(log)).toEqual(copy(whole))
        await close(cut.wire)
      }
    }
  })
})
