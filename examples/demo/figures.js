'use strict'

const MIB = 1 << 20

/**
 * @typedef {object} Figures what one side did
 * @property {number} payload bytes of blocks that it sent or received
 * @property {number} bytesIn read from the socket, all told
 * @property {number} bytesOut written to the socket, all told
 * @property {number} messagesIn
 * @property {number} messagesOut
 * @property {number} seconds from the connection to the last block
 * @property {number} cpuSeconds of the whole process in that time, user and system
 */

/** Messages that come seldom: each is counted by a listener. Blocks and their requests are many. */
const RARE_EVENTS = [
  'handshake', 'extended', 'keep-alive', 'choke', 'unchoke', 'interested', 'uninterested', 'have',
  'bitfield', 'have-all', 'have-none', 'cancel', 'suggest', 'allowed-fast', 'reject', 'port',
  'unknownmessage'
]

/** Counts for one side of a connection, from the moment that it stands. */
class Meter {
  /**
   * @param {import('node:net').Socket} socket the wire itself, if it has a connection of its own
   * @param {import('node:events').EventEmitter} wire
   */
  constructor (socket, wire) {
    this.socket = socket
    this.wire = wire
    this.payload = 0
    this.messagesIn = 0
    this.messagesOut = 0
    this.start = process.hrtime.bigint()
    this.cpu = process.cpuUsage()
    for (const event of RARE_EVENTS) wire.on(event, () => { this.messagesIn++ })
  }

  /** @returns {Figures} up to now */
  read () {
    const { user, system } = process.cpuUsage(this.cpu)
    return {
      payload: this.payload,
      bytesIn: this.socket.bytesRead ?? this.wire.statistics.received.bytes,
      bytesOut: this.socket.bytesWritten ?? this.wire.statistics.sent.bytes,
      messagesIn: this.messagesIn,
      messagesOut: this.messagesOut,
      seconds: Number(process.hrtime.bigint() - this.start) / 1e9,
      cpuSeconds: (user + system) / 1e6
    }
  }
}

/**
 * @param {Object<string, Figures>} sides by name
 * @returns {string} a table, one line a side
 */
function table (sides) {
  const rows = [['', 'blocks', 'bytes in', 'bytes out', 'speed', 'messages in', 'messages out', 'CPU']]
  for (const [name, figures] of Object.entries(sides)) {
    rows.push([
      name,
      size(figures.payload),
      count(figures.bytesIn),
      count(figures.bytesOut),
      speed(figures.payload, figures.seconds),
      count(figures.messagesIn),
      count(figures.messagesOut),
      `${figures.cpuSeconds.toFixed(2)} s`
    ])
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join('  ')).join('\n')
}

/** @returns {string} bytes in a unit that suits them */
function size (bytes) {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < MIB) return `${(bytes / 1024).toFixed(1)} KiB`
  if (bytes < 1024 * MIB) return `${(bytes / MIB).toFixed(1)} MiB`
  return `${(bytes / MIB / 1024).toFixed(2)} GiB`
}

/** @returns {string} bytes in so many seconds, in millions of bytes a second */
function speed (bytes, seconds) {
  return `${(bytes / 1e6 / Math.max(seconds, 1e-6)).toFixed(1)} MB/s`
}

function count (number) {
  return number.toLocaleString('en')
}

module.exports = { Meter, table, size, speed }
