'use strict'

const { EventEmitter } = require('node:events')

const { checkNumber, toBytes } = require('../lib/arguments.js')
const { rangeError } = require('../lib/errors.js')
const { canonicalAddress } = require('./support/addresses.js')
const { RENDEZVOUS, CONNECT, ERROR, readMessage, writeMessage } = require('./support/holepunch.js')
const peerSpeaks = require('./support/peer-speaks.js')
const Rate = require('./support/rate.js')

/** Why a rendezvous cannot be. BEP 55 */
const ERRORS = Object.freeze({ NO_SUCH_PEER: 1, NOT_CONNECTED: 2, NO_SUPPORT: 3, NO_SELF: 4 })

/** Messages of a peer that count in a minute: each has somebody connect to somewhere. */
const MAX_MESSAGES = 100

/** The holepunch extension (BEP 55), on one wire: see ut_holepunch.d.ts. */
class UtHolepunch extends EventEmitter {
  #wire
  #rate = new Rate(MAX_MESSAGES)

  constructor (wire) {
    super()
    this.#wire = wire
  }

  /** Whether the peer announced the extension. */
  get isSpoken () {
    return peerSpeaks(this.#wire, this.name)
  }

  onMessage (payload) {
    const message = readMessage(toBytes(payload, 'payload'))
    if (message === null || !this.#rate.allows()) return
    const { type, address, code } = message
    if (type === RENDEZVOUS) this.emit('rendezvous', address)
    else if (type === CONNECT) this.emit('connect', address)
    else this.emit('failed', address, code)
  }

  rendezvous (address) {
    return this.#send(RENDEZVOUS, checkAddress(address), 0)
  }

  connect (address) {
    return this.#send(CONNECT, checkAddress(address), 0)
  }

  fail (address, code) {
    checkNumber(code, 'code')
    if (code === 0) throw rangeError('code must not be 0')
    checkAddress(address) // and it stays as it is: BEP 55 wants that of the rendezvous
    return this.#send(ERROR, address, code)
  }

  #send (type, address, code) {
    if (!this.isSpoken) return false
    this.#wire.extended(this.name, writeMessage(type, address, code))
    return true
  }
}

Object.defineProperty(UtHolepunch.prototype, 'name', { value: 'ut_holepunch', writable: true, configurable: true })

/** Introduces peers to each other: the part of the relaying peer in BEP 55. */
class Relay {
  /** The wires, by their peers' addresses. @type {Map<string, import('..')>} */
  #wires = new Map()
  /** Our own addresses. @type {Set<string>} */
  #own

  constructor ({ own = [] } = {}) {
    this.#own = new Set(own.map(checkAddress))
  }

  add (wire, address) {
    const key = checkAddress(address)
    this.#wires.set(key, wire)
    wire.on('close', () => {
      if (this.#wires.get(key) === wire) this.#wires.delete(key)
    })
    wire.ut_holepunch?.on('rendezvous', target => this.#introduce(wire, key, target))
  }

  #introduce (wire, address, target) {
    const key = checkAddress(target)
    const other = this.#wires.get(key)
    if (key === address || this.#own.has(key)) wire.ut_holepunch.fail(target, ERRORS.NO_SELF)
    else if (other === undefined) wire.ut_holepunch.fail(target, ERRORS.NOT_CONNECTED)
    else if (!other.ut_holepunch?.isSpoken) wire.ut_holepunch.fail(target, ERRORS.NO_SUPPORT)
    else {
      wire.ut_holepunch.connect(key)
      other.ut_holepunch.connect(address)
    }
  }
}

/**
 * @returns {string} the address, as messages of peers give it
 * @throws {RangeError} if it is none
 */
function checkAddress (address) {
  const canonical = canonicalAddress(address)
  if (canonical === null) {
    throw rangeError(`an address must be like 10.0.0.1:6881 or [2001:db8::1]:6881, not ${String(address)}`)
  }
  return canonical
}

/** @returns {typeof UtHolepunch} for `wire.use` */
function utHolepunch () {
  return class extends UtHolepunch {}
}

module.exports = utHolepunch
module.exports.default = utHolepunch
module.exports.ERRORS = ERRORS
module.exports.Relay = Relay
