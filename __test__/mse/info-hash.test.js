'use strict'

/** How a wire that was connected to learns which torrent the peer wants. */

const { once } = require('node:events')
const Wire = require('../..')
const { RC4, skeyHash } = require('../helpers/mse')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { closed, open, turns } = require('./support/end')

const OTHERS = ['aa', 'bb', 'cc'].map(byte => byte.repeat(20))
const BYTES = Buffer.from(INFO_HASH, 'hex')

let end

afterEach(() => close(end.wire))

/** Steps 1 to 3 of a peer that wants INFO_HASH. */
async function ask () {
  await end.peer.send(end.peer.keyStep())
  await end.peer.readKey()
  end.peer.send(Buffer.concat([
    end.peer.step3({ ia: messages.handshake(INFO_HASH, PEER_IDS[1]) }), end.peer.encrypt.apply(messages.keepAlive())
  ]))
}

async function expectAnswer () {
  const seen = once(end.wire, 'keep-alive')
  await ask()
  expect((await end.peer.readStep4()).select).toBe(RC4)
  await seen
  expect(end.log).toEqual([
    ['crypto-infohash', false, null], ['crypto-handshake', true, RC4], ['handshake', true, RC4]
  ])
}

async function expectRefusal (match) {
  const ended = closed(end.wire)
  await ask()
  await ended
  expect(end.wire.closeReason).toMatchObject({ code: 'ERR_MSE_INFO_HASH', ...match })
  expect(end.log).toEqual([['crypto-infohash', false, null]])
}

describe('setInfoHash', () => {
  beforeEach(() => { end = open(Wire, 'tcpIncoming', 2) })

  test('in the handler', async () => {
    end.wire.on('crypto-infohash', hash => {
      expect(hash).toBe(skeyHash(INFO_HASH))
      end.wire.setInfoHash(INFO_HASH)
    })
    await expectAnswer()
  })

  test('in capital letters, or as bytes', async () => {
    end.wire.on('crypto-infohash', () => end.wire.setInfoHash(INFO_HASH.toUpperCase()))
    await expectAnswer()
    await close(end.wire)
    end = open(Wire, 'tcpIncoming', 2)
    end.wire.on('crypto-infohash', () => end.wire.setInfoHash(BYTES))
    await expectAnswer()
  })

  test('later', async () => {
    end.wire.on('crypto-infohash', async () => {
      await turns(20)
      end.wire.setInfoHash(INFO_HASH)
    })
    await expectAnswer()
  })

  test('before it is asked for', async () => {
    end.wire.setInfoHash(INFO_HASH)
    await expectAnswer()
  })

  test('of no 20 bytes throws, and the right one still counts', async () => {
    const thrown = []
    end.wire.on('crypto-infohash', () => {
      for (const wrong of ['', '00', Buffer.alloc(19), undefined, {}, 'z'.repeat(40)]) {
        try {
          end.wire.setInfoHash(wrong)
        } catch (error) {
          thrown.push(error.code)
        }
      }
      end.wire.setInfoHash(INFO_HASH)
    })
    await expectAnswer()
    expect(thrown).toEqual(Array(6).fill('ERR_INVALID_ARG_TYPE'))
  })

  test('after the wire was closed does nothing', async () => {
    const asked = once(end.wire, 'crypto-infohash')
    await ask()
    await asked
    const ended = closed(end.wire)
    end.wire.destroy()
    end.wire.setInfoHash(INFO_HASH)
    await ended
    end.wire.setInfoHash(INFO_HASH)
    end.wire.startEncryption(INFO_HASH)
  })
})

describe('the option infoHashes', () => {
  const sync = {
    'an array': [...OTHERS, INFO_HASH],
    'an array of bytes': [BYTES, ...OTHERS.map(hash => Buffer.from(hash, 'hex'))],
    'a set': new Set([...OTHERS, INFO_HASH]),
    'the keys of a map, asked for anew': { [Symbol.iterator]: () => new Map([[INFO_HASH, 1], [OTHERS[0], 2]]).keys() },
    'a function': hash => hash.toString('hex') === skeyHash(INFO_HASH) ? INFO_HASH : undefined,
    'a function that gives bytes': () => new Uint8Array(BYTES),
    'a function that gives a promise': async () => INFO_HASH,
    'a function that gives a promise of later': async () => {
      await turns(20)
      return INFO_HASH
    }
  }

  test.each(Object.entries(sync))('is %s', async (name, infoHashes) => {
    for (let i = 0; i < 2; i++) {
      end = open(Wire, 'tcpIncoming', 2, { infoHashes })
      await expectAnswer()
      await close(end.wire)
    }
  })

  test.each([
    ['an empty array', []], ['an array without it', OTHERS], ['a function without it', () => undefined],
    ['a function that gives null', () => null], ['a promise of nothing', async () => {}]
  ])('is %s: a violation', async (name, infoHashes) => {
    end = open(Wire, 'tcpIncoming', 2, { infoHashes })
    await expectRefusal({})
  })

  test('is a function whose promise is rejected: a violation with its cause', async () => {
    const cause = new Error('the database is gone')
    end = open(Wire, 'tcpIncoming', 2, { infoHashes: async () => { throw cause } })
    await expectRefusal({ message: cause.message, cause })
  })

  test('is a collection that changes meanwhile', async () => {
    const infoHashes = new Set(OTHERS)
    const options = { infoHashes }
    for (const isServed of [false, true, false, true]) {
      if (isServed) infoHashes.add(INFO_HASH)
      else infoHashes.delete(INFO_HASH)
      end = open(Wire, 'tcpIncoming', 2, options)
      await (isServed ? expectAnswer() : expectRefusal({}))
      await close(end.wire)
    }
  })

  test('names the torrent twice, and once no more', async () => {
    const infoHashes = new Set([...OTHERS, INFO_HASH, BYTES])
    const options = { infoHashes }
    for (const [gone, isServed] of [[null, true], [BYTES, true], [INFO_HASH, false]]) {
      infoHashes.delete(gone)
      end = open(Wire, 'tcpIncoming', 2, options)
      await (isServed ? expectAnswer() : expectRefusal({}))
      await close(end.wire)
    }
  })

  test('is hashed once, however many wires ask', () => {
    const native = jest.requireActual('../../lib/native/index.js')
    const skeyHashHex = jest.fn(native.skeyHashHex)
    jest.isolateModules(() => {
      jest.doMock('../../lib/native/index.js', () => ({ ...native, skeyHashHex }))
      const { findInfoHash } = require('../../lib/encryption/info-hashes.js')
      const infoHashes = Array.from({ length: 100 }, (_, i) => i.toString(16).padStart(40, '0'))
      for (let i = 0; i < 10; i++) expect(findInfoHash(infoHashes, skeyHash(OTHERS[0]))).toBe(undefined)
      expect(skeyHashHex).toHaveBeenCalledTimes(100)
      infoHashes.push(OTHERS[0])
      expect(findInfoHash(infoHashes, skeyHash(OTHERS[0]))).toBe(OTHERS[0])
      expect(skeyHashHex).toHaveBeenCalledTimes(101)
    })
    jest.dontMock('../../lib/native/index.js')
  })

  test('comes too late for a wire that was closed', async () => {
    let answer
    end = open(Wire, 'tcpIncoming', 2, { infoHashes: () => new Promise(resolve => { answer = resolve }) })
    const asked = once(end.wire, 'crypto-infohash')
    await ask()
    await asked
    await close(end.wire)
    answer(INFO_HASH)
    await turns(3)
    expect(end.wire.closeReason).toBe(null)
  })

  test.each([42, 'a string', {}, true])('cannot be %p', infoHashes => {
    expect(() => new Wire('tcpIncoming', 2, { infoHashes })).toThrow(TypeError)
  })
})
