'use strict'

const { EventEmitter } = require('node:events')

const { checkNumber, toBytes } = require('../lib/arguments.js')
const peerSpeaks = require('./support/peer-speaks.js')

/** The message is the index of a piece. BEP 54 */
const LENGTH = 4

/** Pieces that are there no more (BEP 54), on one wire: see lt_donthave.d.ts. */
class LtDonthave extends EventEmitter {
  #wire
  #isSpoken = false

  constructor (wire) {
    super()
    this.#wire = wire
  }

  onExtendedHandshake () {
    this.#isSpoken = true
  }

  onMessage (payload) {
    const bytes = toBytes(payload, 'payload')
    if (bytes.length !== LENGTH) return
    const index = bytes.readUInt32BE(0)
    const { peerPieces } = this.#wire
    if (!peerPieces.get(index)) return
    peerPieces.set(index, false)
    this.emit('donthave', index)
    this.#failRequests(index)
  }

  donthave (index) {
    checkNumber(index, 'index')
    if (!this.#isSpoken || !peerSpeaks(this.#wire, this.name)) return
    const message = Buffer.alloc(LENGTH)
    message.writeUInt32BE(index)
    this.#wire.extended(this.name, message)
  }

  /** The last request takes the place of each that fails, as with the npm package. */
  #failRequests (index) {
    const { requests } = this.#wire
    // What a callback asks for anew does not fail in its turn, on and on.
    const failing = new Set(requests.filter(({ piece }) => piece === index))
    for (let i = 0; i < requests.length;) {
      const request = requests[i]
      if (!failing.has(request)) {
        i++
        continue
      }
      const last = requests.pop()
      if (i < requests.length) requests[i] = last
      this.#wire._callback(request, new Error('peer sent donthave'), null)
    }
  }
}

/** @returns {typeof LtDonthave} for `wire.use` */
function ltDonthave () {
  return class extends LtDonthave {}
}

Object.defineProperty(LtDonthave.prototype, 'name', { value: 'lt_donthave', writable: true, configurable: true })

module.exports = ltDonthave
module.exports.default = ltDonthave
