'use strict'

/** What handlers of the crypto handshake's events may do: throw, and close the wire. */

const { once } = require('node:events')
const Wire = require('../..')
const { RC4 } = require('../helpers/mse')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { closed, open, turns } = require('./support/end')

const STREAM = Buffer.concat([messages.handshake(INFO_HASH, PEER_IDS[1]), messages.have(1), messages.keepAlive()])

let end

afterEach(() => close(end.wire))

/** Steps 1 and 2; gives the bytes of step 3 with all that follows. */
async function untilStep3 (...parameters) {
  end = open(Wire, 'tcpIncoming', ...parameters)
  await end.peer.send(end.peer.keyStep())
  await end.peer.readKey()
  const ia = STREAM.subarray(0, 68)
  return Buffer.concat([end.peer.step3({ provide: RC4, ia }), end.peer.encrypt.apply(STREAM.subarray(68))])
}

test.each(['crypto-infohash', 'crypto-handshake', 'handshake', 'have'])(
  'a listener for %s throws: once, and the wire goes on', async event => {
    const bytes = await untilStep3(2)
    const { wire, log } = end
    wire.on('crypto-infohash', () => wire.setInfoHash(INFO_HASH))
    wire.on(event, () => { throw new Error('of the listener') })
    const seen = once(wire, 'keep-alive')
    expect(() => wire.write(bytes)).toThrow('of the listener')
    await seen
    expect(log.map(([name]) => name)).toEqual(['crypto-infohash', 'crypto-handshake', 'handshake'])
    expect([wire._encryptionMethod, wire.peerPieces.get(1), wire.closeReason]).toEqual([RC4, true, null])
    expect((await end.peer.readStep4()).select).toBe(RC4)
  }
)

test('a listener for crypto-infohash throws, and the option infoHashes answers', async () => {
  const bytes = await untilStep3(2, { infoHashes: [INFO_HASH] })
  end.wire.on('crypto-infohash', () => { throw new Error('of the listener') })
  const seen = once(end.wire, 'keep-alive')
  expect(() => end.wire.write(bytes)).toThrow('of the listener')
  await seen
})

test('a listener for crypto-infohash throws, and the answer comes later', async () => {
  const bytes = await untilStep3(2)
  const { wire } = end
  wire.on('crypto-infohash', () => { throw new Error('of the listener') })
  const seen = once(wire, 'keep-alive')
  expect(() => wire.write(bytes)).toThrow('of the listener')
  await turns(5)
  wire.setInfoHash(INFO_HASH)
  await seen
  expect(end.log).toHaveLength(3)
})

test.each(['crypto-infohash', 'crypto-handshake', 'handshake'])(
  'a listener for %s destroys the wire: nothing comes after', async event => {
    const bytes = await untilStep3(2)
    const { wire, log } = end
    const after = []
    for (const name of ['have', 'keep-alive', 'violation', 'error']) wire.on(name, () => after.push(name))
    wire.on('crypto-infohash', () => wire.setInfoHash(INFO_HASH))
    wire.prependListener(event, () => wire.destroy())
    const ended = closed(wire)
    await end.peer.send(bytes)
    await ended
    expect(log.at(-1)[0]).toBe(event)
    expect(after).toEqual([])
    expect(wire.closeReason).toBe(null)
  }
)

test('as initiator: a listener for crypto-handshake throws', async () => {
  end = open(Wire, 'tcpOutgoing', 1)
  const { wire, peer } = end
  wire.startEncryption(INFO_HASH)
  await peer.readKey()
  await peer.send(peer.keyStep())
  await peer.readStep3()
  wire.on('crypto-handshake', () => { throw new Error('of the listener') })
  const seen = once(wire, 'keep-alive')
  expect(() => wire.write(Buffer.concat([peer.step4(), peer.encrypt.apply(STREAM)]))).toThrow('of the listener')
  await seen
  expect(end.log).toEqual([['crypto-handshake', true, RC4], ['handshake', true, RC4]])
})

test('step 4 leaves before what a listener for crypto-handshake sends', async () => {
  const bytes = await untilStep3(2)
  const { wire, peer } = end
  wire.on('crypto-infohash', () => wire.setInfoHash(INFO_HASH))
  wire.on('crypto-handshake', () => wire.handshake(INFO_HASH, PEER_IDS[0]))
  await peer.send(bytes)
  await peer.readStep4()
  expect(await peer.readEncrypted(68)).toEqual(messages.handshake(INFO_HASH, PEER_IDS[0], { extended: true }))
})
