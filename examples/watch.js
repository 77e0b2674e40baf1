'use strict'

// A live view of a wire's messages, both ways: when, which way, what, its numbers, and how many
// bytes it is on the wire. As a program it shows those of a peer; as a module, those of any wire:
//
//   const { watch } = require('./watch')
//   const unwatch = watch(wire)

const Wire = require('bittorrent-protocol-native')

const { parsePeer } = require('./demo/arguments')
const { addressOf, connect } = require('./demo/connect')
const { Failure, cause, printable } = require('./demo/failure')
const { peerId } = require('./demo/peer-id')
const { program, parseInfoHash, parseSeconds } = require('./program')

const MAX_TEXT_LENGTH = 100
const BLOCK_LENGTH = 16 << 10

/** What each message tells of its arguments, and its length in bytes. The names are the events'. */
const MESSAGES = {
  handshake: { describe: (infoHash, peerId, extensions) => [hex(infoHash), describeFlags(extensions)], length: () => 68 },
  'keep-alive': { describe: () => [], length: () => 4 },
  choke: { describe: () => [], length: () => 5 },
  unchoke: { describe: () => [], length: () => 5 },
  interested: { describe: () => [], length: () => 5 },
  uninterested: { describe: () => [], length: () => 5 },
  have: { describe: (piece) => [piece], length: () => 9 },
  bitfield: { describe: (bits) => [`${countBits(bytesOf(bits))} pieces`], length: (bits) => 5 + bytesOf(bits).length },
  request: { describe: (piece, offset, length) => [piece, offset, length], length: () => 17 },
  piece: { describe: (piece, offset) => [piece, offset], length: (piece, offset, bytes) => 13 + bytes.byteLength },
  cancel: { describe: (piece, offset, length) => [piece, offset, length], length: () => 17 },
  port: { describe: (port) => [port], length: () => 7 },
  suggest: { describe: (piece) => [piece], length: () => 9 },
  'have-all': { describe: () => [], length: () => 5 },
  'have-none': { describe: () => [], length: () => 5 },
  reject: { describe: (piece, offset, length) => [piece, offset, length], length: () => 17 },
  'allowed-fast': { describe: (piece) => [piece], length: () => 9 },
  extended: { describe: (name, value) => [name === 0 ? 'handshake' : name, describeValue(value)], length: (name, value) => lengthOf(value) },
  unknownmessage: { describe: (bytes) => [`id ${bytes[4] ?? '?'}`], length: (bytes) => bytes.length }
}

/** The methods that send, by the name of their message. */
const METHODS = {
  handshake: 'handshake',
  keepAlive: 'keep-alive',
  choke: 'choke',
  unchoke: 'unchoke',
  interested: 'interested',
  uninterested: 'uninterested',
  have: 'have',
  bitfield: 'bitfield',
  request: 'request',
  piece: 'piece',
  cancel: 'cancel',
  port: 'port',
  suggest: 'suggest',
  haveAll: 'have-all',
  haveNone: 'have-none',
  reject: 'reject',
  allowedFast: 'allowed-fast',
  extended: 'extended'
}

/** Calls that change nothing send nothing. */
const IS_CHANGE = {
  choke: (wire) => !wire.amChoking,
  unchoke: (wire) => wire.amChoking,
  interested: (wire) => !wire.amInterested,
  uninterested: (wire) => wire.amInterested
}

/** What is no message, and worth a line. */
const HAPPENINGS = {
  'crypto-handshake': (wire) => `encryption: ${{ 1: 'plaintext', 2: 'RC4' }[wire._encryptionMethod] ?? 'none'}`,
  timeout: () => 'a request timed out',
  violation: (wire, error) => `violation: ${error.message} (${error.code})`,
  close: () => 'closed'
}

/**
 * Shows what a wire sends and receives, from now on.
 *
 * @param {import('node:stream').Duplex} wire
 * @param {object} [options]
 * @param {(line: string) => void} [options.log] default: standard output
 * @param {string} [options.name] put in front of every line, to tell several wires apart
 * @param {boolean} [options.color] default: whether standard output is a terminal
 * @returns {() => void} ends it
 */
function watch (wire, { log = console.log, name = '', color = process.stdout.isTTY } = {}) {
  const start = performance.now()
  let isEnding = false
  let sent = 0

  const line = (arrow, what, details, length) => {
    const time = ((performance.now() - start) / 1000).toFixed(3).padStart(8)
    const bytes = length === null ? '' : `${length} B`
    const text = [name, time, arrow, what.padEnd(14), details.join(' ').padEnd(40), bytes.padStart(10)]
    log(paint(text.filter(Boolean).join('  ').trimEnd(), arrow, color))
  }
  const message = (arrow, what, args) => {
    if (isEnding) return
    if (arrow === '->') sent++
    const { describe, length } = MESSAGES[what]
    line(arrow, what, describe(...args), length(...args))
  }

  // Inbound. Listeners would be called after those that were there before; and the answer to a
  // request is a function that only the event has.
  const { emit } = wire
  wire.emit = function (event, ...args) {
    if (event in MESSAGES) {
      message('<-', event, args)
      if (event === 'request') args[3] = watchAnswer(args)
    } else if (event in HAPPENINGS) {
      line('--', HAPPENINGS[event](wire, ...args), [], null)
    }
    return emit.call(this, event, ...args)
  }
  const watchAnswer = ([piece, offset, length, respond]) => (err, bytes) => {
    // A request that was cancelled or choked away meanwhile is answered no more.
    const isWaiting = wire.peerRequests.some((request) =>
      request.piece === piece && request.offset === offset && request.length === length)
    const before = sent
    respond(err, bytes)
    // bittorrent-protocol answers with the methods that are watched already.
    if (!isWaiting || sent > before) return
    if (!err) message('->', 'piece', [piece, offset, bytes])
    else if (wire.hasFast) message('->', 'reject', [piece, offset, length])
  }

  // A wire that ends tells its listeners that the peer is gone, with events of messages.
  const { end } = wire
  wire.end = function (...args) {
    isEnding = true
    return end.apply(this, args)
  }

  // Outbound.
  for (const [method, what] of Object.entries(METHODS)) {
    const send = wire[method]
    wire[method] = function (...args) {
      const isChange = IS_CHANGE[method]?.(wire) ?? true
      const before = wire.requests.length
      if (method !== 'request') {
        if (isChange) message('->', what, args)
        return send.apply(this, args)
      }
      // The peer chokes us: such a request goes nowhere.
      const result = send.apply(this, args)
      if (wire.requests.length > before) message('->', what, args)
      return result
    }
  }

  return () => {
    for (const method of ['emit', 'end', ...Object.keys(METHODS)]) delete wire[method]
  }
}

function paint (text, arrow, color) {
  if (!color) return text
  const codes = { '<-': 36, '->': 33, '--': 35 }
  return `\u001b[${codes[arrow]}m${text}\u001b[0m`
}

function hex (bytes) {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex')
}

function describeFlags (extensions = {}) {
  return ['dht', 'fast', 'extended'].filter((flag) => extensions[flag]).join(',')
}

function bytesOf (bits) {
  return ArrayBuffer.isView(bits) ? bits : bits.buffer
}

function countBits (bytes) {
  let count = 0
  for (let byte of bytes) for (; byte; byte &= byte - 1) count++
  return count
}

/** @returns {number|null} of an extended message, with its head */
function lengthOf (value) {
  // The event gives the peer's extended handshake parsed.
  return ArrayBuffer.isView(value) ? 6 + value.byteLength : null
}

function describeValue (value) {
  const text = ArrayBuffer.isView(value) ? Buffer.from(value).toString('latin1') : JSON.stringify(value, readable)
  const line = text.replace(/[^\x20-\x7e]+/g, '.')
  return line.length > MAX_TEXT_LENGTH ? `${line.slice(0, MAX_TEXT_LENGTH)}...` : line
}

/** For JSON.stringify: a Buffer has become an object before it gets here. */
function readable (key, value) {
  if (value?.type === 'Buffer') return Buffer.from(value.data).toString('latin1')
  return ArrayBuffer.isView(value) ? Buffer.from(value).toString('latin1') : value
}

module.exports = { watch }

program(module, {
  usage: `Connects to a peer and shows every message, until Ctrl-C or until the peer leaves.

  node examples/watch.js HOST:PORT INFOHASH

Options
  --encrypted        speaks RC4 only
  --blocks N         asks for the first block of so many pieces (default 4)
  --timeout SECONDS  for the connection (default 10)`,
  options: {
    encrypted: { type: 'boolean', default: false },
    blocks: { type: 'string', default: '4' },
    timeout: { type: 'string', default: '10' }
  },
  arguments: [2, 2],
  async run (values, [peer, hash], signal) {
    const { host, port } = parsePeer(peer, 'it')
    const infoHash = parseInfoHash(hash)
    if (!/^\d{1,4}$/.test(values.blocks)) throw new Failure(`--blocks wants a number up to 9999, not ${values.blocks}`)
    const socket = await connect(host, port, { timeout: parseSeconds(values.timeout), signal })

    const wire = new Wire('tcpOutgoing', values.encrypted ? 2 : 0, { requireEncryption: values.encrypted })
    watch(wire)
    const closed = new Promise((resolve) => wire.once('close', resolve))
    socket.on('error', (err) => console.error(printable(`lost ${addressOf(host, port)}: ${cause(err)}`)))
    signal.addEventListener('abort', () => wire.destroy())

    wire.on('handshake', () => {
      if (wire.hasFast) wire.haveNone()
      wire.interested()
    })
    let wanted = Number(values.blocks)
    wire.on('unchoke', () => {
      // Who has all pieces does not say how many.
      const count = wire.peerPieces.length ?? wanted
      for (let piece = 0; wanted > 0 && piece < count; piece++) {
        if (!wire.peerPieces.get(piece)) continue
        wanted--
        wire.request(piece, 0, BLOCK_LENGTH, () => {})
      }
    })

    socket.pipe(wire).pipe(socket)
    const shakeHands = () => wire.handshake(infoHash, peerId(), { dht: true, fast: true })
    if (values.encrypted) {
      wire.once('crypto-handshake', shakeHands)
      wire.startEncryption(infoHash)
    } else {
      shakeHands()
    }
    await closed
    socket.destroy()
  }
})
