'use strict'

// `node fuzz/lib.js [--seconds N] [--seed N] [--input HEX]`: random bytes, read as what the peers of
// three wires send, raw or as messages that a chunk's end cuts anywhere, and as what the application
// does: also from within the handlers of one wire to the others. No byte may end the process, have the
// engine fail, leave a request without its one callback, or a wire without its end. Prints the input
// that shows what is wrong; exit status 1.

const { parseArgs } = require('node:util')

const Wire = require('../index.js')
const { countWires } = require('../lib/native/index.js')
const { Random } = require('../__test__/helpers/random.js')

const WIRES = 3
/** Handlers that act within handlers, at most. */
const MAX_DEPTH = 4
/** Turns of the event loop that a wire may take to its end. */
const MAX_TURNS = 50
const HASH = Buffer.alloc(20, 'hash')
const EVENTS = [
  'handshake', 'keep-alive', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece',
  'cancel', 'port', 'suggest', 'have-all', 'have-none', 'reject', 'allowed-fast', 'extended', 'hash-request', 'hashes',
  'hash-reject', 'unknownmessage', 'download', 'upload', 'timeout', 'violation', 'data', 'finish', 'end'
]
/** How long the numbers of a message are, by its id; others have a body as long as the input says. */
const NUMBERS = { 0: 0, 1: 0, 2: 0, 3: 0, 4: 4, 6: 12, 8: 12, 9: 2, 13: 4, 14: 0, 15: 0, 16: 12, 17: 4, 21: 48, 23: 48 }
/** The ids that come, those of blocks more often; those that end most wires in `RARE` come when the input insists. */
const IDS = [0, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 7, 7, 8, 8, 9, 13, 14, 15, 16, 16, 17, 20, 20, 21, 21, 22, 23, 255]
const RARE = [13, 14, 15, 16, 17]
/** What `peerInfo` reads of an extended handshake. */
const KEYS = ['complete_ago', 'ipv4', 'ipv6', 'metadata_size', 'p', 'reqq', 'upload_only', 'v', 'yourip']
const ROOT = Buffer.alloc(32, 'root')

/** An input, read from its start; at its end all is 0. */
class Input {
  constructor (bytes) {
    this.bytes = bytes
    this.at = 0
  }

  get isEmpty () {
    return this.at >= this.bytes.length
  }

  byte () {
    return this.isEmpty ? 0 : this.bytes[this.at++]
  }

  take (length) {
    const taken = Buffer.alloc(length)
    this.bytes.copy(taken, 0, this.at, this.at + length)
    this.at += length
    return taken
  }

  pick (choices) {
    return choices[this.byte() % choices.length]
  }

  /** Few blocks, so that messages meet. */
  block () {
    const which = this.byte()
    return [which & 3, (which >> 2 & 3) * 16, 16]
  }

  /** Few ranges of hashes (BEP 52), sound ones. */
  range () {
    const which = this.byte()
    return { piecesRoot: ROOT, baseLayer: which >> 1 & 1, index: (which >> 2 & 1) * 2, length: 2, proofLayers: which & 1 }
  }
}

function bytesOf ({ piecesRoot, baseLayer, index, length, proofLayers }) {
  return Buffer.concat([piecesRoot, ...[baseLayer, index, length, proofLayers].map(u32)])
}

/** An extended handshake that says something of its sender. */
function sayingOf (input) {
  const key = input.pick(KEYS)
  const value = input.byte() & 1
    ? Buffer.from(`i${input.byte() * 7 - 50}e`)
    : Buffer.concat([Buffer.from('16:'), input.take(16)])
  return Buffer.concat([Buffer.from(`\0d${key.length}:${key}`), value, Buffer.from('e')])
}

/** A message of the peer, mostly one that may be. */
function messageOf (input, hasFast) {
  let id = input.pick(IDS)
  if (RARE.includes(id) && !hasFast && input.byte() < 250) id = 4
  let body
  if (id === 6 || id === 8 || id === 16) body = Buffer.concat(input.block().map(u32))
  else if (id === 7) body = Buffer.concat([...input.block().slice(0, 2).map(u32), Buffer.alloc(16)])
  else if (id === 4 || id === 13 || id === 17) body = u32(input.byte() & 15)
  else if (id === 20) body = input.byte() & 2 ? sayingOf(input) : Buffer.concat([Buffer.of(input.byte() & 1), Buffer.from('d1:md1:ai1eee')])
  else if (id >= 21 && id <= 23 && input.byte() < 250) body = Buffer.concat([bytesOf(input.range()), Buffer.alloc(id === 22 ? 64 : 0)])
  else body = input.take(NUMBERS[id] ?? input.byte() & 63)
  return Buffer.concat([u32(1 + body.length), Buffer.of(id), body])
}

function u32 (number) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

function handshakeOf (input) {
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, (input.byte() & 3) === 0 ? 0 : 0x14])
  return Buffer.concat([Buffer.from('\x13BitTorrent protocol'), reserved, HASH, HASH])
}

/** One input, played. */
class Session {
  constructor (bytes) {
    this.input = new Input(bytes)
    this.depth = 0
    this.failures = []
    /** Requests that were not called back. */
    this.open = 0
    /** Promises that are not settled. */
    this.pending = 0
    /** How the peers' requests are answered. */
    this.responds = []
    this.respondHashes = []
    /** What gives promises up. */
    this.controllers = []
    this.ends = Array.from({ length: WIRES }, () => this.begin())
  }

  fail (message) {
    this.failures.push(message)
  }

  begin () {
    const wire = new Wire('tcpIncoming')
    const end = { wire, rest: Buffer.alloc(0), closed: 0, output: [], stream: null }
    for (const event of EVENTS) {
      wire.on(event, (...values) => {
        if (end.closed > 0) this.fail(`${event} after close`)
        if (event === 'data') end.output.push(Buffer.from(values[0]))
        if (event === 'request') this.responds.push(values[3])
        if (event === 'hash-request') this.respondHashes.push(values[1])
        if (event === 'violation' && values[0].code === 'ERR_INTERNAL') this.fail('the engine failed')
        if (event === 'extended' && values[0] === 'handshake') JSON.stringify(values[1])
        this.react()
      })
    }
    wire.on('close', () => end.closed++)
    wire.handshake(HASH, HASH, { fast: (this.input.byte() & 3) > 0, v2: true })
    this.write(end, handshakeOf(this.input))
    return end
  }

  /** What an application does in a handler. */
  react () {
    if (this.depth >= MAX_DEPTH || this.input.isEmpty || (this.input.byte() & 1) === 0) return
    this.depth++
    try {
      this.act()
    } finally {
      this.depth--
    }
  }

  /** Gives a wire bytes of its peer's, now or with the next ones. */
  write (end, bytes) {
    end.rest = Buffer.concat([end.rest, bytes])
    const length = Math.min(end.rest.length, (this.input.byte() & 3) === 0 ? this.input.byte() : Infinity)
    const chunk = Buffer.from(end.rest.subarray(0, length))
    end.rest = end.rest.subarray(length)
    end.wire.write(chunk)
  }

  /** Some call on some wire. */
  act () {
    const { input } = this
    const end = this.ends === undefined ? null : input.pick(this.ends)
    if (end === null) return
    const { wire } = end
    const which = input.byte() % 48
    if (which < 10) return this.write(end, messageOf(input, wire.hasFast))
    const block = input.block()
    switch (which) {
      case 10: return input.byte() < 8 ? this.write(end, input.take(input.byte() & 31)) : wire.unchoke()
      case 11: return wire.choke()
      case 12: case 13: return wire.unchoke()
      case 14: return wire.interested()
      case 15: return wire.uninterested()
      case 16: return wire.have(block[0])
      case 17: case 18: return this.request(wire, block)
      case 19: return wire.cancel(...block)
      case 20: return wire.piece(block[0], block[1], Buffer.alloc(16))
      case 21: case 22: return this.responds.splice(block[0], 1)[0]?.(block[1] === 0 ? new Error('no') : null, Buffer.alloc(16))
      case 23: return wire.hasFast ? wire.reject(...block) : wire.bitfield(Buffer.alloc(2))
      case 24: return wire.hasFast ? wire.allowedFast(block[0]) : wire.port(block[0])
      case 25: return wire.extended(block[0], { a: block[1] })
      case 26: return wire.setTimeout(block[1], true)
      case 27: return wire.peerRequests.pop()
      case 28: return this.takeBack(wire)
      case 29: wire.peerChoking = block[1] === 0; return
      case 30: return wire.statistics.received.messages < 0 ? this.fail('counted down') : wire.pause().resume()
      case 31: case 32: case 33: return this.settle(signal => wire.fetch(...block, { signal }), input.byte())
      case 34: case 35: return this.settle(signal => wire.requestHashes(input.range(), { signal }), input.byte())
      case 36: case 37: return this.controllers.splice(block[0], 1)[0]?.abort()
      case 38: case 39: return this.respondHashes.splice(block[0], 1)[0]?.(block[1] === 0 ? new Error('no') : null, Buffer.alloc(64))
      case 40: return wire.hashes(input.range(), Buffer.alloc(64))
      case 41: return this.settle(() => wire.ready, 0)
      case 42: return wire.hasFast && wire.peerId !== null ? wire.allowFastFor('10.0.0.1', { pieces: 4, k: 2, pieceLength: 32 }) : undefined
      case 43: case 44: return this.takeRequest(end, block[0])
      case 45: if (Object.keys(wire.peerInfo).length !== 9 || !(wire.requestWindow > 0)) this.fail('it says nothing of the peer'); return
      case 46: if (Wire.census().some(({ age, sent }) => !(age >= 0 && sent.bytes >= 0))) this.fail('a census of nothing'); return
      default: if (block[0] === 0 && block[1] === 0) wire.destroy()
    }
  }

  /** Awaits a promise, which is to be settled, perhaps by its signal. */
  settle (begin, which) {
    const controller = new AbortController()
    if ((which & 1) === 0) this.controllers.push(controller)
    this.pending++
    const settled = () => {
      this.pending--
      this.react()
    }
    begin(controller.signal).then(settled, settled)
  }

  /** Takes the next request of a peer from a loop, or ends the loop. */
  takeRequest (end, which) {
    end.stream ??= end.wire.peerRequestsStream()
    if (which === 3) {
      const { stream } = end
      end.stream = null
      return this.settle(() => stream.return(), 1)
    }
    this.settle(async () => {
      const { value } = await end.stream.next()
      if (value?.isOpen && which > 0) value.respond(Buffer.alloc(16))
      else value?.reject()
    }, 1)
  }

  request (wire, block) {
    let times = 0
    this.open++
    wire.request(...block, () => {
      this.open--
      if (++times > 1) this.fail('a request was called back twice')
      this.react()
    })
  }

  /** A caller takes a request out of the list, and calls it back itself. */
  takeBack (wire) {
    const request = wire.requests.shift()
    if (request !== undefined) wire._callback(request, new Error('taken back'), null)
  }

  async play () {
    while (!this.input.isEmpty) {
      if (this.input.byte() < 32) await turn()
      else this.act()
    }
    for (const { wire } of this.ends) wire.destroy()
    for (let i = 0; i < MAX_TURNS && this.ends.some(end => end.closed === 0); i++) await turn()
    for (const [i, end] of this.ends.entries()) {
      if (end.closed !== 1) this.fail(`wire ${i} closed ${end.closed} times`)
      this.checkOutput(i, Buffer.concat(end.output))
    }
    await turn()
    if (this.pending !== 0) this.fail(`${this.pending} promises were not settled`)
    if (this.open !== 0) this.fail(`${this.open} requests were not called back`)
    if (countWires() !== 0) this.fail(`${countWires()} native wires are left`)
  }

  /** What a peer gets is a handshake, and whole messages. */
  checkOutput (i, output) {
    if (output.length > 0 && output[0] !== 19) this.fail(`the output of wire ${i} begins with ${output[0]}`)
    let at = Math.min(output.length, 68)
    while (at + 4 <= output.length) at += 4 + output.readUInt32BE(at)
    if (at !== output.length) this.fail(`the output of wire ${i} ends within a message`)
  }
}

function turn () {
  return new Promise(resolve => setImmediate(resolve))
}

async function main () {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, seed: { type: 'string' }, input: { type: 'string' } } })
  const random = new Random(Number(values.seed ?? Date.now() % 1e9))
  const until = performance.now() + 1000 * Number(values.seconds)
  let session
  let bytes
  let inputs = 0
  const tell = error => {
    console.error(`node fuzz/lib.js --input ${bytes.toString('hex')}\n${[...session?.failures ?? [], error?.stack].filter(Boolean).join('\n')}`)
    process.exit(1)
  }
  process.on('uncaughtException', tell)
  process.on('unhandledRejection', tell)
  do {
    bytes = values.input === undefined
      ? Buffer.from(Array.from({ length: random.below(2000) }, () => random.next() & 255))
      : Buffer.from(values.input, 'hex')
    session = new Session(bytes)
    await session.play()
    if (session.failures.length > 0) tell()
    inputs++
  } while (values.input === undefined && performance.now() < until)
  console.log(`lib: ${inputs} inputs`)
}

main()
