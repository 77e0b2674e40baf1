'use strict'

const { EventEmitter } = require('node:events')

const { Message, blockKey } = require('./decoder')
const { blockOf } = require('./blocks')
const { INFO_HASH, EXTENSION, RANGE } = require('./player')
const { RawPeer } = require('../helpers/mse')
const messages = require('../world/support/messages')

/**
 * A peer that is written in bytes, with none of the code under test. It is honest, unless it is
 * made to talk nonsense.
 */
class Stranger {
  /**
   * @param {import('./session').Session} session
   * @param {object} options
   * @param {number} options.number its own
   * @param {boolean} options.isOutgoing
   * @param {boolean} options.isEncrypted
   * @param {boolean} options.fast it announces BEP 6
   * @param {boolean} options.extended it announces BEP 10
   */
  constructor (session, { number, isOutgoing, isEncrypted, fast, extended }) {
    this.session = session
    this.random = session.random
    this.name = `stranger ${number}`
    this.salt = number
    this.base = number * RANGE
    this.peerId = number.toString(16).padStart(40, '0')
    this.isOutgoing = isOutgoing
    this.fast = fast
    this.hasExtension = extended

    this.amChoking = true
    this.peerChoking = true
    this.isGreeted = false
    this.isClosed = false
    /** Blocks that the wire has asked for, and those that were asked of it. @type {Message[]} */
    this.asked = []
    this.asking = []
    this.offset = 0
    this.extendedHeard = 0
    /** Blocks that it has asked for twice. */
    this.repeated = new Set()
    /** Every block that it was asked for. */
    this.seen = new Set()
    /** Nobody has to watch this one: what it says is what the wire has to hear. */
    this.out = { isWatched: true, bytes: 0 }
    this.mse = null
    this.isOpen = !isEncrypted
  }

  /**
   * Its connection is there.
   * @param {import('node:stream').Duplex} end of it
   */
  join (end) {
    this.end = end
    end.on('data', bytes => this.isOpen ? this.hear(bytes) : this.mouth.emit('data', bytes))
    end.on('error', () => {})
    end.on('end', () => {
      this.isClosed = true
      end.end()
    })
    end.on('close', () => { this.isClosed = true })
    if (!this.isOpen) this.mouth = Object.assign(new EventEmitter(), { write: bytes => end.write(bytes) })
  }

  /**
   * @param {import('./connections').Connection} connection
   * @param {import('./player').Player} player
   */
  meet (connection, player) {
    this.connection = connection
    this.player = player
  }

  /** Begins to talk. */
  start () {
    if (this.mouth) this.negotiate()
    else if (this.isOutgoing || this.random.below(2) === 0) this.greet()
  }

  async negotiate () {
    this.mse = new RawPeer(this.mouth, INFO_HASH)
    this.end.on('end', () => this.mouth.emit('end'))
    try {
      const rest = this.isOutgoing ? await this.connect() : await this.accept()
      this.isOpen = true
      this.greet()
      this.receive(rest)
      this.hear(this.mse.unread)
    } catch (error) {
      if (!this.isClosed) this.session.fail(`${this.name}: ${error.stack}`)
    }
  }

  async connect () {
    await this.mse.open({ provide: 2 })
    return Buffer.alloc(0)
  }

  async accept () {
    const { ia } = await this.mse.accept({ select: 2 })
    return ia
  }

  hear (bytes) {
    this.receive(this.mse === null ? bytes : this.mse.decrypt.apply(bytes))
  }

  receive (bytes) {
    this.player.out.pass(bytes)
  }

  /** The wire has sent this. */
  expect (message) {
    const { block } = isBlock(message) ? message : {}
    switch (message.name) {
      case 'handshake': return this.greet()
      case 'choke': this.peerChoking = true; return
      case 'unchoke': this.peerChoking = false; return
      case 'request':
        this.asked.push(message)
        this.seen.add(block)
        if (this.random.below(3) === 0) this.answer(message)
        return
      case 'cancel': return remove(this.asked, block)
      case 'piece': case 'reject': return remove(this.asking, block)
      case 'extended': this.extendedHeard += message.frame.length + 4
    }
  }

  //
  // WHAT IT SAYS
  //

  say (...frames) {
    if (this.isClosed || this.end.writableEnded || this.end.destroyed) return
    for (const frame of frames) this.player.expect(new Message(frame))
    const bytes = Buffer.concat(frames)
    this.out.bytes += bytes.length
    this.end.write(this.mse === null ? bytes : this.mse.encrypt.apply(bytes))
  }

  greet () {
    if (this.isGreeted) return
    this.isGreeted = true
    this.say(messages.handshake(INFO_HASH, this.peerId, { fast: this.fast, extended: this.hasExtension }))
    if (this.hasExtension) this.say(messages.extended(0, messages.bencode({ m: { [EXTENSION]: 1 }, v: this.name })))
  }

  ask (piece, offset, length) {
    const frame = messages.request(piece, offset, length)
    this.asking.push(new Message(frame))
    this.say(frame)
  }

  askAgain (piece, offset, length) {
    this.repeated.add(blockKey(piece, offset, length))
    this.ask(piece, offset, length)
  }

  cancel (message) {
    remove(this.asking, message.block)
    this.say(messages.cancel(message.index, message.offset, message.length))
  }

  answer (message) {
    const { index, offset, length } = message
    remove(this.asked, message.block)
    if (this.player.hasFast && this.random.below(4) === 0) return this.say(messages.reject(index, offset, length))
    this.say(messages.piece(index, offset, blockOf(this.salt, index, offset, length)))
  }

  answerAll () {
    while (this.asked.length > 0) this.answer(this.asked[0])
  }

  choke () {
    this.amChoking = true
    const dropped = this.asked.splice(0)
    this.say(messages.choke(), ...this.player.hasFast
      ? dropped.map(({ index, offset, length }) => messages.reject(index, offset, length))
      : [])
  }

  unchoke () {
    this.amChoking = false
    this.say(messages.unchoke())
  }

  /** A length that nobody can mean. */
  talkNonsense () {
    if (!this.isOpen || this.isClosed || this.end.writableEnded) return
    this.player.mayFail.add(this.isGreeted ? 'ERR_MESSAGE_TOO_LONG' : 'ERR_BAD_HANDSHAKE')
    this.connection.interruptions++
    this.connection.isLost = true
    this.end.write(this.mse === null ? GARBAGE : this.mse.encrypt.apply(GARBAGE))
  }

  //
  // AS PEER OF A PLAYER
  //

  takeAutomatic () { return false }

  mayRepeat () { return true }

  mayLose ({ block }) { return !this.seen.has(block) }
}

const GARBAGE = Buffer.alloc(9, 0xff)

function isBlock ({ name }) {
  return ['request', 'cancel', 'piece', 'reject'].includes(name)
}

/** Takes out the first for this block. */
function remove (list, block) {
  const at = list.findIndex(message => message.block === block)
  if (at >= 0) list.splice(at, 1)
}

module.exports = { Stranger }
