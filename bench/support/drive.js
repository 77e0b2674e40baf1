'use strict'

/**
 * What every workload needs to drive a wire, be it a streamx stream or one of Node's.
 */

const { performance } = require('node:perf_hooks')
const bytes = require('./bytes.js')

const STALLED_MS = 30000
const BATCH_BYTES = 1 << 20

/** One turn of the event loop: what was deferred to microtasks or ticks has happened after it. */
const turn = () => new Promise(resolve => setImmediate(resolve))

/**
 * Turns until `condition` holds.
 * @param {() => boolean} condition
 * @param {() => string} describe how far it came, for the error
 */
async function until (condition, describe) {
  const deadline = performance.now() + STALLED_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`stalled: ${describe()}`)
    await turn()
  }
}

/**
 * `promise`, or an error if it takes too long.
 * @template T
 * @param {Promise<T>} promise
 * @param {() => string} describe
 * @param {number} [ms]
 * @returns {Promise<T>}
 */
function within (promise, describe, ms = STALLED_MS) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`stalled: ${describe()}`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/**
 * Writes every chunk, with a turn of the event loop after each MiB, as a busy socket would.
 * @param {import('stream').Writable} wire
 * @param {Buffer[]} chunks
 */
async function feed (wire, chunks) {
  let batch = 0
  for (const chunk of chunks) {
    wire.write(chunk)
    batch += chunk.length
    if (batch >= BATCH_BYTES) {
      batch = 0
      await turn()
    }
  }
  await turn()
}

/**
 * The time that `work` takes.
 * @param {() => Promise<void>} work
 * @returns {Promise<number>} seconds
 */
async function seconds (work) {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/**
 * Consumes a wire's output.
 * @param {import('stream').Readable} wire
 * @returns {{ bytes: number }} how much came
 */
function sink (wire) {
  const counter = { bytes: 0 }
  wire.on('data', chunk => { counter.bytes += chunk.length })
  return counter
}

/**
 * One wire of each contender stays alive between the rounds, as in any process that has more than
 * one: V8 throws away compiled code when the last object that it was made for is collected.
 */
const kept = new Map()

/**
 * A wire that has shaken hands with a peer of prepared bytes.
 * @param {import('./contenders.js').Contender} contender
 * @param {{ unchoked?: boolean }} [options] `unchoked`: each side has unchoked the other
 * @returns {Promise<{ wire: import('stream').Duplex, output: { bytes: number } }>}
 */
async function open (contender, { unchoked = false } = {}) {
  const wire = contender.make('tcpOutgoing')
  const output = sink(wire)
  let shaken = false
  wire.once('handshake', () => { shaken = true })
  wire.handshake(bytes.INFO_HASH, bytes.PEER_ID)
  wire.write(bytes.handshake())
  if (unchoked) {
    wire.unchoke()
    wire.write(bytes.unchoke())
  }
  await until(() => shaken && (!unchoked || !wire.peerChoking), () => 'no handshake')
  await turn()
  output.bytes = 0
  kept.set(contender.name, wire)
  return { wire, output }
}

/** Writes what comes out of one wire to another that is still open: Node's streams mind it after the end. */
function link (from, to) {
  from.on('data', chunk => { if (!to.destroyed && !to.writableEnded) to.write(chunk) })
}

/**
 * Two wires of one kind whose outputs are written to each other; encrypted (RC4 only) ones have
 * finished both handshakes. The first of them started.
 * @param {import('./contenders.js').Contender} contender
 * @returns {Promise<import('stream').Duplex[]>}
 */
function encryptedPair (contender) {
  const infoHash = bytes.INFO_HASH.toString('hex')
  const initiator = contender.make('tcpOutgoing', 2)
  const responder = contender.make('tcpIncoming', 2)
  link(initiator, responder)
  link(responder, initiator)
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error('a wire closed during the handshake'))
    initiator.once('close', closed)
    responder.once('close', closed)
    responder.once('crypto-infohash', () => responder.setInfoHash(infoHash))
    initiator.once('crypto-handshake', () => initiator.handshake(bytes.INFO_HASH, bytes.PEER_ID))
    responder.once('handshake', () => responder.handshake(bytes.INFO_HASH, bytes.PEER_ID))
    initiator.once('handshake', hash => {
      const encrypted = initiator._encryptionMethod === 2 && responder._encryptionMethod === 2
      if (!encrypted || hash !== infoHash) reject(new Error('the pair is not encrypted'))
      else resolve([initiator, responder])
    })
    initiator.startEncryption(infoHash)
  })
}

module.exports = { encryptedPair, feed, open, seconds, sink, turn, until, within }
