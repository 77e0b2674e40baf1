'use strict'

// A live table of all wires of a process. `render` is all that a program needs; the rest of this file
// is a swarm to look at: wires over TCP that trade blocks of nothing.

const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')

const Wire = require('bittorrent-protocol-native')

const { Failure } = require('./demo/failure')
const { size, speed } = require('./demo/figures')
const { peerId } = require('./demo/peer-id')
const { program, parseSeconds } = require('./program')
const { either } = require('./signals')

const INFO_HASH = Buffer.from('a swarm to look at..').toString('hex')
const BLOCK = Buffer.alloc(16 << 10)
const DEPTH = 16
const CLEAR = '\u001b[2J\u001b[H'

/** What there is to see of a wire: the columns, and what each shows. */
const COLUMNS = {
  type: (wire) => wire.type,
  peer: (wire) => wire.peerId === null ? '' : Buffer.from(wire.peerId, 'hex').toString('latin1', 0, 8).replace(/[^\x20-\x7e]/g, '.'),
  age: (wire) => `${(wire.age / 1000).toFixed(1)} s`,
  state: (wire) => (wire.amChoking ? 'c' : '-') + (wire.amInterested ? 'i' : '-') + (wire.peerChoking ? 'C' : '-') + (wire.peerInterested ? 'I' : '-'),
  down: (wire) => speed(wire.downloadSpeed, 1),
  up: (wire) => speed(wire.uploadSpeed, 1),
  asked: (wire) => wire.requests,
  'asked of us': (wire) => wire.peerRequests + wire.waitingRequests,
  unsent: (wire) => size(wire.unsent),
  received: (wire) => size(wire.received.bytes),
  sent: (wire) => size(wire.sent.bytes),
  messages: (wire) => wire.received.messages + wire.sent.messages
}

/**
 * @param {object} [options]
 * @param {number} [options.rows] so many wires at most, the busiest first; default 20
 * @returns {string} a table of the wires of this process
 */
function render ({ rows = 20 } = {}) {
  const start = performance.now()
  const wires = Wire.census()
  const took = performance.now() - start
  const busyness = (wire) => wire.downloadSpeed + wire.uploadSpeed
  const shown = wires.sort((a, b) => busyness(b) - busyness(a)).slice(0, rows)
  const table = [Object.keys(COLUMNS), ...shown.map((wire) => Object.values(COLUMNS).map((show) => String(show(wire))))]
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  const lines = table.map((row) => row.map((cell, column) =>
    column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  ').trimEnd())
  const total = wires.reduce((sum, wire) => sum + wire.downloadSpeed, 0)
  return [...lines, `${wires.length} wires, ${speed(total, 1)} down; the census took ${took.toFixed(2)} ms`].join('\n')
}

module.exports = { render }

program(module, {
  usage: `Shows the wires of a swarm in this process, live, until Ctrl-C.

  node examples/census.js

Options
  --pairs N            of wires (default 5)
  --rows N             of the table (default 20)
  --seconds SECONDS    ends it after so long (default: never)`,
  options: {
    pairs: { type: 'string', default: '5' },
    rows: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '86400' }
  },
  arguments: [0, 0],
  async run (values, _, signal) {
    for (const name of ['pairs', 'rows']) {
      if (!/^[1-9]\d{0,2}$/.test(values[name])) throw new Failure(`--${name} wants a number up to 999, not ${values[name]}`)
    }
    const { signal: end } = either(signal, AbortSignal.timeout(parseSeconds(values.seconds)))

    // What happens between two tables.
    const happened = { open: 0, handshake: 0, violation: 0, close: 0 }
    for (const what of Object.keys(happened)) {
      subscribe(`bittorrent-protocol-native:${what}`, () => { happened[what]++ })
    }

    const sockets = new Set()
    const server = net.createServer((socket) => serve(keep(socket, sockets)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    for (let i = 0; i < Number(values.pairs); i++) {
      download(keep(net.connect(server.address().port, '127.0.0.1'), sockets), end)
    }
    do {
      await sleep(1000, undefined, { signal: end }).catch(() => {})
      const events = Object.entries(happened).map(([what, count]) => `${what} ${count}`).join(', ')
      console.log(`${process.stdout.isTTY ? CLEAR : ''}${render({ rows: Number(values.rows) })}\n${events}`)
    } while (!end.aborted)
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

/** Gives all who ask what they ask for. */
async function serve (socket) {
  const wire = meet(socket, new Wire('tcpIncoming'))
  wire.unchoke()
  for await (const request of wire.peerRequestsStream()) request.respond(BLOCK.subarray(0, request.length))
}

/** Asks for block after block, some at a time, until the signal. */
async function download (socket, signal) {
  const wire = meet(socket, new Wire('tcpOutgoing', 0, { client: 'census 1.0' }))
  const ask = async () => {
    for (let piece = 0; !signal.aborted; piece++) await wire.fetch(piece % 1000, 0, BLOCK.length, { signal })
  }
  try {
    if (wire.peerChoking) await once(wire, 'unchoke', { signal })
    wire.interested()
    await Promise.all(Array.from({ length: Math.min(DEPTH, wire.requestWindow) }, ask))
  } catch (err) {
    if (!signal.aborted && err.code !== 'ERR_CLOSED') throw err
  }
}

function meet (socket, wire) {
  socket.pipe(wire).pipe(socket)
  wire.handshake(INFO_HASH, peerId(), { fast: true })
  return wire
}

function keep (socket, sockets) {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  return socket
}
