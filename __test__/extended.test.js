'use strict'

/** Extended messages, BEP 10: extensions, their handshakes, and their messages. */

const { ScriptedPeer, close, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire

/** A class of an extension whose hooks write to `log`. */
function extension (name, log = [], hooks = ['onHandshake', 'onExtendedHandshake', 'onMessage']) {
  class Extension {
    constructor (wire) {
      this.wire = wire
      log.push([name, 'new', wire.extendedMapping])
    }
  }
  Extension.prototype.name = name
  for (const hook of hooks) {
    Extension.prototype[hook] = function (...args) { log.push([name, hook, ...args]) }
  }
  return Extension
}

const handshake = m => messages.extended(0, messages.bencode({ m }))

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ extended: true })
  wire = peer.wire
})

afterEach(() => close(wire))

describe('use()', () => {
  test('makes one of the class, at its name, with the next id', () => {
    wire.use(extension('ut_one'))
    wire.use(extension('ut_two'))
    expect(wire.ut_one.wire).toBe(wire)
    expect(wire.extendedMapping).toEqual({ 1: 'ut_one', 2: 'ut_two' })
    for (const hook of ['onHandshake', 'onExtendedHandshake', 'onMessage']) {
      expect(typeof wire.ut_one[hook]).toBe('function')
    }
  })

  test('gives hooks to those that have none', () => {
    function Plain () {}
    Plain.prototype.name = 'ut_plain'
    wire.use(Plain)
    expect(wire.ut_plain).toBeInstanceOf(Plain)
    peer.say(handshake({ ut_plain: 1 }), messages.extended(1, Buffer.from('x')))
    expect(wire.peerExtendedMapping).toEqual({ ut_plain: 1 })
  })

  test.each([[class {}], [() => {}], [undefined], [null], [{}]])('%p has no name', Extension => {
    expect(() => wire.use(Extension)).toThrow('Extension class requires a "name" property on the prototype')
    expect(wire.extendedMapping).toEqual({})
  })

  test('the same name again replaces the extension', () => {
    const log = []
    wire.use(extension('ut_test'))
    const first = wire.ut_test
    wire.use(extension('ut_test', log))
    expect(wire.ut_test).not.toBe(first)
    expect(wire.extendedMapping).toEqual({ 1: 'ut_test', 2: 'ut_test' })
    peer.say(messages.extended(1, Buffer.from('a')), messages.extended(2, Buffer.from('b')))
    expect(log.slice(1).map(([, hook, bytes]) => [hook, bytes.toString()])).toEqual([['onMessage', 'a'], ['onMessage', 'b']])
  })

  test('a constructor that throws leaves nothing', () => {
    const Failing = extension('ut_failing')
    function Extension () { throw new Error('from the constructor') }
    Extension.prototype = Failing.prototype
    expect(() => wire.use(Extension)).toThrow('from the constructor')
    expect([wire.extendedMapping, wire.ut_failing]).toEqual([{}, undefined])
  })

  test('at most 255 of them', () => {
    for (let i = 0; i < 255; i++) wire.use(extension(`ut_${i}`))
    expect(() => wire.use(extension('ut_255'))).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }))
  })
})

describe('our extended handshake', () => {
  test('says what extendedHandshake and extendedMapping say when it is sent', async () => {
    const first = new ScriptedPeer()
    first.wire.use(extension('ut_test'))
    first.wire.extendedHandshake.v = 'a client'
    first.wire.extendedHandshake.m = 'is not sent'
    first.wire.extendedMapping[9] = 'ut_nine'
    first.wire.handshake(INFO_HASH, OUR_ID)
    first.wire.extendedHandshake.p = 6881
    await first.heard()
    first.say(messages.handshake(INFO_HASH, PEER_ID, { extended: true }))
    expect(await first.heard()).toEqual(messages.extended(0, messages.bencode({
      m: { ut_nine: 9, ut_test: 1 }, p: 6881, reqq: 2000, v: 'a client'
    })))
    first.wire.extendedHandshake.late = 1
    expect(await first.heard()).toHaveLength(0)
    await close(first.wire)
  })

  describe('says how many requests may be open', () => {
    /** @returns {Promise<string>} the dictionary, as text */
    async function dictionary (options, prepare = () => {}) {
      const peer = new ScriptedPeer({ options })
      prepare(peer.wire)
      peer.wire.handshake(INFO_HASH, OUR_ID)
      await peer.heard()
      peer.say(messages.handshake(INFO_HASH, PEER_ID, { extended: true }))
      const bytes = await peer.heard()
      await close(peer.wire)
      return bytes.toString('latin1', 6)
    }

    test('2000 by default', async () => {
      expect(await dictionary()).toBe('d1:mde4:reqqi2000ee')
    })

    test('the option reqq', async () => {
      expect(await dictionary({ reqq: 500 })).toBe('d1:mde4:reqqi500ee')
    })

    test('what the caller put there, before anything else', async () => {
      expect(await dictionary(undefined, wire => { wire.extendedHandshake.reqq = 77 })).toBe('d1:mde4:reqqi77ee')
      expect(await dictionary({ reqq: 500 }, wire => { wire.extendedHandshake = { reqq: 78, v: 'x' } })).toBe('d1:mde4:reqqi78e1:v1:xe')
    })

    test('with a dictionary of the caller that has none', async () => {
      expect(await dictionary(undefined, wire => { wire.extendedHandshake = { v: 'x' } })).toBe('d1:mde4:reqqi2000e1:v1:xe')
    })

    test('once for each wire: the caller\'s own object stays as it is', async () => {
      const own = Object.freeze({ v: 'x' })
      expect(await dictionary(undefined, wire => { wire.extendedHandshake = own })).toBe('d1:mde4:reqqi2000e1:v1:xe')
      expect(Object.keys(own)).toEqual(['v'])
    })
  })
})

describe('the peer\'s extended handshake', () => {
  test('updates the mapping, then calls the extensions that it maps, then has its event', () => {
    const log = []
    wire.use(extension('ut_other', log))
    wire.use(extension('ut_test', log))
    log.length = 0
    wire.on('extended', (name, dictionary) => log.push(['extended', name, dictionary]))
    const dictionary = { m: { ut_test: 3, x_unknown: 7 }, v: 'theirs', p: 6881 }
    peer.say(messages.extended(0, messages.bencode(dictionary)))
    expect(wire.peerExtendedMapping).toEqual({ ut_test: 3, x_unknown: 7 })
    expect(wire.peerExtendedHandshake).toEqual({ ...dictionary, v: Buffer.from('theirs') })
    expect(log).toEqual([
      ['ut_test', 'onExtendedHandshake', wire.peerExtendedHandshake],
      ['extended', 'handshake', wire.peerExtendedHandshake]
    ])
  })

  test('may come again: it adds, changes, and switches off with 0', () => {
    peer.say(handshake({ a: 1, b: 2, c: 3 }))
    const mapping = wire.peerExtendedMapping
    peer.say(handshake({ b: 0, c: 4, d: 5 }))
    expect(wire.peerExtendedMapping).toEqual({ a: 1, c: 4, d: 5 })
    expect(wire.peerExtendedMapping).toBe(mapping)
    expect(() => wire.extended('b', {})).toThrow('Unrecognized extension: b')
  })

  test('that is no dictionary is ignored', () => {
    const events = peer.note('extended', 'violation')
    for (const bytes of ['', 'i1e', 'le', 'd', 'd1:a', 'garbage', 'd1:mi1ee']) {
      peer.say(messages.extended(0, Buffer.from(bytes)))
    }
    expect(wire.peerExtendedMapping).toEqual({})
    // The last is a dictionary, if a strange one.
    expect(events).toEqual([['extended', 'handshake', { m: 1 }]])
  })
})

describe('messages', () => {
  test('of ours come to the extension, then as an event by name', () => {
    const log = []
    wire.use(extension('ut_test', log, ['onMessage']))
    log.length = 0
    wire.on('extended', (...args) => log.push(['extended', ...args]))
    peer.say(messages.extended(1, Buffer.from('bytes')))
    expect(log).toEqual([
      ['ut_test', 'onMessage', Buffer.from('bytes')], ['extended', 'ut_test', Buffer.from('bytes')]
    ])
  })

  test('of others are an event by id', () => {
    const events = peer.note('extended')
    peer.say(messages.extended(255, Buffer.from('bytes')), messages.extended(2, Buffer.alloc(0)))
    expect(events).toEqual([['extended', 255, Buffer.from('bytes')], ['extended', 2, Buffer.alloc(0)]])
  })

  test('go out by the name that the peer mapped', async () => {
    peer.say(handshake({ ut_test: 7 }))
    wire.extended('ut_test', { a: 1 })
    wire.extended('ut_test', Buffer.from('bytes'))
    wire.extended(7, new Uint16Array([0x4141]))
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.extended(7, Buffer.from('d1:ai1ee')), messages.extended(7, Buffer.from('bytes')),
      messages.extended(7, Buffer.from('AA'))
    ]))
  })

  test.each([['ut_test'], ['toString'], ['__proto__'], [undefined], [null], [{}]])('%p is no extension of the peer', async name => {
    expect(() => wire.extended(name, {})).toThrow(`Unrecognized extension: ${String(name)}`)
    expect(await peer.heard()).toHaveLength(0)
  })

  test.each([[-1], [256], [1.5], [NaN]])('%p is no id', async id => {
    expect(() => wire.extended(id, {})).toThrow(RangeError)
    expect(await peer.heard()).toHaveLength(0)
  })

  test('what cannot be bencoded throws, and sends nothing', async () => {
    const circle = {}
    circle.circle = circle
    for (const value of [circle, { a: () => {} }, { a: NaN }]) expect(() => wire.extended(0, value)).toThrow(TypeError)
    expect(await peer.heard()).toHaveLength(0)
  })
})

describe('an extension that throws', () => {
  test.each([
    ['onHandshake', () => messages.handshake(INFO_HASH, PEER_ID)],
    ['onExtendedHandshake', () => Buffer.concat([messages.handshake(INFO_HASH, PEER_ID, { extended: true }), handshake({ ut_test: 1 })])],
    ['onMessage', () => Buffer.concat([messages.handshake(INFO_HASH, PEER_ID, { extended: true }), messages.extended(1, Buffer.from('x'))])]
  ])('in %s closes the wire', async (hook, bytes) => {
    const cause = new Error('from the hook')
    const Failing = extension('ut_test', [], [])
    Failing.prototype[hook] = () => { throw cause }
    const other = new ScriptedPeer()
    other.wire.use(Failing)
    const events = other.note('violation', 'extended', 'have')
    const closed = new Promise(resolve => other.wire.once('close', resolve))
    other.say(bytes(), messages.have(1))
    await closed
    expect(events).toEqual([['violation', other.wire.closeReason]])
    expect(other.wire.closeReason).toMatchObject({ code: 'ERR_EXTENSION_FAILED', message: 'extension ut_test: from the hook', cause })
  })
})
