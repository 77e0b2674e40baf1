'use strict'

/** Subclasses that override the methods of a stream, and objects that stand before a wire. */

const { once } = require('node:events')
const net = require('node:net')
const { loadOurs, upstreamUnderTest } = require('../helpers/wire')
const messages = require('./support/messages')
const { Peer, split, turn } = require('./support/peer')
const { INFO_HASH, PEER_IDS, close, connectOverTcp, reached, request, shakeHands } = require('./support/pair')

const BLOCK = 16384
const COUNT = 100
const testOurs = upstreamUnderTest ? test.skip : test

let Wire

beforeAll(async () => { Wire = await loadOurs() })

const concat = chunks => Buffer.concat(chunks.map(chunk => Buffer.from(chunk)))
const LEVELS = [['plain', 0], ['encrypted', 2]]

/**
 * Over TCP: handshakes, a message and `COUNT` blocks each way. Fails where a wire closes before it
 * is through.
 *
 * @param {number} level of encryption
 * @returns {Promise<{ received: Buffer, sent: Buffer }>} what the socket of `a` brought and took
 */
async function exchange (a, b, level) {
  const sockets = await connectOverTcp(a, b)
  const chunks = sockets.map(socket => {
    const list = []
    socket.on('data', chunk => list.push(chunk))
    return list
  })
  const ends = [a, b].map(wire => new Promise((resolve, reject) => {
    wire.once('close', () => reject(new Error(`closed early: ${wire.closeReason?.message}`)))
  }))
  for (const end of ends) end.catch(() => {})
  await Promise.race([transfer(a, b, level), ...ends])
  const [received, sent] = chunks.map(list => Buffer.concat(list))
  return { received, sent }
}

async function transfer (a, b, level) {
  if (level > 0) {
    b.once('crypto-infohash', () => b.setInfoHash(INFO_HASH))
    const done = Promise.all([a, b].map(wire => once(wire, 'crypto-handshake')))
    a.startEncryption(INFO_HASH)
    await done
  }
  await shakeHands(a, b, { fast: true })
  for (const wire of [a, b]) {
    wire.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length, piece)))
    wire.unchoke()
  }
  await Promise.all([reached(a, b), reached(b, a)])
  await Promise.all([a, b].flatMap(wire => Array.from({ length: COUNT }, async (_, i) => {
    wire.have(i)
    const block = await request(wire, i, 0, BLOCK)
    if (!block.every(byte => byte === i)) throw new Error(`block ${i} is another one`)
  })))
  await Promise.all([reached(a, b), reached(b, a)])
}

describe.each(LEVELS)('%s', (_, level) => {
  let wires

  afterEach(() => close(...wires))

  /** Plays the exchange with a wire of that class at one end; gives what passed there. */
  async function play (Class, prepare = () => {}) {
    wires = [new Class('tcpOutgoing', level), new Wire('tcpIncoming', level)]
    prepare(wires[0])
    return exchange(...wires, level)
  }

  test.each(['_write', 'write'])('a subclass\'s %s sees every byte that comes', async method => {
    const seen = []
    class Sub extends Wire {
      [method] (chunk, ...rest) {
        seen.push(Buffer.from(chunk))
        return super[method](chunk, ...rest)
      }
    }
    const { received } = await play(Sub)
    // How much comes in one chunk is the runtime's.
    expect(seen.length).toBeGreaterThan(5)
    expect(concat(seen).equals(received)).toBe(true)
  })

  test('a subclass\'s push sees every byte that leaves, in order', async () => {
    const seen = []
    class Sub extends Wire {
      push (chunk, ...rest) {
        if (chunk) seen.push(Buffer.from(chunk))
        return super.push(chunk, ...rest)
      }
    }
    const { sent } = await play(Sub)
    expect(concat(seen).equals(sent)).toBe(true)
  })

  test('a subclass\'s _read is called, again and again', async () => {
    let calls = 0
    class Sub extends Wire {
      _read (...args) {
        calls++
        return super._read(...args)
      }
    }
    await play(Sub)
    expect(calls).toBeGreaterThan(5)
  })

  test('a subclass\'s emit sees every event, with its arguments', async () => {
    const seen = []
    class Sub extends Wire {
      emit (event, ...args) {
        seen.push([event, ...args])
        return super.emit(event, ...args)
      }
    }
    await play(Sub)
    const all = name => seen.filter(([event]) => event === name).map(([, ...args]) => args)
    const pieces = Array.from({ length: COUNT }, (_, i) => i)
    expect(all('have').map(([index]) => index)).toEqual(pieces)
    expect(all('request').map(([piece, offset, length, respond]) => [piece, offset, length, typeof respond]))
      .toEqual(pieces.map(piece => [piece, 0, BLOCK, 'function']))
    expect(all('piece').map(([piece, offset, block]) => [piece, offset, block.length])).toEqual(pieces.map(piece => [piece, 0, BLOCK]))
    expect(all('download')).toEqual(pieces.map(() => [BLOCK]))
    expect(all('upload')).toEqual(pieces.map(() => [BLOCK]))
    for (const event of ['handshake', 'unchoke', 'keep-alive']) expect(all(event)).toHaveLength(event === 'keep-alive' ? 2 : 1)
  })

  test('a subclass\'s pipe sees the destination', async () => {
    const seen = []
    class Sub extends Wire {
      pipe (destination, ...rest) {
        seen.push(destination)
        return super.pipe(destination, ...rest)
      }
    }
    await play(Sub)
    expect(seen).toEqual([expect.any(net.Socket)])
  })

  test('methods that are put on the wire itself see it too', async () => {
    const seen = { _write: 0, write: 0, push: 0, emit: 0 }
    const { received, sent } = await play(Wire, wire => {
      const { _write, write, push, emit } = wire
      wire._write = function (chunk, ...rest) {
        seen._write += chunk.length
        return _write.call(this, chunk, ...rest)
      }
      wire.write = function (chunk, ...rest) {
        seen.write += chunk.length
        return write.call(this, chunk, ...rest)
      }
      wire.push = function (chunk, ...rest) {
        seen.push += chunk?.length ?? 0
        return push.call(this, chunk, ...rest)
      }
      wire.emit = function (event, ...args) {
        if (event === 'have') seen.emit++
        return emit.call(this, event, ...args)
      }
    })
    expect(seen).toEqual({ _write: received.length, write: received.length, push: sent.length, emit: COUNT })
  })

  test('two subclasses that change every byte, there and back, understand each other', async () => {
    const flip = chunk => chunk && Uint8Array.from(chunk, byte => byte ^ 0x55)
    class Flipped extends Wire {
      _write (chunk, ...rest) { return super._write(flip(chunk), ...rest) }
      push (chunk, ...rest) { return super.push(flip(chunk), ...rest) }
    }
    const [a, b] = wires = [new Flipped('tcpOutgoing', level), new Flipped('tcpIncoming', level)]
    await exchange(a, b, level)
    expect([a.downloaded, b.downloaded]).toEqual([COUNT * BLOCK, COUNT * BLOCK])
  })
})

test('methods that are put on the wire in mid-stream see what passes from then on', async () => {
  const wire = new Wire()
  const peer = await Peer.greet(wire)
  const haves = []
  wire.on('have', index => haves.push(index))
  wire.write(messages.have(1))
  wire.have(1)
  await peer.heard()

  const seen = []
  const { _write, push } = wire
  wire._write = function (chunk, ...rest) {
    seen.push(['in', ...split(chunk)])
    return _write.call(this, chunk, ...rest)
  }
  wire.push = function (chunk, ...rest) {
    if (chunk) seen.push(['out', ...split(chunk)])
    return push.call(this, chunk, ...rest)
  }
  wire.write(messages.have(2))
  await turn()
  wire.have(2)
  await turn()
  wire.write(messages.have(3))
  await turn()
  expect(seen).toEqual([['in', 'have 2'], ['out', 'have 2'], ['in', 'have 3']])
  expect(haves).toEqual([1, 2, 3])
  await close(wire)
})

/** What upstream can do too stands before the same tests: there Object.create splits the state in two. */
const BEFORE = [
  ['a Proxy', wire => new Proxy(wire, {}), test],
  ['Object.create', wire => Object.create(wire), testOurs]
]

for (const [name, wrap, testIt] of BEFORE) {
  describe(`${name} before a wire`, () => {
    let wire, before, peer

    class Extension {
      onMessage (bytes) { this.got = Buffer.from(bytes).toString() }
    }
    Extension.prototype.name = 'ut_test'

    /** Handshakes, all by way of the object before it. */
    async function greet () {
      wire = new Wire('tcpOutgoing')
      before = wrap(wire)
      peer = new Peer(before)
      before.use(Extension)
      before.handshake(INFO_HASH, PEER_IDS[0], { fast: true })
      peer.say(messages.handshake(INFO_HASH, PEER_IDS[1], { fast: true, extended: true }))
      peer.say(messages.extended(0, Buffer.from('d1:md7:ut_testi3eee')))
      await peer.heard()
    }

    afterEach(() => close(wire))

    testIt('every method that sends', async () => {
      await greet()
      before.keepAlive()
      before.unchoke()
      before.choke()
      before.interested()
      before.uninterested()
      before.have(1)
      before.bitfield(Buffer.from([1, 2]))
      before.piece(1, 2, Buffer.alloc(5, 5))
      before.cancel(1, 2, 3)
      before.port(4)
      before.suggest(5)
      before.haveAll()
      before.haveNone()
      before.reject(1, 2, 3)
      before.allowedFast(6)
      before.extended(7, Buffer.alloc(3, 3))
      before.extended('ut_test', Buffer.alloc(4, 4))
      expect(await peer.told()).toEqual([
        'keep-alive', 'unchoke', 'choke', 'interested', 'uninterested', 'have 1', 'message 5 of 3', 'piece 1 2 5 of 5',
        'cancel 1 2 3', 'message 9 of 3', 'suggest 5', 'have-all', 'have-none', 'reject 1 2 3', 'allowed-fast 6',
        'extended 7 3 of 3', 'extended 3 4 of 4'
      ])
    })

    testIt('every event, and the state in it', async () => {
      await greet()
      const log = []
      const events = [
        'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'have-all', 'have-none', 'suggest',
        'allowed-fast', 'port', 'keep-alive', 'extended', 'unknownmessage', 'cancel', 'reject'
      ]
      for (const event of events) before.on(event, () => log.push(event))
      before.on('unchoke', () => log.push(before.peerChoking))
      before.on('have', index => log.push(before.peerPieces.get(index)))
      peer.say(
        messages.unchoke(), messages.interested(), messages.uninterested(), messages.have(3), messages.bitfield(Buffer.from([0xff])),
        messages.haveAll(), messages.haveNone(), messages.suggest(1), messages.allowedFast(1), messages.port(1),
        messages.keepAlive(), messages.extended(1, Buffer.from('hello')), messages.message(0x63), messages.cancel(1, 2, 3),
        messages.reject(1, 2, 3), messages.choke()
      )
      expect(log).toEqual([
        'unchoke', false, 'interested', 'uninterested', 'have', true, 'bitfield', 'have-all', 'have-none', 'suggest',
        'allowed-fast', 'port', 'keep-alive', 'extended', 'unknownmessage', 'cancel', 'reject', 'choke'
      ])
      expect(before.ut_test.got).toBe('hello')
      expect(before.peerId).toBe(PEER_IDS[1])
      expect(before.peerExtendedMapping).toEqual({ ut_test: 3 })
    })

    testIt('requests both ways', async () => {
      await greet()
      const log = []
      before.unchoke()
      before.on('request', (piece, offset, length, respond) => {
        log.push(before.peerRequests.length)
        respond(null, Buffer.alloc(length, piece))
      })
      peer.say(messages.unchoke(), messages.request(1, 0, 4), messages.request(2, 0, 4))
      expect(log).toEqual([1, 1])
      expect(await peer.told()).toEqual(['unchoke', 'piece 1 0 4 of 1', 'piece 2 0 4 of 2'])

      log.length = 0
      for (const piece of [1, 2, 3, 4]) before.request(piece, 0, 4, (error, block) => log.push(error?.message ?? block[0]))
      expect(before.requests.map(({ piece }) => piece)).toEqual([1, 2, 3, 4])
      before.cancel(3, 0, 4)
      peer.say(messages.piece(2, 0, Buffer.alloc(4, 2)), messages.reject(1, 0, 4))
      expect(log).toEqual(['request was cancelled', 2, 'request was rejected'])
      expect(before.requests.map(({ piece }) => piece)).toEqual([4])
      before.peerAllowedFastSet.push(9)
      peer.say(messages.choke())
      before.request(9, 0, 4, () => {})
      before.request(8, 0, 4, error => log.push(error.message))
      expect(log.at(-1)).toBe('peer is choking')
    })

    testIt('times, speeds, and fields that are assigned', async () => {
      await greet()
      before.setKeepAlive(true)
      before.setKeepAlive(false)
      before.setTimeout(60_000, true)
      before.setTimeout(0)
      expect([before.uploadSpeed(), before.downloadSpeed()]).toEqual([0, 0])
      before.startEncryption(INFO_HASH)
      before.setInfoHash(INFO_HASH)
      before.peerChoking = false
      before.amChoking = false
      before.hasFast = true
      before.allowedFastSet = [1]
      before.requests = []
      before.extendedHandshake = { v: 'x' }
      before.isSeeder = true
      expect([before.peerChoking, before.amChoking, before.hasFast, before.isSeeder]).toEqual([false, false, true, true])
      expect(before.allowedFastSet).toEqual([1])
      expect(typeof before._debugId).toBe('string')
      expect([before._cryptoHandshakeDone, before.destroyed]).toEqual([false, false])
      before.request(1, 2, 3, () => {})
      expect(await peer.told()).toEqual(['request 1 2 3'])
    })

    testIt('piped to and fro, and closed', async () => {
      wire = new Wire('tcpOutgoing')
      before = wrap(wire)
      const other = new Wire('tcpIncoming')
      await connectOverTcp(before, other)
      await shakeHands(before, other, { fast: true })
      before.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length, piece)))
      before.unchoke()
      other.unchoke()
      other.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length, piece)))
      await Promise.all([reached(before, other), reached(other, before)])
      const blocks = await Promise.all([before, other].flatMap(end => [1, 2, 3].map(piece => request(end, piece, 0, BLOCK))))
      expect(blocks.map(block => block[BLOCK - 1])).toEqual([1, 2, 3, 1, 2, 3])
      const log = []
      for (const event of ['finish', 'end', 'close']) before.on(event, () => log.push(event))
      const closed = Promise.all([once(wire, 'close'), once(other, 'close')])
      before.destroy()
      await closed
      expect(log).toEqual(['finish', 'end', 'close'])
      expect(before.destroyed).toBe(true)
      before.request(1, 0, 1, error => log.push(error.message))
      expect(log.at(-1)).toBe('wire is closed')
    })
  })
}
