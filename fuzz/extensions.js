'use strict'

// `node fuzz/extensions.js [--seconds N] [--seed N]`: messages of the extensions, changed at random, to
// each of them, through the wire and past it. Nothing may be thrown, the wire stays open, what is kept of
// the peer is bounded, metadata that are given have their hash, and what a message was read as is what it
// says when it is written again. Prints the message that shows what is wrong; exit status 1.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { parseArgs } = require('node:util')

const Wire = require('../index.js')
const { encode } = require('../lib/bencode.js')
const ltDonthave = require('../extensions/lt_donthave.js')
const utHolepunch = require('../extensions/ut_holepunch.js')
const utMetadata = require('../extensions/ut_metadata.js')
const utPex = require('../extensions/ut_pex.js')
const holepunch = require('../extensions/support/holepunch.js')
const metadata = require('../extensions/support/metadata.js')
const pex = require('../extensions/support/pex.js')
const { Random } = require('../__test__/helpers/random.js')
const { mutate } = require('../__test__/hostile/support/mutate.js')
const { SOUND } = require('../__test__/hostile/support/extension-payloads.js')
const messages = require('../__test__/world/support/messages.js')

/** Messages to one wire. */
const ROUNDS = 50
/** What the bounds of docs/security.md come to. */
const MAX_PEERS = 2000
const MAX_OUTPUT = 1 << 20

const INFO = encode({ length: 5, name: 'a file', 'piece length': 16384, pieces: Buffer.alloc(20, 7) })
const INFO_HASH = createHash('sha1').update(INFO).digest('hex')

const SAMPLES = {
  ut_metadata: [
    ...Object.values(SOUND.ut_metadata),
    Buffer.concat([encode({ msg_type: 1, piece: 0, total_size: INFO.length }), INFO])
  ],
  ut_pex: Object.values(SOUND.ut_pex),
  lt_donthave: [Buffer.alloc(4), Buffer.from('00000007', 'hex')],
  ut_holepunch: [
    '00000a0000011ae100000000', '01000a0000011ae1', '02000a0000011ae100000002', '010120010db80000000000000000000000011ae1'
  ].map(hex => Buffer.from(hex, 'hex'))
}
const EXTENSIONS = { ut_metadata: utMetadata(), ut_pex: utPex(), lt_donthave: ltDonthave(), ut_holepunch: utHolepunch() }
const NAMES = Object.keys(EXTENSIONS)

class Session {
  constructor (random) {
    this.random = random
    this.wire = new Wire('tcpIncoming')
    this.wire.resume()
    for (const Extension of Object.values(EXTENSIONS)) this.wire.use(Extension)
    this.wire.ut_metadata.on('metadata', torrentFile => {
      assert.ok(Buffer.from(torrentFile).equals(Buffer.concat([Buffer.from('d4:info'), INFO, Buffer.from('e')])))
    })
    this.wire.ut_metadata.fetch()
    this.wire.handshake(INFO_HASH, Buffer.alloc(20, 1), { fast: true })
    this.hear(messages.handshake(INFO_HASH, '11'.repeat(20), { fast: true, extended: true }))
    this.hear(messages.haveAll())
    this.greet()
  }

  hear (bytes) {
    this.wire._write(bytes, () => {})
  }

  /** The peer's extended handshake: mostly that of one that has the metadata, and maps all. */
  greet () {
    const { random } = this
    const m = Object.fromEntries(NAMES.map((name, i) => [name, random.below(20) === 0 ? 0 : i + 1]))
    const size = random.pick([INFO.length, INFO.length, random.below(100_000), 1e7, -1, 'x'])
    this.hear(messages.extended(0, encode({ m, metadata_size: size })))
  }

  /** One message to one of the extensions. @returns {Buffer} */
  next () {
    const { random } = this
    this.name = random.pick(NAMES)
    const sample = random.pick(SAMPLES[this.name])
    return random.below(8) === 0 ? sample : mutate(random, sample)
  }

  play (message) {
    const { random, wire } = this
    if (random.below(16) === 0) this.greet()
    // On another wire nothing is kept back.
    if (random.below(2) === 0) this.hear(messages.extended(NAMES.indexOf(this.name) + 1, message))
    else if (!wire.destroyed) wire[this.name].onMessage(new Uint8Array(message))
    this.check(message)
  }

  check (message) {
    const { wire } = this
    // Who sends peer exchange messages on and on is hung up on; for nothing else.
    assert.equal(wire.closeReason, null)
    assert.ok(wire.statistics.sent.bytes < MAX_OUTPUT, 'too much was sent')
    for (const peers of [wire.ut_pex._remoteAddedPeers, wire.ut_pex._remoteDroppedPeers]) {
      assert.ok(Object.keys(peers).length <= MAX_PEERS, 'too many peers are kept')
    }
    const punch = holepunch.readMessage(message)
    if (punch !== null) assert.deepEqual(holepunch.readMessage(holepunch.writeMessage(punch.type, punch.address, punch.code)), punch)
    const lists = pex.readMessage(message)
    if (lists !== null) assert.deepEqual(withFlags(pex.readMessage(pex.writeMessage(lists))), withFlags(lists))
    const read = metadata.readMessage(message)
    if (read !== null) assert.ok(message.subarray(message.length - read.data.length).equals(read.data))
  }
}

/** Without the lists that have nothing, and with the flags that are sent where none are known. */
function withFlags (lists) {
  return Object.fromEntries(Object.entries(lists).filter(([, peers]) => peers.length > 0).map(([name, peers]) =>
    [name, peers.map(({ address, flags }) => ({ address, flags: name.startsWith('added') ? flags ?? 0 : undefined }))]))
}

async function main () {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, seed: { type: 'string' } } })
  const first = Number(values.seed ?? Date.now() % 1e9)
  const until = performance.now() + 1000 * Number(values.seconds)
  let seed = first
  let session
  let message
  let inputs = 0
  const tell = error => {
    console.error(`node fuzz/extensions.js --seconds 0 --seed ${seed}\n${session?.name} ${message?.toString('hex')}\n${error.stack}`)
    process.exit(1)
  }
  process.on('uncaughtException', tell)
  process.on('unhandledRejection', tell)
  do {
    session = new Session(new Random(seed))
    for (let i = 0; i < ROUNDS; i++, inputs++) {
      message = session.next()
      session.play(message)
    }
    await new Promise(resolve => setImmediate(resolve))
    session.wire.destroy()
    seed++
  } while (performance.now() < until)
  console.log(`extensions: ${inputs} inputs`)
}

main()
