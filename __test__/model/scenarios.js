'use strict'

// `node __test__/model/scenarios.js NAME`: one of the plain cases in which a closed wire and an open
// one have met. Exit status 1, and what is wrong, if anything is.

const assert = require('node:assert')
const { Writable } = require('node:stream')
const { writeSync } = require('node:fs')
const { once } = require('node:events')

const { loadOurs } = require('../helpers/wire')
const { Loopback } = require('./connections')
const { Decoder } = require('./decoder')
const { INFO_HASH } = require('./player')
const { Watch } = require('./watch')
const { blockOf } = require('./blocks')
const messages = require('../world/support/messages')

const PEER_ID = '22'.repeat(20)
/** More than a socket takes at once. */
const PIECES = 40
const BLOCK_LENGTH = 16_384
const HAVES = 64

const SCENARIOS = { closedAmongOthers, drainedAfterClose }

/** One tick: one wire is closed, another one sends blocks, and then both are told to send. */
async function closedAmongOthers (Wire, turn) {
  const loopback = new Loopback()
  await loopback.listen()
  const [a, b] = [await connect(Wire, loopback), await connect(Wire, loopback)]
  const closed = once(a.wire, 'close')
  a.wire.destroy()
  for (let i = 0; i < PIECES; i++) b.wire.piece(i, 0, blockOf(2, i, 0, BLOCK_LENGTH))
  for (const { wire } of [a, b]) wire.have(7)
  await closed
  const expected = [
    messages.handshake(INFO_HASH, PEER_ID, { extended: true }),
    ...Array.from({ length: PIECES }, (_, i) => messages.piece(i, 0, blockOf(2, i, 0, BLOCK_LENGTH))),
    messages.have(7)
  ]
  while (b.got.length < expected.length) await turn()
  assert.deepStrictEqual(b.got.map(({ frame }) => frame), expected)
  assert.deepStrictEqual(a.got[0].frame, expected[0])
  assert.ok(a.got.length <= 2)
  b.wire.destroy()
  await once(b.wire, 'close')
  loopback.close()
}

/** A wire over TCP, and the messages that the other end gets. */
async function connect (Wire, loopback) {
  const [socket, other] = await loopback.pair(false)
  const wire = new Wire('tcpOutgoing')
  const decoder = new Decoder()
  const got = []
  other.on('data', chunk => got.push(...decoder.push(chunk)))
  other.on('end', () => other.end())
  socket.pipe(wire).pipe(socket)
  wire.handshake(INFO_HASH, PEER_ID)
  return { wire, got }
}

/** A destination drains after the wire that was piped to it is closed, and another one was at work. */
async function drainedAfterClose (Wire, turn) {
  const a = new Wire()
  const b = new Wire()
  b.resume()
  const taken = []
  const destination = new Writable({ highWaterMark: 1, write (chunk, encoding, callback) { taken.push(callback) } })
  a.pipe(destination, { end: false })
  for (const wire of [a, b]) wire.handshake(INFO_HASH, PEER_ID)
  b.write(messages.handshake(INFO_HASH, PEER_ID))
  await turn()
  const closed = once(a, 'close')
  a.destroy()
  await closed
  const haves = []
  b.on('have', index => haves.push(index))
  for (let i = 0; taken.length > 0; i++) {
    b.write(Buffer.concat(Array.from({ length: HAVES }, (_, j) => messages.have(HAVES * i + j))))
    taken.shift()()
    await turn()
  }
  assert.ok(haves.length > 0)
  assert.deepStrictEqual(haves, haves.map((_, i) => i))
  assert.ok(!b.destroyed)
  b.destroy()
  await once(b, 'close')
}

async function main (name) {
  const watch = new Watch()
  watch.begin(name)
  const fail = error => {
    writeSync(2, `${error.stack}\n`)
    process.exit(1)
  }
  process.on('uncaughtException', fail)
  await SCENARIOS[name](await loadOurs(), async () => {
    watch.beat()
    await new Promise(resolve => setImmediate(resolve))
  }).catch(fail)
  watch.end()
}

if (require.main === module) main(process.argv[2])

module.exports = { SCENARIOS: Object.keys(SCENARIOS) }
