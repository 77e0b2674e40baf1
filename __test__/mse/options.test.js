'use strict'

/** The options cryptoTimeout, requireEncryption and initialPayload, and what they do not take. */

const Wire = require('../..')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { closed, open } = require('./support/end')

const HANDSHAKE = messages.handshake(INFO_HASH, PEER_IDS[1])

describe('cryptoTimeout', () => {
  let end

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance', 'hrtime', 'Date'] })
  })

  afterEach(async () => {
    jest.useRealTimers()
    await close(end.wire)
  })

  /** The wire of which `ms` is the option closes in `left` milliseconds. */
  async function expectTimeout (ms, left = ms) {
    jest.advanceTimersByTime(left - 1)
    expect(end.wire.closeReason).toBe(null)
    const ended = closed(end.wire)
    jest.advanceTimersByTime(1)
    await ended
    expect(end.wire.closeReason).toMatchObject({ code: 'ERR_MSE_TIMEOUT', message: expect.stringContaining(`${ms} ms`) })
    expect(end.log).toEqual([])
    expect(jest.getTimerCount()).toBe(0)
  }

  test('as initiator, from startEncryption on', async () => {
    end = open(Wire, 'tcpOutgoing', 1, { cryptoTimeout: 5000 })
    jest.advanceTimersByTime(10_000)
    end.wire.startEncryption(INFO_HASH)
    await end.peer.read(96)
    await expectTimeout(5000)
  })

  test('as responder, from the first byte on', async () => {
    end = open(Wire, 'tcpIncoming', 1, { cryptoTimeout: 5000 })
    jest.advanceTimersByTime(10_000)
    await end.peer.send(Buffer.alloc(1, 0x42))
    await expectTimeout(5000)
  })

  test('does not begin anew with every byte', async () => {
    end = open(Wire, 'tcpIncoming', 1, { cryptoTimeout: 5000 })
    for (let i = 0; i < 4; i++) {
      await end.peer.send(Buffer.alloc(1, 0x42))
      jest.advanceTimersByTime(1000)
    }
    await expectTimeout(5000, 1000)
  })

  test('ends with the crypto handshake', async () => {
    end = open(Wire, 'tcpIncoming', 1, { cryptoTimeout: 5000, infoHashes: [INFO_HASH] })
    await end.peer.open()
    expect(end.wire._cryptoHandshakeDone).toBe(true)
    expect(jest.getTimerCount()).toBe(0)
    jest.advanceTimersByTime(5000)
    expect(end.wire.closeReason).toBe(null)
  })

  test.each(['tcpIncoming', 'tcpOutgoing'])('ends with a plaintext handshake, %s', async type => {
    end = open(Wire, type, 1, { cryptoTimeout: 5000 })
    if (type === 'tcpOutgoing') end.wire.startEncryption(INFO_HASH)
    await end.peer.send(HANDSHAKE)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('ends with the wire', async () => {
    end = open(Wire, 'tcpOutgoing', 1, { cryptoTimeout: 5000 })
    end.wire.startEncryption(INFO_HASH)
    expect(jest.getTimerCount()).toBe(1)
    await close(end.wire)
    end.wire.startEncryption(INFO_HASH)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('there is none by default', async () => {
    end = open(Wire, 'tcpIncoming', 2)
    await end.peer.send(end.peer.keyStep())
    await end.peer.readKey()
    expect(jest.getTimerCount()).toBe(0)
  })
})

test.each([
  ['cryptoTimeout', -1, RangeError], ['cryptoTimeout', 1.5, RangeError], ['cryptoTimeout', 2 ** 31, RangeError],
  ['cryptoTimeout', '5', TypeError], ['requireEncryption', 1, TypeError], ['requireEncryption', null, TypeError],
  ['initialPayload', 'no', TypeError]
])('%s cannot be %p', (name, value, type) => {
  expect(() => new Wire('tcpIncoming', 1, { [name]: value })).toThrow(type)
  expect(() => new Wire('tcpIncoming', 1, { [name]: value })).toThrow(name)
})

test('requireEncryption lets a peer choose plaintext after the crypto handshake', async () => {
  const { wire, peer } = open(Wire, 'tcpIncoming', 1, { requireEncryption: true, infoHashes: [INFO_HASH] })
  expect((await peer.open()).select).toBe(1)
  await close(wire)
})

test.each(['', '00', 'z'.repeat(40), undefined, 5, Buffer.alloc(21)])('startEncryption does not take %p', async infoHash => {
  const { wire } = open(Wire, 'tcpOutgoing', 1)
  expect(() => wire.startEncryption(infoHash)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
  await close(wire)
})
