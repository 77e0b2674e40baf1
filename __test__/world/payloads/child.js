'use strict'

/**
 * What keeps a closed wire alive: `node --expose-gc child.js SCENARIO`. Each scenario keeps
 * something of a wire and gives whether the wire itself was collected.
 */

const { loadOurs } = require('../../helpers/wire')
const messages = require('../support/messages')
const { Peer, turn } = require('../support/peer')
const { runScenarios } = require('../support/scenario')

const block = Buffer.alloc(16000, 7)

/** What is kept: it must outlive the scenario. */
const kept = []

const scenarios = {
  'nothing is kept': () => [],
  'a block that a chunk\'s end had cut': peer => feed(peer, messages.piece(1, 0, block), 5000),
  'a block that many chunks had cut': peer => feed(peer, messages.piece(1, 0, block), 1460),
  'a small block that was cut': peer => feed(peer, messages.piece(1, 0, block.subarray(0, 100)), 60),
  'a block that came in one chunk': peer => feed(peer, Buffer.concat([messages.piece(1, 0, block), messages.have(1)]), 1e6),
  'blocks of one chunk': peer => feed(peer, Buffer.concat([1, 2, 3].map(i => messages.piece(i, 0, block))), 1e6),
  'small payloads of one chunk': peer => feed(peer, Buffer.concat([1, 2, 3].map(i => messages.extended(i, Buffer.alloc(30, i)))), 1e6),
  'a bitfield': peer => {
    feed(peer, messages.bitfield(Buffer.alloc(100, 255)), 1e6)
    return [Buffer.from(peer.wire.peerPieces.buffer.buffer)]
  },
  'the peer\'s id': peer => [peer.wire.peerIdBuffer]
}

/** Gives the payloads that come of some bytes, in chunks of that length. */
function feed (peer, bytes, length) {
  const payloads = []
  peer.wire.on('piece', (piece, offset, payload) => payloads.push(payload))
  peer.wire.on('extended', (id, payload) => payloads.push(payload))
  for (let at = 0; at < bytes.length; at += length) peer.say(bytes.subarray(at, at + length))
  if (payloads.some(payload => payload.length === 0)) throw new Error('a payload is empty')
  return payloads
}

/** The wire's only references are those of this function. */
async function use (scenario) {
  const Wire = await loadOurs()
  const peer = await Peer.greet(new Wire('tcpOutgoing'), { extended: true })
  kept.push(...scenario(peer))
  const closed = new Promise(resolve => peer.wire.once('close', resolve))
  peer.wire.destroy()
  await closed
  return new WeakRef(peer.wire)
}

for (const [name, scenario] of Object.entries(scenarios)) {
  scenarios[name] = async () => {
    const wire = await use(scenario)
    for (let i = 0; i < 10 && wire.deref() !== undefined; i++) {
      await turn()
      globalThis.gc()
    }
    return { isCollected: wire.deref() === undefined, kept: kept.every(payload => payload.length > 0) }
  }
}

runScenarios(module, scenarios)

if (require.main !== module) module.exports = Object.keys(scenarios)
