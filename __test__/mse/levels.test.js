'use strict'

/**
 * Every level with every other, both roles, this wire with itself and with bittorrent-protocol, on
 * TCP connections that hand on what comes in chunks of any kind.
 *
 * `TEST_SEED=n` draws the chunks and the blocks of an earlier run.
 */

const { once } = require('node:events')
const { loadOurs, loadUpstream, upstreamUnderTest } = require('../helpers/wire')
const { skeyHash } = require('../helpers/mse')
const { Random, seed } = require('../helpers/random')
const { INFO_HASH, PEER_IDS, close, reached, request } = require('../world/support/pair')
const { closed, record } = require('./support/end')
const { CUTTINGS, link } = require('./support/link')

const SEED = seed()
const PAIRS = [['ours', 'ours'], ['ours', 'upstream'], ['upstream', 'ours']]
const LEVELS = [0, 1, 2].flatMap(a => [0, 1, 2].map(b => [a, b]))

const classes = {}

beforeAll(async () => {
  classes.ours = await loadOurs()
  classes.upstream = await loadUpstream()
})

test.each([['utpOutgoing', 'utpIncoming'], ['utpOutgoing', 'tcpIncoming']])(
  '%s and %s are encrypted as TCP is', async (outgoing, incoming) => {
    const { ours: Ours, upstream: Upstream } = classes
    const a = new Ours(outgoing, 2)
    const b = new Upstream(incoming, 2)
    a.pipe(b).pipe(a)
    b.on('crypto-infohash', () => b.setInfoHash(INFO_HASH))
    const done = Promise.all([once(a, 'crypto-handshake'), once(b, 'crypto-handshake')])
    a.startEncryption(INFO_HASH)
    await done
    expect([a._encryptionMethod, b._encryptionMethod]).toEqual([2, 2])
    await close(a, b)
  }
)

test('RC4 is always native', () => {
  if (!upstreamUnderTest) expect(classes.ours.nativeRC4).toBe(true)
})

describe.each(PAIRS)('%s connects to %s', (connecting, connected) => {
  describe.each(Object.keys(CUTTINGS))(`%s (TEST_SEED=${SEED})`, cutting => {
    let a, b, logs

    afterEach(() => close(a, b))

    test.each(LEVELS)('level %d to level %d', async (levelA, levelB) => {
      a = new classes[connecting]('tcpOutgoing', levelA)
      b = new classes[connected]('tcpIncoming', levelB)
      logs = [record(a), record(b)]
      await link(a, b, cutting, SEED)
      if (levelA > 0 && levelB === 0) await expectRefusal()
      else await expectStream(levelA, levelB)
    })

    /** The crypto handshake is no BitTorrent handshake to a wire that knows none. */
    async function expectRefusal () {
      const bothClosed = Promise.all([closed(a), closed(b)])
      a.startEncryption(INFO_HASH)
      await bothClosed
      expect(logs).toEqual([[], []])
      if (connected === 'ours' && !upstreamUnderTest) expect(b.closeReason.code).toBe('ERR_BAD_HANDSHAKE')
    }

    async function expectStream (levelA, levelB) {
      const hashes = []
      a.on('crypto-handshake', () => a.handshake(INFO_HASH, PEER_IDS[0], { fast: true }))
      b.on('crypto-infohash', hash => {
        hashes.push(hash)
        b.setInfoHash(INFO_HASH)
      })
      b.on('handshake', () => b.handshake(INFO_HASH, PEER_IDS[1], { fast: true }))
      const handshakes = Promise.all([once(a, 'handshake'), once(b, 'handshake')])
      if (levelA === 0) a.handshake(INFO_HASH, PEER_IDS[0], { fast: true })
      else a.startEncryption(INFO_HASH)

      const extensions = { dht: false, fast: true, extended: true }
      expect(await handshakes).toEqual([
        [INFO_HASH, PEER_IDS[1], extensions], [INFO_HASH, PEER_IDS[0], extensions]
      ])
      expect(hashes).toEqual(levelA === 0 ? [] : [skeyHash(INFO_HASH)])
      expect(logs).toEqual(expectedLogs(levelA, levelB))
      await exchange(cutting === 'byte by byte' ? [700, 1] : [16384, 700, 1])
    }

    /** Blocks of these lengths, both ways at once. */
    async function exchange (lengths) {
      const random = new Random(SEED)
      const files = new Map([a, b].map(wire => [wire, lengths.map(length => random.bytes(length))]))
      for (const [wire, blocks] of files) {
        wire.on('request', (piece, offset, length, respond) => respond(null, blocks[piece]))
        wire.unchoke()
      }
      await Promise.all([reached(a, b), reached(b, a)])
      const contents = new Map([...files].map(([wire, blocks]) => [wire, blocks.map(toHex)]))
      for (const [wire, other] of [[a, b], [b, a]]) {
        const blocks = await Promise.all(lengths.map((length, piece) => request(wire, piece, 0, length)))
        expect(blocks.map(toHex)).toEqual(contents.get(other))
        // What was encrypted is still as the caller had it.
        expect(files.get(wire).map(toHex)).toEqual(contents.get(wire))
      }
    }
  })
})

/** The events of both ends: each with `_cryptoHandshakeDone` and `_encryptionMethod` as it came. */
function expectedLogs (levelA, levelB) {
  if (levelA === 0) {
    const method = levelB === 0 ? undefined : null
    return [[['handshake', false, undefined]], [['handshake', false, method]]]
  }
  const method = levelA === 2 || levelB === 2 ? 2 : 1
  const done = [['crypto-handshake', true, method], ['handshake', true, method]]
  return [done, [['crypto-infohash', false, null], ...done]]
}

function toHex (bytes) {
  return Buffer.from(bytes).toString('hex')
}
