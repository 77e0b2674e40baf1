'use strict'

/** The option `infoHashes`: who serves many torrents answers step 3 without the application. */

const { once } = require('node:events')
const Wire = require('../..')
const { close, OUR_ID, PEER_ID } = require('../helpers/scripted-peer')

const HASHES = ['11', '22', '33'].map(byte => byte.repeat(20))

let a, b

/** An encrypted pair, in which `b` serves `infoHashes` and `a` wants one of them. */
function connect (infoHashes, wanted) {
  a = new Wire('tcpOutgoing', 2)
  b = new Wire('tcpIncoming', 2, { infoHashes })
  a.pipe(b).pipe(a)
  a.startEncryption(wanted)
  a.handshake(wanted, PEER_ID)
}

/** The wire's violation; no listener of `error` is added. */
const violation = wire => new Promise(resolve => wire.once('violation', resolve))

afterEach(() => Promise.all([close(a), close(b)]))

const hashOf = async wanted => {
  connect(undefined, wanted)
  const [hash] = await once(b, 'crypto-infohash')
  await Promise.all([close(a), close(b)])
  return hash
}

test.each([
  ['an array', HASHES],
  ['a Set', new Set(HASHES)],
  ['bytes', HASHES.map(hash => Buffer.from(hash, 'hex'))],
  ['the keys of a Map', { * [Symbol.iterator] () { yield * new Map(HASHES.map(hash => [hash, {}])).keys() } }]
])('%s', async (_, infoHashes) => {
  for (const wanted of HASHES) {
    connect(infoHashes, wanted)
    const [infoHash] = await once(b, 'handshake')
    expect(infoHash).toBe(wanted)
    expect([b._encryptionMethod, b._cryptoHandshakeDone]).toEqual([2, true])
    b.handshake(wanted, OUR_ID)
    expect((await once(a, 'handshake'))[0]).toBe(wanted)
    await Promise.all([close(a), close(b)])
  }
})

test('an iterable that changes', async () => {
  const served = new Set([HASHES[0]])
  connect(served, HASHES[1])
  expect((await violation(b)).code).toBe('ERR_MSE_INFO_HASH')
  await Promise.all([close(a), close(b)])

  served.add(HASHES[1])
  served.delete(HASHES[0])
  connect(served, HASHES[1])
  expect((await once(b, 'handshake'))[0]).toBe(HASHES[1])
  await Promise.all([close(a), close(b)])

  connect(served, HASHES[0])
  expect((await violation(b)).code).toBe('ERR_MSE_INFO_HASH')
})

test.each([
  ['at once', found => found], ['bytes', found => Buffer.from(found, 'hex')], ['later', async found => found]
])('a function that finds it, %s', async (_, give) => {
  const expected = await hashOf(HASHES[2])
  const given = []
  connect(hash => {
    given.push(hash)
    return give(HASHES[2])
  }, HASHES[2])
  expect((await once(b, 'handshake'))[0]).toBe(HASHES[2])
  expect(given).toEqual([Buffer.from(expected, 'hex')])
})

test.each([
  ['finds nothing', () => undefined, /not served/],
  ['finds nothing, later', async () => null, /not served/],
  ['throws', () => { throw new Error('no index') }, /no index/],
  ['rejects', async () => { throw new Error('no index') }, /no index/],
  ['gives no info hash', () => 'something', /20 bytes/],
  ['gives no info hash, later', async () => Buffer.alloc(3), /20 bytes/]
])('a function that %s: the wire closes', async (_, infoHashes, message) => {
  connect(infoHashes, HASHES[0])
  const error = await violation(b)
  expect(error).toMatchObject({ code: 'ERR_MSE_INFO_HASH', message: expect.stringMatching(message) })
  await new Promise(resolve => b.destroyed ? resolve() : b.once('close', resolve))
})

test('the event comes all the same, and the application may be first', async () => {
  const events = []
  connect(() => undefined, HASHES[0])
  b.on('crypto-infohash', hash => {
    events.push(hash)
    b.destroy()
  })
  await once(b, 'close')
  expect(events).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/)])
  expect(b.closeReason).toBe(null)
})

test.each([['text'], [5], [{}], [true]])('%p is no such option', infoHashes => {
  expect(() => new Wire('tcpIncoming', 1, { infoHashes })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
  connect([], HASHES[0])
})
