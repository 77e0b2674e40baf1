'use strict'

const Wire = require('../..')
const utPex = require('../../extensions/ut_pex')
const holdClock = require('../helpers/held-clock')
const { bencode } = require('../world/support/messages')
const { Peer, ...p } = require('../hostile/support/peer')

let peer, pex, told

beforeEach(() => {
  peer = new Peer(Wire)
  peer.wire.use(utPex())
  pex = peer.wire.ut_pex
  told = []
  for (const event of ['peer', 'dropped', 'warning']) pex.on(event, (...args) => told.push([event, ...args]))
})

afterEach(() => {
  jest.useRealTimers()
  peer.wire.destroy()
})

const map = (id = 2) => peer.hear(p.extended(0, bencode({ m: { ut_pex: id } })))
const message = lists => p.extended(1, bencode(lists))
const sent = async () => (await peer.sent()).map(hex => Buffer.from(hex.slice(4), 'hex').toString('latin1'))

const NO_FLAGS = { prefersEncryption: false, isSender: false, supportsUtp: false, supportsUtHolepunch: false, isReachable: false }
const V4 = [[10, 0, 0, 1, 0x1a, 0xe1], [10, 0, 0, 2, 0x1a, 0xe1]].map(bytes => Buffer.from(bytes))
const V6 = [Buffer.from('20010db8000000000000000000000001' + '1ae1', 'hex')]

test('every list of a message has its events, once', () => {
  peer.hear(message({
    added: Buffer.concat(V4), 'added.f': Buffer.from([0x1f, 0xe0]), added6: V6[0], dropped: Buffer.from([1, 2, 3, 4, 0, 5]), dropped6: ''
  }))
  const all = Object.fromEntries(Object.keys(NO_FLAGS).map(flag => [flag, true]))
  expect(told).toEqual([
    ['peer', '10.0.0.1:6881', all], ['peer', '10.0.0.2:6881', NO_FLAGS], ['peer', '[2001:db8::1]:6881', NO_FLAGS],
    ['dropped', '1.2.3.4:5']
  ])
  told.length = 0
  peer.hear(message({ added: V4[0], dropped: V4[1], dropped6: V6[0] }))
  expect(told).toEqual([['dropped', '10.0.0.2:6881'], ['dropped', '[2001:db8::1]:6881']])
})

test('what is no list of addresses does not count, and all else does', () => {
  // Some of this our wire would keep from it, as it does with the npm package.
  pex.onMessage(bencode({ added: Buffer.alloc(7, 1), added6: Buffer.alloc(24, 1), dropped: V4[0], dropped6: 5 }))
  pex.onMessage(bencode({ added: ['1.2.3.4:5'], 'added.f': { length: 5 }, added6: V6[0], 'added6.f': 'x' }))
  for (const nothing of ['', 'le', 'd5:added']) pex.onMessage(Buffer.from(nothing))
  peer.hear(message({ added: Buffer.concat([Buffer.from([1, 2, 3, 4, 0, 0]), V4[1]]), 'added.f': Buffer.from([0xff, 0x02]) }))
  expect(told).toEqual([
    ['dropped', '10.0.0.1:6881'],
    ['peer', '[2001:db8::1]:6881', { ...NO_FLAGS, supportsUtHolepunch: true, isReachable: true }], // 'x' is 0x78
    ['peer', '10.0.0.2:6881', { ...NO_FLAGS, isSender: true }] // port 0 is none, and has its flags
  ])
})

test('six messages may come in a minute, and no more', () => {
  for (let i = 0; i < 6; i++) peer.hear(message({ added: Buffer.from([10, 0, 0, i + 1, 1, 1]) }))
  expect(told.map(([event]) => event)).toEqual(Array(6).fill('peer'))
  peer.hear(message({ added: Buffer.from([10, 0, 0, 9, 1, 1]) }))
  expect(told.slice(6)).toEqual([['warning', new Error('Peer disconnected for sending PEX messages too frequently')]])
  expect(peer.names).toContain('uninterested')
})

test('a message a minute may come for ever', () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
  const clock = holdClock()
  for (let minute = 0; minute < 20; minute++) {
    clock.now = minute * 60_000 + 1
    peer.hear(message({ dropped: Buffer.from([10, 0, 0, minute + 1, 1, 1]) }))
  }
  clock.letGo()
  expect(told).toHaveLength(20)
})

test('what it is told goes out every 65 seconds, at most 50 of each kind, as long as it may', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
  pex.start()
  for (let i = 0; i < 60; i++) pex.addPeer(`10.1.0.${i}:258`, { isSender: true })
  pex.addPeer6('[2001:db8::1]:6881')
  pex.dropPeer('10.2.0.0:258')
  jest.advanceTimersByTime(65_000)
  expect(await sent()).toEqual([]) // the peer does not take it
  map()
  jest.advanceTimersByTime(65_000)
  map(0) // it does not any more: nothing throws
  jest.advanceTimersByTime(65_000)
  map(4)
  jest.advanceTimersByTime(65_000)
  pex.stop()
  jest.advanceTimersByTime(65_000)
  const compact = (from, to) => Buffer.concat(Array.from({ length: to - from }, (_, i) => Buffer.from([10, 1, 0, from + i, 1, 2])))
  const bytes = lists => bencode({ added: '', 'added.f': '', added6: '', 'added6.f': '', dropped: '', dropped6: '', ...lists }).toString('latin1')
  expect(await sent()).toEqual([
    bytes({ added: compact(0, 50), 'added.f': Buffer.alloc(50, 2), dropped: Buffer.from([10, 2, 0, 0, 1, 2]) }),
    bytes({ added: compact(50, 60), 'added.f': Buffer.alloc(10, 2), added6: V6[0], 'added6.f': Buffer.alloc(1) })
  ])
})

test('what is no address of its kind is not told', async () => {
  for (const address of ['?', '10.0.0.1', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0.256:1', 'localhost:80', '[::1]:80', '::1:80', 5, null]) {
    pex.addPeer(address)
    pex.dropPeer(address)
  }
  for (const address of ['10.0.0.1:80', '[::1]', '[::g]:1', '[10.0.0.1]:1']) pex.addPeer6(address)
  map()
  pex._sendMessage()
  expect(await sent()).toEqual(['d5:added0:7:added.f0:6:added60:8:added6.f0:7:dropped0:8:dropped60:e'])
})

test('what the peer has told is not told to it, and a drop takes an add back', async () => {
  map()
  peer.hear(message({ added: V4[0], dropped: V4[1] }))
  pex.addPeer('10.0.0.1:6881')
  pex.dropPeer('10.0.0.2:6881')
  pex.addPeer('10.0.0.3:6881')
  pex.dropPeer('10.0.0.3:6881')
  pex.dropPeer('10.0.0.4:6881')
  pex.addPeer('10.0.0.4:6881')
  pex._sendMessage()
  const [text] = await sent()
  expect(text).toBe(bencode({
    added: Buffer.from([10, 0, 0, 4, 0x1a, 0xe1]), 'added.f': Buffer.alloc(1), added6: '', 'added6.f': '', dropped: Buffer.from([10, 0, 0, 3, 0x1a, 0xe1]), dropped6: ''
  }).toString('latin1'))
  pex.reset()
  expect([pex._remoteAddedPeers, pex._localDroppedPeers]).toEqual([{}, {}])
})

test('a timer that goes on after the wire has closed stops itself', () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
  pex.start()
  peer.wire.destroy()
  expect(jest.getTimerCount()).toBe(1)
  peer.wire.resume()
  return new Promise(resolve => peer.wire.once('close', resolve)).then(() => {
    jest.advanceTimersByTime(65_000)
    expect(jest.getTimerCount()).toBe(0)
  })
})
