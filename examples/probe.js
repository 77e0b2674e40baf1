'use strict'

// What does a peer speak? Connects in plaintext and encrypted, looks at all that the peer says about
// itself, asks for a few blocks, shows a table, and leaves.

const Wire = require('bittorrent-protocol-native')

const { parsePeer } = require('./demo/arguments')
const { addressOf, connect } = require('./demo/connect')
const { Failure, cause, printable } = require('./demo/failure')
const { size } = require('./demo/figures')
const { peerId } = require('./demo/peer-id')
const { program, parseInfoHash, parseSeconds } = require('./program')

const BLOCK_LENGTH = 16 << 10
const BLOCKS = 4
const RESERVED_AT = 20

/** Bits of the handshake's eight reserved bytes: [byte, bit, what it stands for]. */
const RESERVED_BITS = [
  [0, 0x80, 'Azureus messaging'],
  [2, 0x08, 'location-aware (BEP 10 draft)'],
  [5, 0x10, 'extension protocol (BEP 10)'],
  [5, 0x02, 'extension negotiation'],
  [5, 0x01, 'extension negotiation'],
  [7, 0x10, 'BitTorrent v2 (BEP 52)'],
  [7, 0x08, 'NAT traversal'],
  [7, 0x04, 'fast extension (BEP 6)'],
  [7, 0x02, 'XBT peer exchange'],
  [7, 0x01, 'DHT (BEP 5)']
]

/** Extensions of BEP 10 by name. */
const EXTENSIONS = {
  ut_metadata: 'BEP 9',
  ut_pex: 'BEP 11',
  ut_holepunch: 'BEP 55',
  upload_only: 'BEP 21',
  lt_donthave: 'BEP 54',
  share_mode: 'libtorrent',
  lt_tex: 'BEP 28',
  ut_comment: 'µTorrent'
}

/** Clients by the letters of their peer ids (BEP 20). */
const CLIENTS = {
  A2: 'aria2',
  AZ: 'Vuze',
  BC: 'BitComet',
  BI: 'BiglyBT',
  BN: 'bittorrent-protocol-native',
  BT: 'BitTorrent',
  DE: 'Deluge',
  FD: 'Free Download Manager',
  KT: 'KTorrent',
  LT: 'libtorrent',
  lt: 'libTorrent (rTorrent)',
  qB: 'qBittorrent',
  SD: 'Xunlei',
  TR: 'Transmission',
  TX: 'Tixati',
  UM: 'µTorrent for Mac',
  UT: 'µTorrent',
  UW: 'µTorrent Web',
  WD: 'WebTorrent Desktop',
  WW: 'WebTorrent',
  XL: 'Xunlei'
}

program(module, {
  usage: `Shows what a peer speaks, and leaves.

  node examples/probe.js HOST:PORT INFOHASH

Options
  --timeout SECONDS  for each thing that is waited for (default 5)`,
  options: { timeout: { type: 'string', default: '5' } },
  arguments: [2, 2],
  async run (values, [peer, hash], signal) {
    const options = {
      ...parsePeer(peer, 'it'),
      infoHash: parseInfoHash(hash),
      timeout: parseSeconds(values.timeout),
      signal
    }
    // One after the other: many clients take one connection from an address.
    const plain = await probe({ ...options, encrypted: false })
    const encrypted = await probe({ ...options, encrypted: true })
    const best = plain.isGreeted ? plain : encrypted
    if (!best.isGreeted) {
      const reasons = [`plaintext: ${plain.failure}`, `encrypted: ${encrypted.failure}`]
      throw new Failure(`${peer} shakes no hands over ${options.infoHash}; ${reasons.join('; ')}`)
    }
    console.log(table([
      ['Peer', peer],
      ['Info hash', options.infoHash],
      ...best.describeClient(),
      ['Plaintext', plain.isGreeted ? `yes, handshake in ${plain.handshakeTime.toFixed(1)} ms` : `no: ${plain.failure}`],
      ['Encryption', describeEncryption(encrypted)],
      ...best.describeProtocol(),
      ...best.describePieces(),
      ['First blocks', best.describeLatencies()]
    ]))
  }
})

/** @returns {Promise<Probe>} when it has ended */
async function probe (options) {
  const socket = await connect(options.host, options.port, options)
  const probe = new Probe(socket, options)
  await probe.run()
  return probe
}

/** One connection, and what it has shown. */
class Probe {
  constructor (socket, { host, port, infoHash, timeout, signal, encrypted }) {
    Object.assign(this, { socket, infoHash, timeout, signal, encrypted })
    this.peer = addressOf(host, port)
    this.wire = new Wire('tcpOutgoing', encrypted ? 2 : 0, { requireEncryption: encrypted })
    this.isGreeted = false
    this.isOver = false
    /** Whether its extended handshake has come. */
    this.isIntroduced = false
    /** Why it ended before the peer's handshake. */
    this.failure = null
    /** The peer's reserved bytes, where they were readable. */
    this.reserved = null
    this.handshakeTime = 0
    /** The message with which the peer told of its pieces. */
    this.announced = null
    this.unchokeTime = null
    /** A number of milliseconds, or why there is none. */
    this.latencies = []
  }

  async run () {
    const { wire, socket } = this
    const over = new Promise((resolve) => {
      wire.once('close', resolve)
      this.signal.addEventListener('abort', resolve)
    })
    this.over = over.then(() => { this.isOver = true })
    this.listen()
    const begin = performance.now()
    await this.until(() => this.isGreeted, 'handshake')
    this.handshakeTime = performance.now() - begin
    if (this.isGreeted) {
      if (wire.peerExtensions.extended) await this.until(() => this.isIntroduced, 'extended')
      // A peer without pieces need not say so.
      await this.until(() => this.announced !== null || !wire.peerChoking, 'bitfield', 'have-all', 'have-none', 'have', 'unchoke')
      await this.measure()
    } else {
      this.failure ??= `no answer in ${this.timeout / 1000} s`
    }
    wire.destroy()
    socket.destroy()
  }

  listen () {
    const { wire, socket, infoHash } = this
    socket.on('error', (err) => { this.failure ??= cause(err) })
    if (!this.encrypted) this.readReserved()
    wire.on('handshake', (theirs) => {
      if (theirs !== infoHash) {
        this.failure = `it answers with another info hash, ${theirs}`
        return wire.destroy()
      }
      this.isGreeted = true
      if (this.encrypted) this.sendHandshake()
      if (wire.hasFast) wire.haveNone()
      wire.interested()
      this.interestedAt = performance.now()
    })
    wire.on('extended', (name) => { if (name === 'handshake') this.isIntroduced = true })
    wire.on('bitfield', () => { this.announced = 'bitfield' })
    wire.on('have-all', () => { this.announced = 'have-all' })
    wire.on('have-none', () => { this.announced = 'have-none' })
    wire.on('have', () => { this.announced ??= 'have' })
    wire.on('unchoke', () => { this.unchokeTime ??= performance.now() - this.interestedAt })
    wire.on('close', () => {
      this.failure ??= wire.closeReason?.message ?? 'it closed the connection'
    })

    socket.pipe(wire).pipe(socket)
    if (this.encrypted) {
      wire.once('crypto-handshake', () => this.sendHandshake())
      wire.startEncryption(infoHash)
    } else {
      this.sendHandshake()
    }
  }

  sendHandshake () {
    if (this.isSent) return
    this.isSent = true
    this.wire.handshake(this.infoHash, peerId(), { dht: true, fast: true })
  }

  /** The wire tells of three of the reserved bits; the others are read as they come by. */
  readReserved () {
    let head = Buffer.alloc(0)
    const onData = (chunk) => {
      head = Buffer.concat([head, chunk.subarray(0, RESERVED_AT + 8 - head.length)])
      if (head.length < RESERVED_AT + 8) return
      this.reserved = head.subarray(RESERVED_AT)
      this.socket.off('data', onData)
    }
    this.socket.on('data', onData)
  }

  /** Waits until something is so, but no longer than the timeout, nor than the wire. */
  async until (isSo, ...events) {
    if (isSo()) return
    const { wire } = this
    let timer
    let check
    const event = new Promise((resolve) => {
      check = () => { if (isSo()) resolve() }
      for (const name of events) wire.on(name, check)
      timer = setTimeout(resolve, this.timeout)
    })
    await Promise.race([event, this.over])
    clearTimeout(timer)
    for (const name of events) wire.off(name, check)
  }

  /** Asks for the first block of some pieces, one after the other. */
  async measure () {
    const { wire } = this
    const pieces = this.firstPieces(BLOCKS)
    if (pieces.length === 0) return
    await this.until(() => !wire.peerChoking, 'unchoke')
    if (wire.peerChoking) return
    for (const piece of pieces) {
      if (this.isOver) return
      const begin = performance.now()
      const [err] = await Promise.race([
        new Promise((resolve) => wire.request(piece, 0, BLOCK_LENGTH, (...result) => resolve(result))),
        this.later([new Error(`no answer in ${this.timeout / 1000} s`)])
      ])
      clearTimeout(this.timer)
      this.latencies.push(err ? err.message : performance.now() - begin)
      // It may have no full block there; what it thinks of more requests is not to be known.
      if (err) return
    }
  }

  later (value) {
    return new Promise((resolve) => { this.timer = setTimeout(resolve, this.timeout, value) })
  }

  firstPieces (most) {
    const { peerPieces } = this.wire
    // Who has all pieces does not say how many.
    const count = this.announced === 'have-all' ? 1 : peerPieces.length
    const pieces = []
    for (let i = 0; i < count && pieces.length < most; i++) if (peerPieces.get(i)) pieces.push(i)
    // The same block as often as there is no other.
    return pieces.length === 0 ? [] : Array.from({ length: most }, (_, i) => pieces[i % pieces.length])
  }

  describeClient () {
    const { peerIdBuffer, peerExtendedHandshake: { v } } = this.wire
    const id = peerIdBuffer.toString('latin1')
    const [, letters, version] = /^-(\w\w)(\w{4})-/.exec(id) ?? []
    const client = letters
      ? `${CLIENTS[letters] ?? 'unknown'} ${[...version].join('.')} (${id.slice(0, 8)})`
      : `unknown (${id})`
    const rows = [['Client', client]]
    if (ArrayBuffer.isView(v)) rows.push(['Its own name', Buffer.from(v).toString()])
    return rows
  }

  describeProtocol () {
    const { peerExtensions, peerExtendedMapping, peerExtendedHandshake: { metadata_size: metadata, reqq, p } } = this.wire
    const bits = this.reserved
      ? RESERVED_BITS.filter(([byte, bit]) => (this.reserved[byte] & bit) !== 0).map(([, , name]) => name)
      : Object.keys(peerExtensions).filter((name) => peerExtensions[name])
    const extensions = Object.entries(peerExtendedMapping).map(([name, id]) =>
      `${name}${Object.hasOwn(EXTENSIONS, name) ? ` (${EXTENSIONS[name]})` : ''} = ${id}`)
    const rows = [
      ['Reserved bits', bits.join(', ') || 'none'],
      ['Extensions', extensions.join(', ') || 'none']
    ]
    if (Number.isInteger(metadata)) rows.push(['Metadata', size(metadata)])
    if (Number.isInteger(reqq)) rows.push(['Takes requests', `${reqq} at once`])
    if (Number.isInteger(p)) rows.push(['Listens on port', String(p)])
    return rows
  }

  describePieces () {
    const { peerPieces } = this.wire
    if (this.announced === 'have-all') return [['Pieces', 'all (have-all)']]
    let count = 0
    for (let i = 0; i < peerPieces.length; i++) if (peerPieces.get(i)) count++
    const from = this.announced === 'bitfield' ? `, of up to ${peerPieces.length} (bitfield)` : ''
    return [['Pieces', `${count || 'none'}${from}`]]
  }

  describeLatencies () {
    if (this.latencies.length === 0) {
      return this.wire.peerChoking ? 'not asked for: it chokes us' : 'not asked for: it has no piece'
    }
    const unchoke = this.unchokeTime === null ? '' : `, unchoked after ${this.unchokeTime.toFixed(1)} ms`
    const times = this.latencies.map((time) => typeof time === 'number' ? `${time.toFixed(1)} ms` : time)
    return `${times.join(', ')} for ${size(BLOCK_LENGTH)} each${unchoke}`
  }
}

function describeEncryption (probe) {
  return probe.isGreeted ? 'yes, MSE with RC4' : `no: ${probe.failure}`
}

/** @param {Array<[string, string]>} rows whose values a stranger may have chosen */
function table (rows) {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join('\n')
}
