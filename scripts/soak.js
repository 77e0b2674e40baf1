'use strict'

// `npm run soak -- --minutes N` (or `--seconds N`; default one minute): 200 wires in pairs over TCP
// on 127.0.0.1 that ask each other for blocks while random faults befall them. Every block that
// arrives must be right, every callback must be called once, and memory must stay level. Prints a
// progress line and a table; exit status 1 if anything is wrong. `--seed N` repeats its choices.

const net = require('node:net')
const { once } = require('node:events')

const Wire = require('..')
const { countWires } = require('../lib/native/index.js')

const PAIRS = 100
const INFO_HASH = '5a'.repeat(20)
const BLOCK_LENGTH = 16384
const PIECES = 64
/** Open requests of each wire. */
const DEPTH = 16
/** The faults, and how often each befalls a pair, per ten thousand blocks. */
const FAULTS = { reset: 2, halfClose: 2, destroy: 2, end: 2, stall: 10, garbage: 2, throwingExtension: 2, choke: 50, cancel: 200, forget: 100 }
/** How much more memory than after the warm-up is still level. */
const LEVEL = 1.25
const WARM_UP = 0.5

const totals = { blocks: 0, bytes: 0, pairs: 0, requests: 0, settled: 0, violations: 0, wrong: [] }
const faults = Object.fromEntries(Object.keys(FAULTS).map(name => [name, 0]))

async function main (args) {
  const { milliseconds, seed } = readArguments(args)
  const random = randomSource(seed)
  const start = Date.now()
  const isOver = () => Date.now() - start >= milliseconds || totals.wrong.length > 0
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  let level = 0
  let highest = 0
  const timer = setInterval(() => {
    const { rss } = process.memoryUsage()
    const elapsed = Date.now() - start
    if (elapsed < milliseconds * WARM_UP) level = Math.max(level, rss)
    else highest = Math.max(highest, rss)
    progress(elapsed, milliseconds, rss)
  }, 500)

  await Promise.all(Array.from({ length: PAIRS }, async () => {
    while (!isOver()) await playPair(server, random, isOver)
  }))
  clearInterval(timer)
  server.close()
  await new Promise(resolve => setImmediate(resolve))
  global.gc?.()

  if (totals.requests !== totals.settled) wrong(`${totals.requests} requests, ${totals.settled} callbacks`)
  if (countWires() !== 0) wrong(`${countWires()} native wires are left`)
  if (level > 0 && highest > level * LEVEL) wrong(`memory rose from ${megabytes(level)} to ${megabytes(highest)}`)
  report(Date.now() - start, seed, level, highest)
  process.exit(totals.wrong.length > 0 ? 1 : 0)
}

/** Two wires over one connection, until a fault or the end takes them. */
async function playPair (server, random, isOver) {
  totals.pairs++
  const [outgoing, incoming] = await connect(server)
  const sides = [new Side(outgoing, 'tcpOutgoing', random, isOver), new Side(incoming, 'tcpIncoming', random, isOver)]
  await Promise.all(sides.map(side => side.closed))
}

let connecting = Promise.resolve()

/** Both ends of a connection; one is made at a time, so that they belong together. */
function connect (server) {
  connecting = connecting.then(async () => {
    const outgoing = net.connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true })
    const [[incoming]] = await Promise.all([once(server, 'connection'), once(outgoing, 'connect')])
    return [outgoing, incoming]
  })
  return connecting
}

/** One end: a socket and its wire. */
class Side {
  constructor (socket, type, random, isOver) {
    this.socket = socket
    this.random = random
    this.isOver = isOver
    const wire = this.wire = new Wire(type)
    // A socket that nobody pipes any more may still fail.
    socket.on('error', () => {})
    this.closed = new Promise(resolve => wire.once('close', resolve)).then(() => { socket.destroy() })
    wire.setTimeout(20_000)
    wire.use(extension())
    wire.on('violation', () => { totals.violations++ })
    wire.on('handshake', () => {
      wire.unchoke()
      wire.interested()
    })
    wire.on('unchoke', () => this.fill())
    wire.on('timeout', () => wrong('a request timed out'))
    wire.on('request', (piece, offset, length, respond) => {
      // Some answers come at once, as from a cache.
      if (random(4) === 0) respond(null, block(piece, offset, length))
      else setImmediate(() => respond(null, block(piece, offset, length)))
    })
    socket.pipe(wire).pipe(socket)
    wire.handshake(INFO_HASH, Buffer.alloc(20, random(256)), { fast: random(2) === 0 })
  }

  fill () {
    const { wire, random } = this
    while (wire.requests.length < DEPTH && !wire.peerChoking && !wire.destroyed && !this.isStopped) this.ask(random(PIECES), BLOCK_LENGTH * random(16))
  }

  ask (piece, offset) {
    totals.requests++
    let calls = 0
    this.wire.request(piece, offset, BLOCK_LENGTH, (error, bytes) => {
      if (++calls > 1) return wrong('a callback was called twice')
      totals.settled++
      if (error) return
      totals.blocks++
      totals.bytes += bytes.length
      if (!block(piece, offset, BLOCK_LENGTH).equals(bytes)) wrong(`block ${piece}/${offset} is wrong`)
      if (this.isOver()) return this.stop()
      this.suffer()
      // Not from within the callback: a socket's chunk could feed itself for ever.
      queueMicrotask(() => this.fill())
    })
  }

  stop () {
    this.isStopped = true
    this.wire.destroy()
  }

  /** What befalls it, if anything. */
  suffer () {
    let dice = this.random(10_000)
    for (const [name, share] of Object.entries(FAULTS)) {
      dice -= share
      if (dice >= 0) continue
      faults[name]++
      this[name]()
      return
    }
  }

  reset () { this.socket.resetAndDestroy() }

  halfClose () { this.socket.end() }

  destroy () { this.stop() }

  end () {
    this.isStopped = true
    this.wire.end()
  }

  stall () {
    this.socket.pause()
    setTimeout(() => this.socket.resume(), 20 + this.random(200))
  }

  garbage () { this.socket.write(Buffer.alloc(1000, 0xff)) }

  throwingExtension () {
    try {
      this.wire.extended('ut_soak', Buffer.from('boom'))
    } catch {} // The peer has not told of it yet.
  }

  choke () {
    const { wire } = this
    wire.choke()
    setImmediate(() => wire.unchoke())
  }

  cancel () {
    const { requests } = this.wire
    if (requests.length === 0) return
    const { piece, offset, length } = requests[this.random(requests.length)]
    this.wire.cancel(piece, offset, length)
  }

  /** As lt_donthave does it: the list is edited in place. */
  forget () {
    const { wire } = this
    if (wire.requests.length === 0) return
    const at = this.random(wire.requests.length)
    const request = wire.requests[at]
    const last = wire.requests.pop()
    if (last !== request) wire.requests[at] = last
    wire._callback(request, new Error('forgotten'), null)
  }
}

function extension () {
  class Soak { onMessage () { throw new Error('boom') } }
  Soak.prototype.name = 'ut_soak'
  return Soak
}

const pattern = Buffer.from(Array.from({ length: BLOCK_LENGTH + PIECES * 17 + 256 * 31 }, (_, i) => (i * 7 + (i >> 8) * 13) & 0xff))

/** The same bytes wherever it is asked for: a part of one buffer, so that it costs nothing. */
function block (piece, offset, length) {
  const start = piece * 17 + (offset / BLOCK_LENGTH) * 31
  return pattern.subarray(start, start + length)
}

function wrong (message) {
  if (totals.wrong.length < 10) totals.wrong.push(message)
}

function progress (elapsed, milliseconds, rss) {
  const line = `${(elapsed / 1000).toFixed(0)}/${milliseconds / 1000} s  ${totals.blocks} blocks  ${totals.pairs} pairs  ` +
    `${Object.values(faults).reduce((a, b) => a + b)} faults  ${countWires()} wires  ${megabytes(rss)}`
  if (process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K`)
  else if (Math.floor(elapsed / 500) % 20 === 0) console.error(line)
}

function report (elapsed, seed, level, highest) {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const rows = {
    seconds: (elapsed / 1000).toFixed(1),
    seed,
    'pairs of wires': totals.pairs,
    'blocks, all right': totals.blocks,
    'MB/s': (totals.bytes / 1e6 / (elapsed / 1000)).toFixed(0),
    requests: totals.requests,
    'callbacks, each once': totals.settled,
    violations: totals.violations,
    ...Object.fromEntries(Object.entries(faults).map(([name, count]) => [`fault: ${name}`, count])),
    'memory after the warm-up': megabytes(level),
    'most memory since': megabytes(highest),
    'native wires left': countWires()
  }
  for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(26)} ${value}`)
  console.log(totals.wrong.length === 0 ? 'all is well' : `WRONG: ${totals.wrong.join('; ')}`)
}

function megabytes (bytes) {
  return `${(bytes / (1 << 20)).toFixed(0)} MiB`
}

function readArguments (args) {
  const value = name => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? undefined : Number(args[at + 1])
  }
  const seconds = value('seconds') ?? (value('minutes') ?? 1) * 60
  const seed = value('seed') ?? Date.now() % 1e6
  if (!(seconds > 0) || !Number.isInteger(seed)) {
    console.error('usage: npm run soak -- [--minutes N | --seconds N] [--seed N]')
    process.exit(1)
  }
  return { milliseconds: seconds * 1000, seed }
}

/** @returns {(limit: number) => number} whole numbers below `limit` */
function randomSource (seed) {
  let state = seed >>> 0
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 0x100000000 * limit)
  }
}

main(process.argv.slice(2))
