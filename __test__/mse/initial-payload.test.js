'use strict'

/** Our handshake in step 3: IA. */

const Wire = require('../..')
const { loadUpstream } = require('../helpers/wire')
const { PLAINTEXT, RC4 } = require('../helpers/mse')
const messages = require('../world/support/messages')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { open } = require('./support/end')

const HANDSHAKE = messages.handshake(INFO_HASH, PEER_IDS[0], { extended: true })

let end

afterEach(() => close(end.wire))

function start (options) {
  end = open(Wire, 'tcpOutgoing', 1, options)
  end.wire.startEncryption(INFO_HASH)
  return end
}

test.each([PLAINTEXT, RC4])('a handshake that is there by then goes in step 3, before method %d', async select => {
  const { wire, peer } = start()
  wire.handshake(INFO_HASH, PEER_IDS[0])
  const { ia } = await peer.accept({ select })
  expect(ia).toEqual(HANDSHAKE)
  wire.unchoke()
  const rest = messages.unchoke().length
  expect(await (select === RC4 ? peer.readEncrypted(rest) : peer.read(rest))).toEqual(messages.unchoke())
})

test('a handshake before startEncryption, in the same tick, goes after step 4', async () => {
  end = open(Wire, 'tcpOutgoing', 1)
  end.wire.handshake(INFO_HASH, PEER_IDS[0])
  end.wire.startEncryption(INFO_HASH)
  const { ia } = await end.peer.accept()
  const rest = HANDSHAKE.subarray(ia.length)
  expect(Buffer.concat([ia, await end.peer.readEncrypted(rest.length)])).toEqual(HANDSHAKE)
})

test('with initialPayload: false it goes after step 4', async () => {
  const { wire, peer } = start({ initialPayload: false })
  wire.handshake(INFO_HASH, PEER_IDS[0])
  wire.interested()
  const { ia } = await peer.accept()
  expect(ia).toHaveLength(0)
  expect(await peer.readEncrypted(73)).toEqual(Buffer.concat([HANDSHAKE, messages.interested()]))
})

test('a handshake at crypto-handshake goes after step 4, as upstream’s', async () => {
  const { wire, peer } = start()
  wire.on('crypto-handshake', () => wire.handshake(INFO_HASH, PEER_IDS[0]))
  const { ia } = await peer.accept()
  expect(ia).toHaveLength(0)
  expect(await peer.readEncrypted(68)).toEqual(HANDSHAKE)
})

test('messages before the handshake do not go in step 3, nor does it overtake them', async () => {
  const { wire, peer } = start()
  wire.keepAlive()
  wire.handshake(INFO_HASH, PEER_IDS[0])
  const { ia } = await peer.accept()
  expect(ia).toHaveLength(0)
  expect(await peer.readEncrypted(72)).toEqual(Buffer.concat([messages.keepAlive(), HANDSHAKE]))
})

describe('between two wires', () => {
  test('it saves a round trip', async () => {
    const flights = [await countFlights(Wire, { initialPayload: true }), await countFlights(Wire, { initialPayload: false })]
    expect(flights).toEqual([4, 6])
  })

  test('upstream takes it, too', async () => {
    expect(await countFlights(await loadUpstream(), { initialPayload: true })).toBe(4)
  })

  /** How often the word passes from one end to the other until the connecting one has both handshakes. */
  async function countFlights (Responder, options) {
    const a = new Wire('tcpOutgoing', 2, options)
    const b = new Responder('tcpIncoming', 2)
    end = { wire: a }
    let flights = 0
    let last = null
    for (const [from, to] of [[a, b], [b, a]]) {
      from.on('data', chunk => {
        if (from !== last) flights++
        last = from
        to.write(chunk)
      })
    }
    b.on('crypto-infohash', () => b.setInfoHash(INFO_HASH))
    b.on('handshake', () => b.handshake(INFO_HASH, PEER_IDS[1]))
    const shaken = new Promise(resolve => a.on('handshake', () => resolve(flights)))
    a.startEncryption(INFO_HASH)
    a.handshake(INFO_HASH, PEER_IDS[0])
    const counted = await shaken
    await close(b)
    return counted
  }
})
