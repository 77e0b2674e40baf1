'use strict'

/**
 * Several wires of one process, closed and drained within each other's traffic:
 * `node child.js SCENARIO`. In a process of its own, since what goes wrong here is thrown to
 * nobody, or goes on for ever.
 */

const { once } = require('node:events')
const net = require('node:net')
const { Writable } = require('node:stream')
const { loadOurs } = require('../../helpers/wire')
const messages = require('../support/messages')
const { Peer, split, turn } = require('../support/peer')
const { runScenarios } = require('../support/scenario')

const BLOCK = 16384

let Wire

const scenarios = {
  'one is closed in the tick in which another sends blocks': async () => {
    const [a, b] = await Promise.all([connected(), connected()])
    a.wire.destroy()
    for (let i = 0; i < 40; i++) b.wire.piece(i, 0, Buffer.alloc(BLOCK, i))
    a.wire.have(7)
    b.wire.have(7)
    await a.ended()
    b.wire.destroy()
    await b.ended()
    return { a: a.events, b: b.events, bSent: split(b.got()) }
  },

  'one is closed before its destination drains, and another receives': async () => {
    const a = new Wire()
    const b = await Peer.greet(new Wire())
    const events = note(a)
    let release
    const destination = new Writable({
      highWaterMark: 1,
      write (chunk, encoding, callback) { release = callback }
    })
    a.pipe(destination, { end: false })
    a.have(1)
    await turn()
    a.destroy()
    await closed(a)
    const haves = []
    b.wire.on('have', index => haves.push(index))
    b.say(...Array.from({ length: 64 }, (_, i) => messages.have(i)))
    release()
    await turn()
    b.wire.have(9)
    return { events, haves, sent: await b.told() }
  },

  'one is closed by a handler of another, in the middle of its chunk': async () => {
    const [a, b] = await Promise.all([connected(), connected()])
    const heard = []
    b.wire.on('have', index => {
      heard.push(index)
      a.wire.have(100 + index)
      if (index === 2) a.wire.destroy()
      b.wire.have(200 + index)
    })
    b.wire._write(Buffer.concat([1, 2, 3, 4].map(messages.have)), () => {})
    await a.ended()
    b.wire.destroy()
    await b.ended()
    return { heard, a: a.events, aSent: split(a.got()).slice(0, 3), bSent: split(b.got()) }
  },

  'one is closed by what another one sends': async () => {
    const a = await Peer.greet(new Wire())
    const b = await Peer.greet(new Wire())
    const events = note(a.wire)
    // A chunk of `b` is on its way to its destination when `a` closes, and both are flushed.
    b.wire.once('data', () => {
      a.wire.have(1)
      a.wire.destroy()
      b.wire.have(2)
    })
    b.wire.have(1)
    for (let i = 0; i < 5; i++) b.wire.piece(i, 0, Buffer.alloc(BLOCK, i))
    await closed(a.wire)
    b.wire.have(3)
    return { events, bSent: await b.told() }
  },

  'all are closed, each in the `close` of the one before it': async () => {
    const peers = await Promise.all(Array.from({ length: 5 }, connected))
    peers.forEach(({ wire }, i) => {
      wire.on('close', () => {
        for (const other of peers) other.wire.have(i)
        peers[i + 1]?.wire.destroy()
      })
    })
    peers[0].wire.destroy()
    for (const peer of peers) await peer.ended()
    return { events: peers.map(({ events }) => events) }
  },

  'one that is closed leaves its place to a new one': async () => {
    const old = new Wire()
    const events = note(old)
    old.destroy()
    await closed(old)
    const peer = await Peer.greet(new Wire())
    const failed = []
    // Whatever is still asked of the old one says nothing to the new one's peer.
    old.have(1)
    old.piece(1, 0, Buffer.alloc(BLOCK))
    old.unchoke()
    old.cancel(1, 0, BLOCK)
    old.setTimeout(10)
    old.request(1, 0, BLOCK, error => failed.push(error.message))
    old._read(() => {})
    old.destroy()
    old.resume()
    await turn()
    peer.wire.have(2)
    return { events, failed, sent: await peer.told() }
  }
}

/** A wire on a TCP socket, after its handshake, and what its peer has got of it. */
async function connected () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  const [[far]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')])
  server.close()
  const wire = new Wire('tcpOutgoing')
  const events = note(wire)
  const chunks = []
  far.on('data', chunk => chunks.push(chunk))
  const end = Promise.all([once(far, 'end'), closed(wire)])
  socket.pipe(wire).pipe(socket)
  wire._write(messages.handshake('00'.repeat(20), '11'.repeat(20)), () => {})
  await turn()
  return { wire, events, got: () => Buffer.concat(chunks), ended: () => end }
}

/** The events of a wire's end, as they come. */
function note (wire) {
  const events = []
  for (const event of ['finish', 'end', 'close', 'error', 'violation']) wire.on(event, () => events.push(event))
  return events
}

/** `once(wire, 'close')` would take its errors. */
function closed (wire) {
  return new Promise(resolve => wire.once('close', resolve))
}

for (const [name, play] of Object.entries(scenarios)) {
  scenarios[name] = async () => {
    Wire = await loadOurs()
    return play()
  }
}

runScenarios(module, scenarios)
