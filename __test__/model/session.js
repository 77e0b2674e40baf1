'use strict'

/**
 * A random session: calls of the API, bytes of a peer, and handlers that do anything from within
 * an event. It is held against a small model; see `check`.
 */

const { Random } = require('../helpers/random')
const p = require('../world/support/messages')

const INFO_HASH = '11'.repeat(20)

/** What an application's handler throws here. */
class Thrown extends Error {}

const EVENTS = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'request', 'piece',
  'cancel', 'port', 'suggest', 'have-all', 'have-none', 'reject', 'allowed-fast', 'extended', 'keep-alive',
  'unknownmessage', 'timeout', 'download', 'upload', 'violation', 'finish', 'end', 'close'
]

/** What may still be emitted once the wire is ending. */
const AT_THE_END = new Set(['uninterested', 'choke', 'upload', 'violation', 'finish', 'end', 'close'])

/** Each of these messages of the peer is one event, with a number of its own. */
const NUMBERED = new Set(['have', 'port', 'unknownmessage', 'piece', 'suggest'])

class Session {
  constructor (Wire, seed) {
    this.random = new Random(seed)
    const { random } = this
    this.fast = random.below(2) === 0
    this.wire = new Wire(random.pick(['tcpIncoming', 'tcpOutgoing', 'webrtc']), 0, random.pick([
      undefined,
      { highWaterMark: 1 + random.below(5000), maxPeerRequests: 1 + random.below(10) }
    ]))
    this.failures = []
    this.depth = 0
    /** Events that the peer's messages must give, in order. */
    this.expected = []
    this.number = 0
    this.requests = []
    this.answers = []
    this.writes = []
    this.counts = {}
    this.transferred = new WeakSet()
    this.state = { amChoking: true, amInterested: false, peerChoking: true, peerInterested: false }
    this.isEnding = false
    this.isClosed = false
    for (const name of EVENTS) this.wire.on(name, (...args) => this.onEvent(name, args))
    if (random.below(4) > 0) this.wire.on('data', () => {})
  }

  async play (steps) {
    this.guard(() => this.wire.handshake(INFO_HASH, '22'.repeat(20), { fast: this.fast }))
    this.hear([p.handshake(INFO_HASH, '33'.repeat(20), { fast: this.fast, extended: true })])
    for (let step = 0; step < steps && this.failures.length === 0; step++) {
      if (this.random.below(3) === 0) this.hearSomething()
      else this.act()
      if (this.random.below(4) === 0) await turn()
    }
    await this.settle()
    if (!this.isEnding) this.checkAlive()
    this.guard(() => this.end())
    for (let i = 0; i < 100 && !this.isClosed; i++) await turn()
    await turn()
    // A closed wire answers, and says nothing.
    for (let i = 0; i < 20; i++) this.act()
    await turn()
    this.checkClosed()
    return this.failures
  }

  /** Everything that can happen has happened: whoever did not read, reads. */
  async settle () {
    this.wire.on('data', () => {})
    this.wire.resume()
    for (let i = 0; i < 50; i++) {
      await turn()
      const last = this.answers.length
      for (const answer of this.answers.splice(0)) this.guard(() => answer(null, Buffer.alloc(3)))
      if (last === 0 && i > 10) break
    }
  }

  fail (message) {
    if (this.failures.length < 5) this.failures.push(message)
  }

  expect (isTrue, message) {
    if (!isTrue) this.fail(typeof message === 'function' ? message() : message)
  }

  checkState (where) {
    for (const [name, value] of Object.entries(this.state)) {
      this.expect(this.wire[name] === value, () => `${where}: ${name} is ${this.wire[name]}`)
    }
  }

  checkAlive () {
    this.checkState('at rest')
    this.expect(this.expected.length === 0, () => `never emitted: ${this.expected.slice(0, 3).join(' ')}`)
    const open = this.requests.filter(({ calls }) => calls === 0).length
    this.expect(this.wire.requests.length === open, () => `${this.wire.requests.length} requests, not ${open}`)
    this.expect(this.writes.every(({ calls }) => calls === 1), 'a chunk was not taken once')
  }

  checkClosed () {
    this.expect(this.isClosed, 'it never closed')
    for (const name of ['finish', 'end', 'close']) {
      this.expect(this.counts[name] === 1, () => `${name} was emitted ${this.counts[name]} times`)
    }
    this.expect(this.requests.every(({ calls }) => calls === 1), () => {
      return `callbacks called ${this.requests.map(({ calls }) => calls).join(' ')} times`
    })
    this.expect(this.writes.every(({ calls }) => calls === 1), () => {
      return `write callbacks called ${this.writes.map(({ calls }) => calls).join(' ')} times`
    })
    this.expect(this.wire.requests.length === 0 && this.wire.peerRequests.length === 0, 'requests are left')
    this.expect(this.wire.destroyed, 'it is not destroyed')
  }

  //
  // THE PEER
  //

  hear (messages) {
    const stream = Buffer.concat(messages)
    let at = 0
    while (at < stream.length) {
      const length = 1 + this.random.below(this.random.pick([3, 40, 4000, 30_000]))
      const chunk = Buffer.allocUnsafeSlow(Math.min(length, stream.length - at))
      stream.copy(chunk, 0, at)
      at += chunk.length
      const write = { calls: 0 }
      this.writes.push(write)
      this.guard(() => this.wire._write(chunk, null, () => { write.calls++ }))
    }
  }

  hearSomething () {
    const messages = []
    for (let i = this.random.below(12); i >= 0; i--) messages.push(this.anyMessage())
    this.hear(messages)
  }

  anyMessage () {
    const { random } = this
    // A wire that is choked has lost its requests; whatever comes, the numbers go on.
    switch (random.below(24)) {
      case 0: return p.choke()
      case 1: case 2: return p.unchoke()
      case 3: return p.interested()
      case 4: return p.uninterested()
      case 5: return p.keepAlive()
      case 6: return p.bitfield(random.bytes(random.below(8)))
      case 7: case 8: case 9: return p.request(random.below(3), 0, 1 + random.below(3))
      case 10: return p.cancel(random.below(3), 0, 1 + random.below(3))
      case 11: return this.fast ? p.allowedFast(random.below(5)) : p.keepAlive()
      case 12: return p.extended(0, p.bencode({ m: { ut_test: random.below(3) } }))
      case 13: return p.extended(1 + random.below(3), random.bytes(random.below(50)))
      case 14: case 15: case 16: return this.answerRequest()
      case 17: return random.below(30) === 0 ? this.garbage() : this.numbered('have')
      default: return this.numbered(random.pick([...NUMBERED]))
    }
  }

  /** A length that nobody can mean: anything else might be the head of a message that swallows the next ones. */
  garbage () {
    return Buffer.concat([Buffer.from([0xff]), this.random.bytes(this.random.below(30))])
  }

  /** A message whose event must come next of its kind. */
  numbered (name) {
    if (name === 'suggest' && !this.fast) name = 'have'
    const number = 1000 + this.number++
    this.expected.push([name, number])
    switch (name) {
      case 'have': return p.have(number)
      case 'port': return p.port(number)
      case 'suggest': return p.suggest(number)
      case 'piece': return p.piece(1, number, pattern(number, this.random.pick([0, 10, 3000, 5000])))
      default: return p.message(0x63, pattern(number, 4))
    }
  }

  answerRequest () {
    const open = this.requests.filter(({ calls, isAnswered }) => calls === 0 && !isAnswered)
    if (open.length === 0) return p.keepAlive()
    const request = this.random.pick(open)
    request.isAnswered = true
    if (this.fast && this.random.below(4) === 0) return p.reject(0, request.number, request.length)
    this.expected.push(['piece', request.number])
    return p.piece(0, request.number, pattern(request.number, request.length))
  }

  //
  // THE APPLICATION
  //

  act () {
    const { wire, random, state } = this
    const block = () => [random.below(3), 0, 1 + random.below(3)]
    const canFast = wire.hasFast
    this.guard(() => {
      switch (random.below(28)) {
        case 0: state.amChoking = true; return wire.choke()
        case 1: case 2: case 3: state.amChoking = false; return wire.unchoke()
        case 4: state.amInterested = true; return wire.interested()
        case 5: state.amInterested = false; return wire.uninterested()
        case 6: return wire.have(random.below(1000))
        case 7: return wire.bitfield(random.bytes(random.below(10)))
        case 8: case 9: case 10: case 11: case 12: case 13: return this.request()
        case 14: {
          const open = this.requests.filter(({ calls }) => calls === 0)
          const { number, length } = open.length > 0 ? random.pick(open) : { number: 0, length: 1 }
          return wire.cancel(0, number, length)
        }
        case 15: return wire.piece(...block().slice(0, 2), random.bytes(1 + random.below(3)))
        case 16: return wire.port(random.below(65536))
        case 17: return canFast ? wire.suggest(1) : this.mustThrow(() => wire.suggest(1))
        case 18: return canFast ? wire.allowedFast(random.below(5)) : this.mustThrow(() => wire.haveAll())
        case 19: return canFast ? wire.reject(...block()) : this.mustThrow(() => wire.reject(...block()))
        case 20: return wire.extended(random.below(4), random.bytes(random.below(20)))
        case 21: return wire.keepAlive()
        case 22: return wire.setTimeout(100_000 + random.below(1000), true)
        case 23: wire.setKeepAlive(true); return wire.setKeepAlive(false)
        case 24: case 25: {
          const answer = this.answers.splice(random.below(this.answers.length || 1), 1)[0]
          return answer?.(random.below(3) === 0 ? new Error('no') : null, random.bytes(random.below(4)))
        }
        case 26: {
          const other = () => {}
          wire.on('have', other)
          return wire.removeListener('have', other)
        }
        case 27: return random.below(40) === 0 ? this.end() : wire.downloadSpeed()
      }
    })
  }

  mustThrow (action) {
    try {
      action()
    } catch (error) {
      return this.expect(error.message === 'fast extension is disabled', error.message)
    }
    this.fail('a method of the fast extension did not throw')
  }

  request () {
    const number = 10_000 + this.requests.length
    const length = 1 + this.random.below(this.random.pick([5, 4000]))
    const request = { number, length, calls: 0, isAnswered: false }
    this.requests.push(request)
    this.wire.request(0, number, length, (error, block) => {
      request.calls++
      this.expect(request.calls === 1, () => `the callback of request ${number} was called again`)
      this.expect(!this.isClosed || error, 'a block came after the end')
      if (!error) this.checkBytes('the block of a request', block, number, length)
      this.react([block])
    })
  }

  end () {
    this.isEnding = true
    this.state.peerChoking = true
    this.state.peerInterested = false
    if (this.random.below(2) === 0) this.wire.end()
    else this.wire.destroy()
  }

  //
  // EVENTS
  //

  onEvent (name, args) {
    this.counts[name] = (this.counts[name] ?? 0) + 1
    const { state } = this
    if (this.isClosed) this.fail(`${name} after close`)
    if (name === 'violation') {
      this.isEnding = true
      this.expect(['ERR_MESSAGE_TOO_LONG', 'ERR_TOO_MANY_REQUESTS'].includes(args[0].code), args[0].stack)
    }
    if (this.isEnding && !AT_THE_END.has(name)) this.fail(`${name} after the end`)
    if (name === 'close') this.isClosed = true
    if (name === 'choke') state.peerChoking = true
    if (name === 'unchoke') state.peerChoking = false
    if (name === 'interested') state.peerInterested = true
    if (name === 'uninterested') state.peerInterested = false
    // Inside of end() the model is ahead, and choke() is half done.
    if (!this.isEnding && !['upload'].includes(name)) {
      for (const key of ['peerChoking', 'peerInterested']) {
        this.expect(this.wire[key] === state[key], () => `in ${name}: ${key} is ${this.wire[key]}`)
      }
    }
    if (NUMBERED.has(name)) this.checkNumbered(name, args)
    if (name === 'request') this.answers.push(args[3])
    this.react(args)
  }

  checkNumbered (name, args) {
    const number = name === 'piece' ? args[1] : name === 'unknownmessage' ? args[0].readUInt32BE(1) : args[0]
    const next = this.expected.shift()
    this.expect(next?.[0] === name && next[1] === number, () => `${name} ${number} came instead of ${next?.join(' ')}`)
    if (name === 'piece' && number < 10_000) this.checkBytes('a piece', args[2], number)
    if (name === 'unknownmessage') this.checkBytes('a message', args[0].subarray(1), number)
  }

  checkBytes (what, bytes, number, length = bytes.length) {
    if (this.transferred.has(bytes)) return
    this.expect(bytes.length === length && bytes.equals(pattern(number, length)), () => `${what} is not what was sent`)
  }

  /** A handler does something of its own. */
  react (args) {
    const { random } = this
    if (this.depth > 3 || random.below(4) > 0) return
    this.depth++
    try {
      for (const payload of args) {
        if (Buffer.isBuffer(payload) && payload.length > 0 && random.below(3) === 0) {
          this.transferred.add(payload)
          structuredClone(payload.buffer, { transfer: [payload.buffer] })
        }
      }
      for (let i = random.below(3); i > 0; i--) this.act()
      if (random.below(100) === 0) this.guard(() => this.end())
      if (random.below(12) === 0) throw new Thrown()
    } finally {
      this.depth--
    }
  }

  /** What a handler throws may surface in whatever call it was reached by. */
  guard (action) {
    try {
      action()
    } catch (error) {
      if (!(error instanceof Thrown)) this.fail(error.stack)
    }
  }
}

/** Bytes that tell where they come from. */
function pattern (number, length) {
  const bytes = Buffer.alloc(length, number & 0xff)
  if (length >= 4) bytes.writeUInt32BE(number, 0)
  return bytes
}

function turn () {
  return new Promise(resolve => setImmediate(resolve))
}

module.exports = { Session, Thrown }
