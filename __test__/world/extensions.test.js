'use strict'

/** The published extension packages, unchanged, on this wire. */

const { createHash } = require('node:crypto')
const { once } = require('node:events')
const { importOutside, loadOurs, loadUpstream } = require('../helpers/wire')
const { bencode } = require('./support/messages')
const { close, pipeTogether, reached, shakeHands } = require('./support/pair')

const classes = {}
let utMetadata, utPex, ltDonthave

beforeAll(async () => {
  classes.ours = await loadOurs()
  classes.upstream = await loadUpstream()
  utMetadata = (await importOutside('ut_metadata')).default
  utPex = (await importOutside('ut_pex')).default
  ltDonthave = (await importOutside('lt_donthave')).default
})

describe.each([
  ['ours', 'ours'],
  ['ours', 'upstream'],
  ['upstream', 'ours']
])('%s asking %s', (asking, asked) => {
  let a, b

  beforeEach(() => {
    a = new classes[asking]('tcpOutgoing')
    b = new classes[asked]('tcpIncoming')
    pipeTogether(a, b)
  })

  afterEach(() => close(a, b))

  test('ut_metadata fetches metadata of several pieces', async () => {
    const pieces = Buffer.alloc(20 * 3000, 'hashes ')
    const info = { length: 3000 * 16384, name: 'some file', 'piece length': 16384, pieces }
    const torrent = bencode({ info })
    const infoHash = createHash('sha1').update(bencode(info)).digest('hex')
    expect(bencode(info).length).toBeGreaterThan(3 * 16384)

    a.use(utMetadata())
    b.use(utMetadata(torrent))
    a.ut_metadata.fetch()
    const fetched = once(a.ut_metadata, 'metadata')
    await shakeHands(a, b, { infoHash })

    const [metadata] = await fetched
    expect(Buffer.compare(Buffer.from(metadata), torrent)).toBe(0)
    expect(a.peerExtendedHandshake.metadata_size).toBe(bencode(info).length)
    expect(a.peerExtendedMapping.ut_metadata).toBe(1)
  })

  test('ut_metadata warns about a peer that has no metadata', async () => {
    a.use(utMetadata())
    b.use(utMetadata())
    const warned = once(a.ut_metadata, 'warning')
    await shakeHands(a, b)
    const [warning] = await warned
    expect(warning.message).toBe('Peer does not have metadata')
  })

  test('ut_pex hands on peers, and drops a peer that sends too often', async () => {
    a.use(utPex())
    b.use(utPex())
    const mapped = extendedHandshake(b)
    await shakeHands(a, b)
    await mapped

    const peers = []
    a.ut_pex.on('peer', (peer, flags) => peers.push([peer, flags.isSender]))
    a.ut_pex.on('dropped', peer => peers.push([peer, 'dropped']))
    b.ut_pex.addPeer('127.0.0.1:6889', { isSender: true })
    b.ut_pex.addPeer('127.0.0.2:6890')
    b.ut_pex.addPeer6('[::1]:6891')
    b.ut_pex.dropPeer('127.0.0.3:6892')
    b.ut_pex._sendMessage() // what its timer of 65 seconds does
    await reached(b, a)
    expect(peers).toEqual([
      ['127.0.0.1:6889', true], ['127.0.0.2:6890', false], ['[::1]:6891', false],
      ['127.0.0.3:6892', 'dropped']
    ])

    const closed = Promise.all([once(a, 'close'), once(b, 'close')])
    b.ut_pex._sendMessage() // sooner than a minute later: its handler destroys the wire
    await closed
  })

  test('lt_donthave fails the requests of that piece and no others', async () => {
    const log = await dontHave(a, b, 'bitfield')
    expect(log.failed).toEqual(['again 1', 'first 1', 'second 1', 'third 1'])
    expect(log.answered).toEqual(['0', '2', '3', '9'])
  })
})

describe.each(['bitfield', 'haveAll'])('lt_donthave after %s', first => {
  test('leaves the bookkeeping as upstream\'s is', async () => {
    const logs = []
    const { ours: Ours, upstream: Upstream } = classes
    for (const Wire of [Ours, Upstream]) {
      const a = new Wire('tcpOutgoing')
      const b = new Upstream('tcpIncoming')
      pipeTogether(a, b)
      logs.push(await dontHave(a, b, first))
      await close(a, b)
    }
    expect(logs[0]).toEqual(logs[1])
  })
})

/** Resolves when `wire` has the peer's extended handshake. */
function extendedHandshake (wire) {
  return new Promise(resolve => {
    wire.on('extended', name => name === 'handshake' && resolve())
  })
}

/**
 * `a` asks for blocks of several pieces, `b` says that it does not have piece 1 any more, answers
 * the others in an order of its own, and in the end chokes what is left.
 *
 * @returns {Promise<Object>} what happened to the requests, and the books after each step
 */
async function dontHave (a, b, first) {
  const log = { failed: [], answered: [], callbacks: [], books: [] }
  const waiting = new Map() // `b`'s respond functions
  const book = () => log.books.push([
    a.requests.map(r => `${r.piece}:${r.offset}:${r.length}`).join(' '),
    a.downloaded, a.peerPieces.get(1), a.peerPieces.get(2)
  ])
  const ask = (name, piece, offset, length, then) => {
    a.request(piece, offset, length, (err, block) => {
      log.callbacks.push([name, err && err.message, block && block.length, a.requests.length])
      log[err ? 'failed' : 'answered'].push(name)
      then?.()
    })
  }
  b.on('request', (piece, offset, length, respond) => {
    waiting.set(`${piece}:${offset}`, () => respond(null, Buffer.alloc(length, piece)))
  })
  const answer = async place => {
    waiting.get(place)()
    await reached(b, a)
    book()
  }

  a.use(ltDonthave())
  b.use(ltDonthave())
  const mapped = extendedHandshake(b)
  const fast = first === 'haveAll'
  await shakeHands(a, b, { fast })
  await mapped
  fast ? b.haveAll() : b.bitfield(Buffer.from([0xff, 0xff]))
  b.unchoke()
  await reached(b, a)

  ask('first 1', 1, 0, 10)
  ask('0', 0, 0, 20)
  ask('second 1', 1, 16, 10, () => ask('9', 9, 0, 33)) // asks for another block instead
  ask('2', 2, 0, 30)
  ask('again 1', 1, 0, 10) // the first once more
  ask('3', 3, 0, 40)
  ask('4', 4, 0, 40)
  ask('third 1', 1, 32, 10)
  const before = [...a.requests]
  await reached(a, b)
  const told = once(a.lt_donthave, 'donthave')
  b.lt_donthave.donthave(1)
  expect(await told).toEqual([1])
  await reached(a, b)
  book()
  log.failed.sort()
  expect(before.filter(r => r.piece !== 1).every(r => a.requests.includes(r))).toBe(true)

  await answer('2:0')
  await answer('0:0')
  await answer('9:0')
  a.cancel(4, 0, 40)
  book()
  await answer('3:0')
  log.answered.sort()
  expect(a.requests).toEqual([])
  expect(a.downloaded).toBe(30 + 20 + 33 + 40)

  for (const piece of [5, 6, 7]) ask(`left ${piece}`, piece, 0, 5)
  book()
  await reached(a, b)
  b.choke()
  await reached(b, a)
  book()
  log.failed = log.failed.filter(name => name.endsWith(' 1'))
  return log
}
