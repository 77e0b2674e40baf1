'use strict'

/** What a peer can do wrong in the crypto handshake. A title begins with the row of the contract. */

const { once } = require('node:events')
const net = require('node:net')
const { performance } = require('node:perf_hooks')
const { Readable } = require('node:stream')
const Wire = require('../..')
const { loadUpstream } = require('../helpers/wire')
const { P, PLAINTEXT, RC4, RawPeer, toKey } = require('../helpers/mse')
const { tellsBusyTime, testIf } = require('../helpers/runtime')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { closed, open, turns } = require('../mse/support/end')

const OTHER_HASH = 'ff'.repeat(20)
const HANDSHAKE = messages.handshake(INFO_HASH, PEER_IDS[1])

const opened = []

afterEach(() => close(...opened.splice(0)))

/** A wire that was connected to, in the hands of a peer. */
function responder (level = 1, options = undefined) {
  const end = open(Wire, 'tcpIncoming', level, options)
  end.wire.on('crypto-infohash', () => end.wire.setInfoHash(INFO_HASH))
  opened.push(end.wire)
  return end
}

/** A wire that connects, in the hands of a peer. */
function initiator (level = 1, options = undefined) {
  const end = open(Wire, 'tcpOutgoing', level, options)
  opened.push(end.wire)
  end.wire.startEncryption(INFO_HASH)
  return end
}

/** Does `act`; the wire is to close for it, gracefully and with one violation. */
async function expectViolation ({ wire, log }, code, act) {
  const events = []
  for (const event of ['violation', 'finish', 'end', 'close', 'handshake', 'crypto-handshake']) {
    wire.on(event, error => events.push(error?.code ?? event))
  }
  const ended = closed(wire)
  await act()
  await ended
  expect(events).toEqual([code, 'finish', 'end', 'close'])
  expect(wire.closeReason).toMatchObject({ name: 'WireError', code })
  expect(wire.closeReason.message).toMatch(/./)
  expect(wire._cryptoHandshakeDone).toBe(false)
}

const BAD_KEYS = { 0: 0n, 1: 1n, 'p - 1': P - 1n, p: P, 'p + 1': P + 1n, '2^768 - 1': (1n << 768n) - 1n }

test.each(Object.entries(BAD_KEYS))('D3: Ya is %s', async (name, key) => {
  const end = responder()
  await expectViolation(end, 'ERR_MSE_PUBLIC_KEY', () => end.peer.send(toKey(key)))
  expect(end.peer.unread).toHaveLength(0)
})

test.each(Object.entries(BAD_KEYS))('D3: Yb is %s', async (name, key) => {
  const end = initiator()
  await end.peer.read(96)
  await expectViolation(end, 'ERR_MSE_PUBLIC_KEY', () => end.peer.send(toKey(key)))
})

test.each(Object.entries({ 2: 2n, 'p - 2': P - 2n }))('D3: %s is a key as any other', async (name, key) => {
  const end = responder()
  await end.peer.send(toKey(key))
  await end.peer.read(96)
  expect(end.wire.closeReason).toBe(null)
})

testIf(tellsBusyTime())('D4: a key costs the main thread next to nothing', async () => {
  const Upstream = await loadUpstream()
  await answerKeys(Wire, 4)
  await answerKeys(Upstream, 1)
  const ours = await answerKeys(Wire, 64)
  const theirs = await answerKeys(Upstream, 4)
  // A hundredth and less where nothing else runs.
  expect(ours / theirs).toBeLessThan(0.1)
})

test('D4: a key is not answered within the write', async () => {
  const { wire, peer } = responder()
  let isTaken = false
  wire.write(peer.keyStep(), () => { isTaken = true })
  wire.write(Buffer.alloc(1))
  expect([wire.readableLength, wire.writableLength]).toEqual([0, 97])
  await Promise.resolve()
  expect(isTaken).toBe(false)
  await peer.read(96)
})

/** Has one wire after the other answer a key; gives the milliseconds that the event loop was busy, a key. */
async function answerKeys (Class, count) {
  const ends = Array.from({ length: count }, () => {
    const wire = new Class('tcpIncoming', 1)
    return { wire, peer: new RawPeer(wire, INFO_HASH) }
  })
  const start = performance.eventLoopUtilization()
  for (const { peer } of ends) {
    peer.send(peer.keyStep())
    await peer.read(96)
  }
  const { active } = performance.eventLoopUtilization(start)
  await close(...ends.map(({ wire }) => wire))
  return active / count
}

test('D11: no answer to crypto-infohash: what comes waits with the peer', async () => {
  const { wire, peer } = open(Wire, 'tcpIncoming', 2)
  opened.push(wire)
  const asked = once(wire, 'crypto-infohash')
  await peer.send(peer.keyStep())
  await peer.readKey()
  wire.write(peer.step3({ provide: RC4 }))
  await asked

  // 4 MiB of messages, as fast as the wire wants them.
  const haves = Buffer.concat(Array.from({ length: 4096 }, (_, index) => messages.have(index)))
  const stream = [HANDSHAKE, ...Array(113).fill(haves), messages.keepAlive()]
  let pulled = 0
  const source = Readable.from((function * () {
    for (const bytes of stream) {
      pulled += bytes.length
      yield peer.encrypt.apply(bytes)
    }
  })(), { objectMode: false, highWaterMark: 16384 })
  source.pipe(wire, { end: false })
  await turns(20)
  const waiting = pulled
  await turns(100)
  expect(pulled).toBe(waiting)
  expect(pulled).toBeLessThan(256 * 1024)

  const seen = Promise.all([once(wire, 'handshake'), once(wire, 'keep-alive')])
  wire.setInfoHash(INFO_HASH)
  await seen
  expect(pulled).toBeGreaterThan(4e6)
  expect(wire.peerPieces.get(4095)).toBe(true)
})

test('D11: a wire that is closed while it waits lets go of everything', async () => {
  const { countWires } = require('../../lib/native/index.js')
  const before = countWires()
  const { wire, peer } = open(Wire, 'tcpIncoming', 2)
  const asked = once(wire, 'crypto-infohash')
  await peer.send(peer.keyStep())
  await peer.readKey()
  const taken = peer.send(Buffer.concat([peer.step3(), Buffer.alloc(100_000)]))
  await asked
  expect(countWires()).toBe(before + 1)
  const ended = closed(wire)
  wire.destroy()
  await Promise.all([taken, ended])
  expect(countWires()).toBe(before)
})

test.each([PLAINTEXT, 0, 3, 4])('M1: RC4 alone was offered, and the peer selects %d', async select => {
  const end = initiator(2)
  await expectViolation(end, 'ERR_MSE_CRYPTO_SELECT', async () => {
    const { provide } = await end.peer.accept({ select })
    expect(provide).toBe(RC4)
  })
})

test.each([0, 3, 4, 0x80000000])('M1: both were offered, and the peer selects %d', async select => {
  const end = initiator(1)
  await expectViolation(end, 'ERR_MSE_CRYPTO_SELECT', async () => {
    const { provide } = await end.peer.accept({ select })
    expect(provide).toBe(PLAINTEXT | RC4)
  })
})

test.each([[1, 0], [1, 4], [2, 0], [2, PLAINTEXT], [2, 0xfffffffd]])(
  'M1: a wire of level %d that is offered %d', async (level, provide) => {
    const end = responder(level)
    await end.peer.send(end.peer.keyStep())
    await end.peer.readKey()
    await expectViolation(end, 'ERR_MSE_CRYPTO_PROVIDE', () => end.peer.send(end.peer.step3({ provide })))
  }
)

test.each([['in one chunk', 1e6], ['byte by byte', 1]])('M2: PadA of 513 bytes, %s', async (name, size) => {
  const end = responder()
  await end.peer.send(end.peer.keyStep())
  await end.peer.readKey()
  await expectViolation(end, 'ERR_MSE_SYNC', () => sendCut(end.peer, [Buffer.alloc(513), end.peer.step3()], size))
})

test.each([['in one chunk', 1e6], ['byte by byte', 1]])('M2: PadB of 513 bytes, %s', async (name, size) => {
  const end = initiator()
  await end.peer.readKey()
  await end.peer.send(end.peer.keyStep())
  await end.peer.readStep3()
  await expectViolation(end, 'ERR_MSE_SYNC', () => sendCut(end.peer, [Buffer.alloc(513), end.peer.step4()], size))
})

test.each([513, 0x8000, 0xffff])('M2: PadC is said to have %d bytes', async lenPadC => {
  const end = responder()
  await end.peer.send(end.peer.keyStep())
  await end.peer.readKey()
  await expectViolation(end, 'ERR_MSE_PADDING', () => end.peer.send(end.peer.step3({ lenPadC })))
})

test.each([513, 0x8000, 0xffff])('M2: PadD is said to have %d bytes', async lenPadD => {
  const end = initiator()
  await expectViolation(end, 'ERR_MSE_PADDING', () => end.peer.accept({ lenPadD }))
})

test.each([0, 1, 512])('M2: %d bytes of each padding are allowed', async length => {
  const padding = Buffer.alloc(length, 7)
  const b = responder(2)
  await b.peer.send(b.peer.keyStep())
  await b.peer.readKey()
  await b.peer.send(Buffer.concat([padding, b.peer.step3({ padC: padding })]))
  expect((await b.peer.readStep4()).select).toBe(RC4)

  const a = initiator(2)
  await a.peer.readKey()
  await a.peer.send(a.peer.keyStep(length))
  await a.peer.readStep3()
  const done = once(a.wire, 'crypto-handshake')
  await a.peer.send(a.peer.step4({ padD: padding }))
  await done
})

test('M2: a wire pads with 512 bytes at most', async () => {
  for (let i = 0; i < 20; i++) {
    const a = initiator()
    const { padA, padC } = await a.peer.accept()
    const b = responder()
    const { padB, padD } = await b.peer.open()
    for (const length of [padA, padB, padC, padD]) expect(length).toBeLessThanOrEqual(512)
  }
})

const STREAM = Buffer.concat([
  HANDSHAKE, messages.unchoke(), messages.have(5), messages.piece(1, 0, Buffer.alloc(70_000, 'block')),
  messages.have(6), messages.keepAlive()
])

describe.each([['in one chunk', 1e6], ['byte by byte', 1], ['in pieces of 1000 bytes', 1000]])('%s', (name, size) => {
  test.each([0, 1, 19, 67, 68, 69, 73, 74, 200, 65535].flatMap(length => [[length, PLAINTEXT], [length, RC4]]))(
    'M3: IA of %d bytes, then method %d', async (length, method) => {
      const { wire, peer } = responder(method)
      const seen = []
      wire.on('crypto-handshake', () => seen.push('crypto-handshake'))
      wire.on('handshake', () => seen.push('handshake'))
      wire.on('unchoke', () => seen.push('unchoke'))
      wire.on('have', index => seen.push(index))
      wire.on('piece', (index, offset, block) => seen.push(block.length, block.toString('latin1', 0, 10)))
      const end = once(wire, 'keep-alive')
      await peer.send(peer.keyStep())
      await peer.readKey()
      const step3 = peer.step3({ ia: STREAM.subarray(0, length) })
      const rest = STREAM.subarray(length)
      // The rest goes out before the answer has come: the peer chose what it offered.
      sendCut(peer, [step3], size)
      expect((await peer.readStep4()).select).toBe(method)
      sendCut(peer, [method === RC4 ? peer.encrypt.apply(rest) : rest], size)
      await end
      expect(seen).toEqual(['crypto-handshake', 'handshake', 'unchoke', 5, 70_000, 'blockblock', 6])
    }
  )
})

test('M3: the stream comes together with step 3', async () => {
  const { wire, peer } = responder(2)
  const end = once(wire, 'keep-alive')
  await peer.send(peer.keyStep())
  await peer.readKey()
  peer.send(Buffer.concat([peer.step3({ provide: RC4, ia: STREAM.subarray(0, 30) }), peer.encrypt.apply(STREAM.subarray(30))]))
  await end
  expect(wire.peerPieces.get(6)).toBe(true)
})

test('M3: a wire does not make room for an IA before it comes', async () => {
  const { wire, peer } = responder()
  await peer.send(peer.keyStep())
  await peer.readKey()
  const step3 = peer.step3({ ia: Buffer.alloc(0xffff) })
  await peer.send(step3.subarray(0, -0xffff))
  await turns(2)
  expect([wire.closeReason, wire.peerId]).toEqual([null, null])
})

test.each(['tcpIncoming', 'tcpOutgoing'])('M4: a plaintext handshake to a wire of level 2, %s', async type => {
  const { wire, peer, log } = open(Wire, type, 2)
  opened.push(wire)
  const end = once(wire, 'keep-alive')
  await peer.send(STREAM)
  await end
  const isIncoming = type === 'tcpIncoming'
  expect(log).toEqual(isIncoming
    ? [['handshake', false, null]]
    : [['crypto-handshake', true, null], ['handshake', true, null]])
})

test.each([
  ['tcpIncoming', 1], ['tcpIncoming', 2], ['tcpOutgoing', 1], ['tcpOutgoing', 2]
])('M4: with requireEncryption it is a violation: %s, level %d', async (type, level) => {
  const end = type === 'tcpIncoming'
    ? responder(level, { requireEncryption: true })
    : initiator(level, { requireEncryption: true })
  await expectViolation(end, 'ERR_MSE_PLAINTEXT_REFUSED', () => end.peer.send(HANDSHAKE))
})

test('M4: with requireEncryption no handshake leaves in plaintext', async () => {
  const { wire, peer } = open(Wire, 'tcpOutgoing', 1, { requireEncryption: true })
  opened.push(wire)
  wire.handshake(INFO_HASH, PEER_IDS[0])
  await turns(5)
  expect(peer.unread).toHaveLength(0)
  wire.startEncryption(INFO_HASH)
  await peer.accept()
  expect((await peer.readEncrypted(20)).toString('latin1')).toBe('\x13BitTorrent protocol')
})

test('M5: what is sent before the crypto handshake is done leaves after it, as initiator', async () => {
  const { wire, peer } = initiator(2)
  sendAll(wire)
  const { ia } = await peer.accept()
  expect(ia).toEqual(handshakeOf(wire))
  expect(await peer.readEncrypted(SENT.length)).toEqual(SENT)
})

test('M5: what is sent before the crypto handshake is done leaves after it, as responder', async () => {
  const { wire, peer } = responder(2)
  sendAll(wire)
  await peer.open()
  expect(await peer.readEncrypted(68 + SENT.length)).toEqual(Buffer.concat([handshakeOf(wire), SENT]))
})

test('M5: what is sent in the midst of the crypto handshake leaves after it', async () => {
  const { wire, peer } = open(Wire, 'tcpIncoming', 1)
  opened.push(wire)
  wire.on('crypto-infohash', () => {
    sendAll(wire)
    wire.setInfoHash(INFO_HASH)
  })
  await peer.open()
  expect(await peer.read(68 + SENT.length)).toEqual(Buffer.concat([handshakeOf(wire), SENT]))
})

const SENT = Buffer.concat([
  messages.bitfield(Buffer.from([0xf0])), messages.unchoke(), messages.interested(), messages.have(9),
  messages.piece(3, 4, Buffer.from('a block')), messages.extended(0, Buffer.from('de'))
])

function sendAll (wire) {
  wire.handshake(INFO_HASH, PEER_IDS[0])
  wire.bitfield(Buffer.from([0xf0]))
  wire.unchoke()
  wire.interested()
  wire.have(9)
  wire.piece(3, 4, Buffer.from('a block'))
  wire.extended(0, Buffer.from('de'))
}

function handshakeOf () {
  return messages.handshake(INFO_HASH, PEER_IDS[0], { extended: true })
}

test.each(['', 'webrtc', 'webSeed', 'something'].flatMap(type => [[type, 1], [type, 2]]))(
  'M6: the type %p with level %d is plaintext', async (type, level) => {
    const { wire, peer, log } = open(Wire, type, level)
    opened.push(wire)
    wire.startEncryption(INFO_HASH)
    wire.setInfoHash(INFO_HASH)
    wire.handshake(INFO_HASH, PEER_IDS[0])
    expect(await peer.read(68)).toEqual(handshakeOf(wire))
    const end = once(wire, 'keep-alive')
    await peer.send(STREAM)
    await end
    expect(log).toEqual([['handshake', false, undefined]])
  }
)

test('the peer uses another SKEY', async () => {
  const end = responder()
  end.wire.removeAllListeners('crypto-infohash')
  end.wire.on('crypto-infohash', () => end.wire.setInfoHash(OTHER_HASH))
  await end.peer.send(end.peer.keyStep())
  await end.peer.readKey()
  await expectViolation(end, 'ERR_MSE_VC', () => end.peer.send(end.peer.step3()))

  // As the initiator it only sees that ENCRYPT(VC) does not come.
  const { wire, peer, log } = initiator()
  await peer.readKey()
  await peer.send(peer.keyStep())
  await peer.readStep3()
  peer.skey = Buffer.from(OTHER_HASH, 'hex')
  peer.setCiphers('B')
  await expectViolation({ wire, log }, 'ERR_MSE_SYNC', () => peer.send(peer.step4({ padD: Buffer.alloc(512) })))
})

test('the initiator’s VC is not zero', async () => {
  const end = responder()
  await end.peer.send(end.peer.keyStep())
  await end.peer.readKey()
  await expectViolation(end, 'ERR_MSE_VC', () => end.peer.send(end.peer.step3({ vc: Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]) })))
})

test('a violation that nobody listens for closes both ends of a socket and no more', async () => {
  const server = net.createServer(socket => {
    const wire = new Wire('tcpIncoming', 1)
    socket.pipe(wire).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1').resume()
  const ended = once(socket, 'close')
  socket.write(toKey(1n))
  await ended
  server.close()
})

/** Sends in chunks of a size; without an end in sight once the wire has closed. */
async function sendCut (peer, parts, size) {
  const bytes = Buffer.concat(parts)
  for (let at = 0; at < bytes.length; at += size) await peer.send(bytes.subarray(at, at + size))
}
