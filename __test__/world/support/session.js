'use strict'

/**
 * Random sessions of a wire: a scripted peer that sends valid messages, and an application that
 * calls the wire's methods between them, in its event handlers and in its request callbacks.
 *
 * `record` makes a session up while it plays it on one wire, whose state tells which messages are
 * valid next (a piece answers an outstanding request). `replay` plays the same steps on another.
 * Both give a log: every event and callback with its arguments and the state that a handler sees
 * at that moment, and the bytes sent between one step and the next.
 */

const { createHash } = require('node:crypto')
const { Random } = require('./random')
const messages = require('./messages')
const { switchedOn } = require('../differences')

const EVENTS = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'have-all',
  'have-none', 'suggest', 'allowed-fast', 'port', 'keep-alive', 'unknownmessage', 'request',
  'piece', 'cancel', 'reject', 'extended', 'download', 'upload', 'timeout', 'violation', 'error',
  'finish', 'end', 'close'
]
const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'
const OUR_ID = '2d4f55303030302d' + '11'.repeat(12)
const PEER_ID = '2d5045303030302d' + '22'.repeat(12)

/**
 * @param {Function} Wire class to record on
 * @param {number} seed
 * @returns {Promise<{ seed: number, setup: Object, steps: Object[], reactions: Object<number,
 *   Array>, log: string[] }>}
 */
async function record (Wire, seed) {
  const recorder = new Recorder(Wire, seed)
  await recorder.play()
  const { setup, steps, reactions, log } = recorder
  return { seed, setup, steps, reactions, log }
}

/**
 * @param {Function} Wire class to play on
 * @param {Object} session what `record` returned
 * @param {{ options?: Object, chunkSeed?: number }} [how] third constructor argument; a seed for
 *   other cuts between chunks than the recorded ones
 * @returns {Promise<string[]>} the log, up to the step in which it first differs
 */
async function replay (Wire, session, { options, chunkSeed } = {}) {
  const player = new Player(Wire, session.setup, options)
  const random = chunkSeed === undefined ? null : new Random(chunkSeed)
  player.react = ordinal => session.reactions[ordinal]
  let compared = 0
  for (const step of session.steps) {
    await player.step(random && step.feed ? { ...step, ...chunking(step.feed, random) } : step)
    // Whatever comes after a difference is only its consequence.
    if (player.log.some((line, i) => i >= compared && line !== session.log[i])) break
    compared = player.log.length
  }
  return player.log
}

/** One wire, its log, and what can be done to it. */
class Player {
  constructor (Wire, setup, options) {
    this.setup = setup
    this.log = []
    this.ordinal = 0 // of the event or callback
    this.depth = 0 // of actions inside of handlers
    this.requested = 0 // number of our requests
    this.responders = [] // of the peer's requests
    this.closed = false
    this.sent = []
    this.wire = new Wire(setup.type, 0, options)
    this.wire.extendedHandshake = { ...setup.extendedHandshake }
    for (const name of setup.extensions) this.wire.use(this.extension(name))
    for (const event of EVENTS) this.wire.on(event, (...args) => this.note(event, args))
    this.wire.on('data', chunk => this.sent.push(Buffer.from(chunk)))
    this.wire.once('close', () => { this.closed = true })
  }

  /** @returns {Array[]|undefined} what to do inside the handler of that event */
  react (ordinal, event, args) {}

  /** Does one step, lets everything that it causes happen, and logs the bytes that went out. */
  async step (step) {
    if (step.call) this.do(step.call)
    if (step.feed) this.feed(step)
    await turn()
    // Closing takes a few turns. A wire that never closes is to show in the log, not to hang.
    for (let i = 0; step.closes && !this.closed && i < 100; i++) await turn()
    const sent = Buffer.concat(this.sent.splice(0)).toString('hex')
    if (sent) this.log.push(`sent ${sent}`)
    this.log.push('-- ' + this.state())
  }

  feed ({ feed, cuts, direct }) {
    let start = 0
    for (const end of [...cuts, feed.length]) {
      const chunk = Buffer.from(feed.subarray(start, end))
      start = end
      if (!direct) {
        this.wire.write(chunk)
        continue
      }
      let called = 0
      this.wire._write(chunk, () => called++)
      if (called !== 1) this.log.push(`_write called back ${called} times`)
    }
  }

  do (action) {
    const [name, ...args] = action
    this.log.push(`call ${name} ${show(args)}`)
    this.depth++
    try {
      this[`do_${name}`] ? this[`do_${name}`](...args) : this.wire[name](...args)
    } catch (err) {
      this.log.push(`threw ${err.message}`)
    }
    this.depth--
  }

  do_request (piece, offset, length, withCallback) {
    const number = this.requested++
    const callback = (err, block) => this.note('callback', [number, err, block])
    this.wire.request(piece, offset, length, withCallback ? callback : undefined)
  }

  do_respond (number, err) {
    const { respond, piece, offset, length } = this.responders[number]
    err ? respond(new Error(err)) : respond(null, block(piece, offset, length))
  }

  do_piece (piece, offset, length) {
    this.wire.piece(piece, offset, block(piece, offset, length))
  }

  do_bitfield (hex, wrapped) {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    this.wire.bitfield(wrapped ? { buffer: bytes } : bytes)
  }

  do_handshake (asBytes, extensions) {
    asBytes
      ? this.wire.handshake(Buffer.from(INFO_HASH, 'hex'), Buffer.from(OUR_ID, 'hex'), extensions)
      : this.wire.handshake(INFO_HASH, OUR_ID, extensions)
  }

  note (event, args) {
    if (event === 'request') {
      const [piece, offset, length, respond] = args
      this.responders.push({ piece, offset, length, respond })
    }
    this.log.push(`${event} ${show(args)} ${this.state(event)}`)
    const actions = this.react(this.ordinal++, event, args)
    for (const action of actions ?? []) this.do(action)
  }

  extension (name) {
    const player = this
    function Extension (wire) {
      player.log.push(`extension ${name} on ${wire.type}`)
    }
    Extension.prototype.name = name
    if (!name.endsWith('plain')) {
      for (const hook of ['onHandshake', 'onExtendedHandshake', 'onMessage']) {
        Extension.prototype[hook] = (...args) => player.note(`${name}.${hook}`, args)
      }
    }
    return Extension
  }

  state (event) {
    const { wire } = this
    const list = requests => requests.map(r => `${r.piece}:${r.offset}:${r.length}`).join(',')
    const state = {
      flags: ['amChoking', 'amInterested', 'peerChoking', 'peerInterested', 'hasFast']
        .filter(name => wire[name]).join(' '),
      requests: list(wire.requests),
      peerRequests: list(wire.peerRequests),
      counts: [wire.uploaded, wire.downloaded],
      fast: [wire.allowedFastSet, wire.peerAllowedFastSet],
      mapping: [wire.extendedMapping, switchedOn(wire.peerExtendedMapping)]
    }
    if (event === 'handshake') {
      state.peer = [wire.peerId, wire.peerIdBuffer, wire.extensions, wire.peerExtensions]
    }
    if (event === 'extended') state.peerExtendedHandshake = wire.peerExtendedHandshake
    if (/have|bitfield/.test(event)) state.pieces = this.bits()
    return show(state)
  }

  bits () {
    const { peerPieces } = this.wire
    const bits = Array.from({ length: this.setup.pieces + 9 }, (_, i) => Number(peerPieces.get(i)))
    return `${bits.join('')} ${typeof peerPieces.setAll}`
  }
}

/** A player that decides what comes next as it goes, and keeps the decisions. */
class Recorder extends Player {
  constructor (Wire, seed) {
    const random = new Random(seed)
    super(Wire, randomSetup(random))
    this.random = random
    this.steps = []
    this.reactions = {}
    this.reacting = true
    this.gone = [] // blocks that we asked for and no longer wait for
    this.answered = [] // the peer's requests that are answered
  }

  async play () {
    await this.open()
    const rounds = this.random.int(5, 45)
    for (let i = 0; i < rounds; i++) {
      if (this.random.chance(0.6)) await this.take(this.batch(this.random.int(1, 12)))
      else await this.take({ call: this.apiCall() })
    }
    await this.close()
  }

  async take (step) {
    if (step.feed) Object.assign(step, chunking(step.feed, this.random))
    this.steps.push(step)
    await this.step(step)
  }

  async open () {
    const { random, setup: { order, ours, peer, first } } = this
    const ourHandshake = ['handshake', random.chance(0.5), ours]
    const peerHandshake = messages.handshake(INFO_HASH, PEER_ID, peer)
    const pieces = this.firstMessage(first)

    if (order === 'ours first') {
      await this.take({ call: ourHandshake })
      await this.take({ feed: Buffer.concat([peerHandshake, pieces]) })
    } else if (order === 'in handler') {
      this.onHandshake = ourHandshake
      await this.take({ feed: Buffer.concat([peerHandshake, pieces]) })
    } else {
      await this.take({ feed: peerHandshake })
      await this.take({ call: ourHandshake })
      await this.take({ feed: pieces })
    }
    if (this.speaksExtended && random.chance(0.8)) {
      await this.take({ feed: this.extendedHandshake() })
    }
  }

  async close () {
    const { random } = this
    this.reacting = false
    const way = random.pick(['destroy', 'end', 'destroy in handler', 'destroy twice'])
    if (way === 'destroy in handler') {
      this.last = ['destroy']
      await this.take({ feed: messages.keepAlive(), closes: true })
    } else {
      await this.take({ call: [way === 'end' ? 'end' : 'destroy'], closes: true })
    }
    const after = [['have', 1], ['keepAlive'], ['interested'], ['request', 0, 0, 5, true]]
    if (way === 'destroy twice') after.push(['destroy'])
    if (this.responders.length) after.push(['respond', random.int(0, this.responders.length - 1)])
    for (const call of after) await this.take({ call })
  }

  react (ordinal, event, args) {
    const actions = this.reaction(event)
    if (actions) this.reactions[ordinal] = actions
    return actions
  }

  reaction (event) {
    const { random } = this
    if (event === 'handshake' && this.onHandshake) return [this.onHandshake]
    if (event === 'keep-alive' && this.last) return [this.last]
    // A cancel's reject (D18) may go out before or after the event: no bytes of ours beside it.
    if (!this.reacting || this.depth > 0 || ['handshake', 'cancel'].includes(event)) return
    if (event === 'request') {
      const number = this.responders.length - 1
      if (random.chance(0.5)) return [['respond', number]]
      if (random.chance(0.15)) return [['respond', number, 'no such block']]
    }
    if (event === 'callback' && random.chance(0.3)) return [this.requestCall()]
    if (random.chance(0.07)) {
      const calls = ['interested', 'uninterested', 'unchoke', 'choke', 'keepAlive']
      return random.pick([
        [this.requestCall()], [['have', random.int(0, 99)]], [[random.pick(calls)]],
        [['choke'], ['unchoke']], [this.extendedCall()]
      ])
    }
  }

  /** @returns {Array} something that an application might do now */
  apiCall () {
    const { random, wire } = this
    const call = random.weighted({
      request: 30,
      choke: 4,
      unchoke: 10,
      interested: 4,
      uninterested: 3,
      have: 4,
      bitfield: 1,
      piece: 2,
      cancel: 5,
      port: 2,
      keepAlive: 2,
      extended: 5,
      respond: 12,
      reject: 3,
      suggest: 2,
      haveAll: 1,
      haveNone: 1,
      allowedFast: 4
    })
    const index = random.int(0, this.setup.pieces - 1)
    switch (call) {
      case 'request': return this.requestCall()
      case 'extended': return this.extendedCall()
      case 'bitfield': {
        return [call, random.bytes(random.int(1, 30)).toString('hex'), random.chance(0.5)]
      }
      case 'piece': return [call, index, 0, random.int(0, 40)]
      case 'port': return [call, random.int(0, 65535)]
      case 'have': case 'suggest': case 'allowedFast': return [call, index]
      case 'cancel': {
        if (!wire.requests.length) return this.requestCall()
        const { piece, offset, length } = random.pick(wire.requests)
        this.gone.push([piece, offset, length])
        return [call, piece, offset, length]
      }
      case 'respond': {
        if (!this.responders.length) return ['unchoke']
        const last = this.responders.length - 1
        const number = random.int(Math.max(0, last - 7), last)
        return random.chance(0.8) ? [call, number] : [call, number, 'not now']
      }
      case 'reject': {
        if (!wire.peerRequests.length) return [call, index, 0, 1] // throws, or says so unasked
        const { piece, offset, length } = random.pick(wire.peerRequests)
        return [call, piece, offset, length]
      }
      default: return [call]
    }
  }

  requestCall () {
    const { random, wire } = this
    if (wire.requests.length && random.chance(0.1)) { // the same block once more
      const { piece, offset, length } = random.pick(wire.requests)
      return ['request', piece, offset, length, true]
    }
    const allowed = wire.peerAllowedFastSet
    const piece = allowed.length && random.chance(0.3)
      ? random.pick(allowed)
      : random.int(0, this.setup.pieces - 1)
    return ['request', piece, 64 * random.int(0, 3), this.blockLength(), random.chance(0.95)]
  }

  extendedCall () {
    const { random, wire } = this
    const names = [...Object.keys(wire.peerExtendedMapping), 'ut_nobody']
    const to = random.chance(0.7) ? random.pick(names) : random.int(1, 255)
    const what = random.chance(0.5)
      ? new Uint8Array(random.bytes(random.int(0, 40)))
      : { msg_type: 1, text: 'héllo', list: [1, 'two', new Uint8Array([3])], a: { b: -1 } }
    return ['extended', to, what]
  }

  /** @returns {{ feed: Buffer }} `count` messages that a correct peer may send in this state */
  batch (count) {
    this.outstanding = this.wire.requests.map(r => [r.piece, r.offset, r.length])
    this.theirs = this.wire.peerRequests.map(r => [r.piece, r.offset, r.length])
    return { feed: Buffer.concat(Array.from({ length: count }, () => this.peerMessage())) }
  }

  peerMessage () {
    const { random, wire, setup } = this
    const index = random.int(0, setup.pieces - 1)
    const name = random.weighted({
      have: 10,
      choke: 2,
      unchoke: 8,
      interested: 3,
      uninterested: 2,
      request: 22,
      piece: this.outstanding.length ? 40 : 0,
      latePiece: this.gone.length ? 1 : 0,
      cancel: this.theirs.length ? 6 : 0,
      lateCancel: this.answered.length ? 1 : 0,
      port: 1,
      keepAlive: 2,
      unknown: 2,
      suggest: wire.hasFast ? 3 : 0,
      allowedFast: wire.hasFast ? 4 : 0,
      reject: wire.hasFast && this.outstanding.length ? 10 : 0,
      lateReject: wire.hasFast && this.gone.length ? 1 : 0,
      extendedHandshake: this.speaksExtended ? 2 : 0,
      extended: this.speaksExtended ? 6 : 0
    })
    switch (name) {
      case 'choke':
        if (!wire.hasFast) this.gone.push(...this.outstanding.splice(0))
        return messages.choke()
      case 'have': case 'suggest': case 'allowedFast': return messages[name](index)
      case 'port': return messages.port(random.int(0, 65535))
      case 'request': {
        const request = [index, 64 * random.int(0, 3), this.blockLength()]
        const again = this.theirs.some(other => String(other) === String(request))
        if (again) return messages.keepAlive()
        this.theirs.push(request)
        return messages.request(...request)
      }
      case 'piece': {
        const at = random.chance(0.5) ? 0 : random.int(0, this.outstanding.length - 1)
        const [piece, offset, length] = this.outstanding.splice(at, 1)[0]
        return messages.piece(piece, offset, block(piece, offset, length))
      }
      case 'latePiece': {
        const [piece, offset, length] = random.pick(this.gone)
        return messages.piece(piece, offset, block(piece, offset, length))
      }
      case 'cancel': {
        const request = this.theirs.splice(random.int(0, this.theirs.length - 1), 1)[0]
        this.answered.push(request)
        return messages.cancel(...request)
      }
      case 'lateCancel': return messages.cancel(...random.pick(this.answered))
      case 'reject': {
        const at = random.int(0, this.outstanding.length - 1)
        return messages.reject(...this.outstanding.splice(at, 1)[0])
      }
      case 'lateReject': return messages.reject(...random.pick(this.gone))
      case 'unknown': {
        const id = random.pick([10, 11, 12, 18, 19, 21, 22, 23, 99, 255])
        return messages.message(id, random.bytes(random.int(0, 60)))
      }
      case 'extendedHandshake': return this.extendedHandshake()
      case 'extended': {
        return messages.extended(random.pick([1, 2, 3, 77]), random.bytes(random.int(0, 60)))
      }
      default: return messages[name]()
    }
  }

  firstMessage (first) {
    const { random, setup: { pieces } } = this
    if (first === 'bitfield') {
      const bits = random.bytes(Math.ceil(pieces / 8))
      if (pieces % 8) bits[bits.length - 1] &= 0xff << (8 - pieces % 8)
      return messages.bitfield(bits)
    }
    return first === 'nothing' ? Buffer.alloc(0) : messages[first]()
  }

  extendedHandshake () {
    const { random } = this
    const dict = {}
    if (random.chance(0.9)) {
      dict.m = {}
      for (const name of ['ut_test', 'ut_plain', 'ut_pex', 'x_other']) {
        if (random.chance(0.7)) dict.m[name] = random.pick([0, 1, 2, 3, 20, 127, 128, 255])
      }
    }
    if (random.chance(0.5)) dict.v = 'Some Client 1.0'
    if (random.chance(0.5)) dict.p = random.int(1, 65535)
    if (random.chance(0.5)) dict.reqq = 250
    if (random.chance(0.5)) dict.yourip = random.bytes(4)
    if (random.chance(0.3)) dict.metadata_size = random.int(1, 1e7)
    if (random.chance(0.3)) dict.nested = { list: [1, -2, [], {}, random.bytes(3)], empty: '' }
    return messages.extended(0, messages.bencode(dict))
  }

  blockLength () {
    return this.random.chance(0.05) ? 16384 : this.random.int(1, 64)
  }

  get speaksExtended () {
    return this.setup.peer.extended
  }
}

function randomSetup (random) {
  const ours = { dht: random.chance(0.6), fast: random.chance(0.8) }
  const peer = { dht: random.chance(0.6), fast: random.chance(0.8), extended: random.chance(0.8) }
  const order = random.pick(['ours first', 'in handler', 'peer first'])
  const announced = random.chance(0.9)
  const fast = announced && ours.fast && peer.fast
  return {
    type: random.pick(['tcpIncoming', 'tcpOutgoing', 'webrtc', '']),
    ours: announced ? ours : undefined,
    peer,
    order,
    first: random.pick(['bitfield', 'nothing', ...(fast ? ['haveAll', 'haveNone'] : [])]),
    pieces: random.pick([1, 7, 8, 40, 131, 1000]),
    extensions: random.pick([[], ['ut_test'], ['ut_test', 'ut_plain'], ['ut_plain', 'ut_test']]),
    extendedHandshake: random.pick([
      {}, { v: 'Ours 1.0', p: 6881, reqq: 500, nested: { z: 1, a: [new Uint8Array([1, 2])] } }
    ])
  }
}

/** @returns {{ cuts: number[], direct: boolean }} where to cut `bytes`, and how to hand it in */
function chunking (bytes, random) {
  const largest = random.pick([1, 3, 20, 100, 1460, 65536])
  const cuts = []
  // A long message byte by byte takes its time and shows nothing more than a short one.
  const least = bytes.length > 2000 ? Math.min(largest, 100) : 1
  const next = at => at + random.int(least, largest)
  for (let at = next(0); at < bytes.length; at = next(at)) cuts.push(at)
  return { cuts, direct: random.chance(0.3) }
}

/** The bytes of a block: the same for the same place, different for different ones. */
function block (piece, offset, length) {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = piece * 31 + offset * 7 + i + (i >> 8)
  return bytes
}

/** One text for a value, whatever package its bytes and bitfields come from. */
function show (value) {
  if (value instanceof Uint8Array) {
    return value.length <= 48
      ? `<${Buffer.from(value).toString('hex')}>`
      : `<${value.length} bytes, sha1 ${createHash('sha1').update(value).digest('hex')}>`
  }
  if (value instanceof Error || typeof value?.stack === 'string') return `Error(${value.message})`
  if (typeof value === 'function') return 'function'
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`
  if (value && typeof value.get === 'function') return `bits ${show(value.buffer)}`
  if (value && typeof value === 'object') {
    return `{${Object.keys(value).sort().map(key => `${key}: ${show(value[key])}`).join(', ')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** Everything that is already under way, microtasks and ticks, happens before this resolves. */
function turn () {
  return new Promise(resolve => setImmediate(resolve))
}

module.exports = { record, replay }
