'use strict'

// `node __test__/model/full-speed.js --mebibytes 64`: two wires upload so much to each other at once,
// with `--depth 1900` requests in flight each way, and send each other a message of an extension
// each turn of the event loop: plain and encrypted, over TCP on 127.0.0.1 and over a connection that
// holds less than the high-water mark. All of it must arrive. Prints a line of JSON; exit status 1 if
// anything is wrong.

const { parseArgs } = require('node:util')

const { loadOurs } = require('../helpers/wire')
const { Random } = require('../helpers/random')
const { Loopback, memoryPair } = require('./connections')
const { INFO_HASH, EXTENSION } = require('./player')
const { Watch } = require('./watch')

const BLOCK_LENGTH = 16_384
const PIECE_LENGTH = 64 * BLOCK_LENGTH
/** Messages of the extension that the other side has not got yet, at most: few for any limit. */
const MOST_MESSAGES = 2000
const MESSAGE = Buffer.alloc(16, 0x6d)
/** So many turns of a millisecond without a block are the end of hope. */
const IDLE_TURNS = 5000

const PATTERN = Buffer.from(Array.from({ length: BLOCK_LENGTH + 256 * 31 }, (_, i) => (i * 7 + (i >> 8) * 13) & 0xff))

/** A connection within the process, as fast as can be. */
const MEMORY = { highWaterMark: 16_384, pace: 'turn', chunkLength: 65_536, allowHalfOpen: true }
const SURROUNDINGS = { random: new Random(1), progress: 0, checkQuiet () {}, fail (message) { throw new Error(message) } }

/** The same bytes wherever it is asked for, as a part of one buffer. */
function blockAt (index) {
  const start = (index % 256) * 31
  return PATTERN.subarray(start, start + BLOCK_LENGTH)
}

/** One end: it asks for all that the other has, and gives all that it is asked for. */
class Side {
  /**
   * @param {Function} Wire
   * @param {import('node:stream').Duplex} end
   * @param {object} options
   * @param {boolean} options.isOutgoing
   * @param {number} options.encryption
   * @param {number} options.blocks how many it asks for
   * @param {number} options.depth how many of them at a time
   */
  constructor (Wire, end, { isOutgoing, encryption, blocks, depth }) {
    this.blocks = blocks
    this.depth = depth
    this.asked = this.received = this.messages = this.heard = 0
    this.failures = []
    const wire = this.wire = new Wire(isOutgoing ? 'tcpOutgoing' : 'tcpIncoming', encryption)
    this.closed = new Promise(resolve => wire.once('close', resolve))
    wire.use(this.extension())
    wire.on('crypto-infohash', () => wire.setInfoHash(INFO_HASH))
    wire.on('crypto-handshake', () => isOutgoing && this.greet())
    wire.on('handshake', () => {
      if (!isOutgoing) this.greet()
      wire.unchoke()
      wire.interested()
    })
    wire.on('unchoke', () => this.ask())
    wire.on('request', (piece, offset, length, respond) => {
      respond(null, blockAt((piece * PIECE_LENGTH + offset) / BLOCK_LENGTH))
    })
    for (const event of ['reject', 'violation', 'timeout', 'choke']) {
      wire.on(event, error => this.isDone || this.failures.push(`${event} ${error?.stack ?? ''}`))
    }
    end.pipe(wire).pipe(end)
    if (!isOutgoing) return
    if (encryption > 0) wire.startEncryption(INFO_HASH)
    else this.greet()
  }

  greet () {
    this.wire.handshake(INFO_HASH, Buffer.alloc(20, 0x66), { fast: true })
  }

  extension () {
    const side = this
    class Extension {
      onMessage () { side.heard++ }
    }
    Extension.prototype.name = EXTENSION
    return Extension
  }

  get isDone () {
    return this.received === this.blocks
  }

  ask () {
    while (this.asked < this.blocks && this.wire.requests.length < this.depth) {
      const position = BLOCK_LENGTH * this.asked
      this.request(this.asked++, Math.floor(position / PIECE_LENGTH), position % PIECE_LENGTH)
    }
  }

  request (index, piece, offset) {
    let calls = 0
    this.wire.request(piece, offset, BLOCK_LENGTH, (error, block) => {
      if (++calls > 1) this.failures.push(`request ${index} was called back again`)
      if (error) return this.failures.push(`request ${index}: ${error.message}`)
      if (Buffer.compare(block, blockAt(index)) !== 0) this.failures.push(`block ${index} is wrong`)
      this.received++
      this.ask()
    })
  }

  /** @param {Side} other how many messages it has got is known */
  extend (other) {
    if (this.wire.peerExtendedMapping[EXTENSION] === undefined || this.messages - other.heard > MOST_MESSAGES) return
    this.messages++
    this.wire.extended(EXTENSION, MESSAGE)
  }
}

/** @returns {Promise<string[]>} what is wrong */
async function play (Wire, loopback, watch, options) {
  const ends = options.kind === 'tcp' ? await loopback.pair() : memoryPair(SURROUNDINGS, MEMORY)
  const sides = ends.map((end, i) => new Side(Wire, end, { ...options, isOutgoing: i === 0 }))
  const [a, b] = sides
  const failures = () => sides.flatMap(({ failures }) => failures)
  for (let idle = 0; !(a.isDone && b.isDone) && failures().length === 0;) {
    const before = a.received + b.received
    a.extend(b)
    b.extend(a)
    watch.beat()
    await new Promise(resolve => idle > IDLE_TURNS ? setTimeout(resolve, 1) : setImmediate(resolve))
    idle = a.received + b.received === before ? idle + 1 : 0
    if (idle > 2 * IDLE_TURNS) a.failures.push(`stalled at ${a.received} and ${b.received} of ${options.blocks} blocks`)
  }
  if (failures().length > 0) return failures()
  a.wire.destroy()
  await Promise.all(sides.map(({ closed }) => closed))
  for (const { wire } of sides) if (wire.closeReason) a.failures.push(`closed for ${wire.closeReason}`)
  return failures()
}

async function main (args) {
  const { values } = parseArgs({ args, options: { mebibytes: { type: 'string' }, depth: { type: 'string' } } })
  const blocks = Number(values.mebibytes ?? 64) * (1 << 20) / BLOCK_LENGTH
  const depth = Number(values.depth ?? 1900)
  const Wire = await loadOurs()
  const loopback = new Loopback()
  await loopback.listen()
  const watch = new Watch()
  watch.begin('two wires at full speed')
  const rounds = ['tcp', 'memory'].flatMap(kind => [0, 2].map(encryption => ({ kind, encryption, blocks })))
  for (const round of rounds) {
    const failures = await play(Wire, loopback, watch, { ...round, depth })
    if (failures.length === 0) continue
    console.error(`${JSON.stringify(round)}: ${failures.slice(0, 5).join('\n')}`)
    process.exit(1)
  }
  console.log(JSON.stringify({ rounds: rounds.length }))
  watch.end()
  loopback.close()
}

main(process.argv.slice(2))
