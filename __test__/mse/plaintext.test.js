'use strict'

/** A peer that answers in plaintext, or connects in plaintext. */

const { once } = require('node:events')
const { loadOurs, loadUpstream, upstreamUnderTest } = require('../helpers/wire')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { open, turns } = require('./support/end')

const STREAM = Buffer.concat([
  messages.handshake(INFO_HASH, PEER_IDS[1]), messages.have(3), messages.piece(1, 0, Buffer.alloc(3000, 'x')),
  messages.keepAlive()
])
const OURS = messages.handshake(INFO_HASH, PEER_IDS[0], { extended: true })

const classes = {}
let end

beforeAll(async () => {
  classes.ours = await loadOurs()
  classes.upstream = await loadUpstream()
})

afterEach(() => close(end.wire))

// What upstream does is what is demanded of this wire.
describe.each([['ours', 1], ['ours', 2], ['upstream', 1], ['upstream', 2]])('%s, level %d', (name, level) => {
  describe.each([['in one chunk', 1e6], ['byte by byte', 1]])('%s', (cut, size) => {
    test('a peer that connects', async () => {
      end = open(classes[name], 'tcpIncoming', level)
      end.wire.on('handshake', () => end.wire.handshake(INFO_HASH, PEER_IDS[0]))
      await receive(size)
      expect(end.log).toEqual([['handshake', false, null]])
      expect(await end.peer.read(68)).toEqual(OURS)
      expect(end.wire.peerPieces.get(3)).toBe(true)
    })

    test('a peer that was connected to, and got step 1', async () => {
      end = open(classes[name], 'tcpOutgoing', level)
      end.wire.on('crypto-handshake', () => end.wire.handshake(INFO_HASH, PEER_IDS[0]))
      end.wire.startEncryption(INFO_HASH)
      await end.peer.read(96)
      await turns(2)
      end.peer.unread = Buffer.alloc(0) // PadA
      await receive(size)
      expect(end.log).toEqual([['crypto-handshake', true, null], ['handshake', true, null]])
      expect(await end.peer.read(68)).toEqual(OURS)
      expect(end.wire.peerPieces.get(3)).toBe(true)
    })

    test('a peer that was connected to, without startEncryption', async () => {
      end = open(classes[name], 'tcpOutgoing', level)
      end.wire.handshake(INFO_HASH, PEER_IDS[0])
      expect(await end.peer.read(68)).toEqual(OURS)
      await receive(size)
      expect(end.log).toEqual([['crypto-handshake', true, null], ['handshake', true, null]])
    })
  })
})

const testOurs = upstreamUnderTest ? test.skip : test

testOurs('a handshake that was to be step 3’s goes out after the plaintext one', async () => {
  end = open(classes.ours, 'tcpOutgoing', 1)
  end.wire.startEncryption(INFO_HASH)
  end.wire.handshake(INFO_HASH, PEER_IDS[0])
  end.wire.interested()
  await end.peer.read(96)
  await turns(2)
  end.peer.unread = Buffer.alloc(0) // PadA
  await receive(1e6)
  expect(await end.peer.read(73)).toEqual(Buffer.concat([OURS, messages.interested()]))
})

testOurs('a plaintext handshake that comes before startEncryption settles it', async () => {
  end = open(classes.ours, 'tcpOutgoing', 1)
  await receive(1e6)
  end.wire.startEncryption(INFO_HASH)
  end.wire.handshake(INFO_HASH, PEER_IDS[0])
  expect(await end.peer.read(68)).toEqual(OURS)
  await turns(2)
  expect(end.peer.unread).toHaveLength(0)
})

testOurs('a plaintext handshake that comes while the key agreement runs stops step 1', async () => {
  end = open(classes.ours, 'tcpOutgoing', 1)
  end.wire.startEncryption(INFO_HASH)
  end.wire.handshake(INFO_HASH, PEER_IDS[0])
  await receive(1e6)
  expect(await end.peer.read(68)).toEqual(OURS)
  // Its key agreement comes to nothing, before that of another wire.
  const other = open(classes.ours, 'tcpOutgoing', 1)
  other.wire.startEncryption(INFO_HASH)
  await other.peer.read(96)
  await turns(10)
  expect(end.peer.unread).toHaveLength(0)
  await close(other.wire)
})

test.each([0x13, 0x42])('what begins with %d and is no handshake is a key', async first => {
  end = open(classes.ours, 'tcpIncoming', 1)
  const key = Buffer.alloc(96, 7)
  key[0] = first
  key.write('BitTorrent protocoL', 1)
  await end.peer.send(key)
  await end.peer.read(96)
})

/** Sends STREAM in chunks of this size. */
async function receive (size) {
  const seen = once(end.wire, 'keep-alive')
  for (let at = 0; at < STREAM.length; at += size) await end.peer.send(STREAM.subarray(at, at + size))
  await seen
}
