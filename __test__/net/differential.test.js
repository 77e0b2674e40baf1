'use strict'

/**
 * Random sessions with bittorrent-protocol 5.0.9 on the other end of a connection: what happens on
 * both ends is the same whether our end is a wire over the transport, or one that is piped to a
 * socket of Node.js. After each step both ends wait for each other, so that the order is one.
 *
 * `SESSION_SEED=n` plays the session of that seed alone.
 */

const { once } = require('node:events')
const net = require('node:net')

const { loadUpstream } = require('../helpers/wire.js')
const { Random } = require('../world/support/random.js')
const { INFO_HASH, SERVER_ID, CLIENT_ID, closeAll, connect, listen, piped, until } = require('./support/peers.js')

const SEEDS = process.env.SESSION_SEED ? [Number(process.env.SESSION_SEED)] : [1, 2, 3, 4, 5, 6]
const STEPS = 60
const BARRIER = 1_000_000
const BLOCK = Buffer.from(Array.from({ length: 40000 }, (_, i) => (i * 31) & 255))

const EVENTS = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'bitfield', 'have-all', 'have-none', 'suggest',
  'allowed-fast', 'port', 'keep-alive', 'request', 'piece', 'cancel', 'reject', 'extended', 'download', 'upload', 'end', 'close'
]

let Upstream

beforeAll(async () => { Upstream = await loadUpstream() })
afterEach(closeAll)

/** One end of a session: its wire, and a log of what happened there. */
class End {
  constructor (wire, name) {
    this.wire = wire
    this.name = name
    this.log = []
    this.barriers = new Set()
    for (const event of EVENTS) wire.on(event, (...args) => this.note(event, args))
    wire.on('have', index => {
      if (index >= BARRIER) this.barriers.add(index)
      else this.note('have', [index])
    })
    wire.on('error', () => {})
    wire.on('request', (index, offset, length, respond) => {
      if (index % 7 === 0) respond(new Error('no'))
      else respond(null, BLOCK.subarray(index % 100, index % 100 + length))
    })
  }

  note (event, args) {
    this.log.push(`${event} ${args.filter(argument => typeof argument !== 'function').map(show).join(' ')}`.trim())
  }

  /** Does one thing at random. */
  act (random) {
    const { wire } = this
    const piece = random.int(0, 200)
    const block = [piece, random.int(0, 3) * 16384, random.int(1, 32768)]
    const actions = {
      interested: () => wire.interested(),
      uninterested: () => wire.uninterested(),
      choke: () => wire.choke(),
      unchoke: () => wire.unchoke(),
      have: () => wire.have(piece),
      port: () => wire.port(piece),
      keepAlive: () => wire.keepAlive(),
      suggest: () => wire.hasFast && wire.suggest(piece),
      allowedFast: () => wire.hasFast && wire.allowedFast(piece),
      extended: () => wire.peerExtensions.extended && wire.extended(0, { v: 'x'.repeat(piece), m: {} }),
      request: () => wire.request(...block, (error, bytes) => this.note('callback', [error?.message ?? show(bytes)])),
      cancel: () => wire.cancel(...block)
    }
    const weights = { interested: 1, uninterested: 1, choke: 1, unchoke: 3, have: 3, port: 1, keepAlive: 1, suggest: 1, allowedFast: 1, extended: 1, request: 12, cancel: 1 }
    for (let i = random.int(1, 8); i > 0; i--) actions[random.weighted(weights)]()
  }
}

function show (value) {
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `${value.length} bytes from ${value[0]} to ${value.at(-1)}`
  return typeof value === 'object' ? JSON.stringify(value, (key, each) => each?.type === 'Buffer' || ArrayBuffer.isView(each) ? '(bytes)' : each) : String(value)
}

/** Makes our end as `kind` says, and upstream's on the other one. */
async function open (kind, isClient, level, fast) {
  const extensions = { fast, dht: true }
  const encryption = ['none', 'allow', 'require'][level]
  let theirSocket
  let ours
  if (isClient) {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const { port } = server.address()
    if (kind === 'native') {
      ours = connect(port, { encryption, extensions, peerId: CLIENT_ID })
    } else {
      const socket = net.connect(port, '127.0.0.1').setNoDelay(true)
      ours = piped(socket, 'tcpOutgoing', level)
      if (level > 0) ours.startEncryption(INFO_HASH.toString('hex'))
      ours.handshake(INFO_HASH, CLIENT_ID, extensions)
    }
    [theirSocket] = await accepted
    server.close()
  } else if (kind === 'native') {
    const server = await listen({ encryption, extensions, peerId: SERVER_ID })
    const accepted = once(server, 'wire')
    theirSocket = net.connect(server.address().port, '127.0.0.1')
    ;[ours] = await accepted
    server.close()
  } else {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    theirSocket = net.connect(server.address().port, '127.0.0.1')
    const [socket] = await accepted
    server.close()
    ours = piped(socket.setNoDelay(true), 'tcpIncoming', level, { infoHashes: [INFO_HASH] })
    ours.once('handshake', () => ours.handshake(INFO_HASH, SERVER_ID, extensions))
  }
  theirSocket.setNoDelay(true)
  theirSocket.on('error', () => {})
  const theirs = new Upstream(isClient ? 'tcpIncoming' : 'tcpOutgoing', level)
  const ends = [new End(ours, 'ours'), new End(theirs, 'theirs')]
  const met = Promise.all([once(ours, 'handshake'), once(theirs, 'handshake')])
  theirSocket.pipe(theirs).pipe(theirSocket)
  if (isClient) {
    theirs.once('crypto-infohash', () => theirs.setInfoHash(INFO_HASH.toString('hex')))
    theirs.once('handshake', () => theirs.handshake(INFO_HASH, SERVER_ID, extensions))
  } else {
    if (level > 0) {
      theirs.once('crypto-handshake', () => theirs.handshake(INFO_HASH, CLIENT_ID, extensions))
      theirs.startEncryption(INFO_HASH.toString('hex'))
    } else {
      theirs.handshake(INFO_HASH, CLIENT_ID, extensions)
    }
  }
  await met
  return ends
}

/** Each has heard all that the other said. */
async function meet (ends, number) {
  for (const [from, to] of [ends, [...ends].reverse()]) {
    from.wire.have(BARRIER + number)
    await until(() => to.barriers.has(BARRIER + number))
  }
  // What was said because of it has been heard as well.
  for (const [from, to] of [[...ends].reverse(), ends]) {
    from.wire.have(2 * BARRIER + number)
    await until(() => to.barriers.has(2 * BARRIER + number))
  }
}

/** Plays the session of a seed; gives what happened on both ends. */
async function play (kind, seed, isClient, level) {
  const random = new Random(seed)
  const ends = await open(kind, isClient, level, seed % 2 === 0)
  await meet(ends, 0)
  for (let step = 1; step <= STEPS; step++) {
    random.pick(ends).act(random)
    await meet(ends, step)
  }
  const closed = ends.map(({ log }) => until(() => log.includes('close')))
  random.pick(ends).wire.destroy()
  await Promise.all(closed)
  return Object.fromEntries(ends.map(({ name, log }) => [name, log]))
}

describe.each([['client', true], ['server', false]])('as a %s', (role, isClient) => {
  test.each([0, 1, 2])('level %i', async level => {
    for (const seed of SEEDS) {
      const expected = await play('piped', seed, isClient, level)
      const actual = await play('native', seed, isClient, level)
      for (const name of ['theirs', 'ours']) {
        const at = expected[name].findIndex((line, i) => line !== actual[name][i])
        const context = at < 0 ? '' : `, first at ${at}: ${actual[name].slice(Math.max(0, at - 2), at + 2).join(' | ')}`
        expect(`seed ${seed}, ${name}${context}\n${actual[name].join('\n')}`).toBe(`seed ${seed}, ${name}${context}\n${expected[name].join('\n')}`)
      }
      expect(expected.ours.length).toBeGreaterThan(STEPS)
    }
  }, 60_000)
})
