'use strict'

const { Decoder } = require('./decoder')

/**
 * What has to come, in order. Some of it may stay out, and some may come besides.
 *
 * @typedef {{ isMetBy: (message: object) => boolean, name: string }} Expected
 */
class Sequence {
  /**
   * @param {object} rules
   * @param {(expected: Expected) => boolean} [rules.maySkip] whether this one may stay out
   * @param {(expected: Expected) => void} [rules.onSkipped] it has
   * @param {(message: object) => boolean} [rules.takesExtra] whether this one may come besides
   */
  constructor ({ maySkip = () => false, onSkipped = () => {}, takesExtra = () => false }) {
    this.rules = { maySkip, onSkipped, takesExtra }
    /** @type {{ expected: Expected, isMaybe: boolean }[]} */
    this.queue = []
  }

  /** @param {boolean} [isMaybe] it comes, or it does not */
  add (expected, isMaybe = false) {
    this.queue.push({ expected, isMaybe })
  }

  /** @returns {number} where the message is, if everything before it may stay out; or -1 */
  find (isIt) {
    for (let at = 0; at < this.queue.length; at++) {
      const { expected, isMaybe } = this.queue[at]
      if (isIt(expected)) return at
      if (!isMaybe && !this.rules.maySkip(expected)) return -1
    }
    return -1
  }

  /** Whether the message may come now. */
  allows (message) {
    return this.find(expected => expected.isMetBy(message)) >= 0
  }

  /** The message has come; tells whether it may. */
  take (message) {
    const at = this.find(expected => expected.isMetBy(message))
    if (at < 0) return this.rules.takesExtra(message)
    this.skip(at)
    this.queue.shift()
    return true
  }

  /** Passes over what may stay out, and has. */
  skipAll () {
    let count = 0
    while (count < this.queue.length && this.mayStayOut(this.queue[count])) count++
    this.skip(count)
  }

  mayStayOut ({ expected, isMaybe }) {
    return isMaybe || this.rules.maySkip(expected)
  }

  skip (count) {
    for (const { expected } of this.queue.splice(0, count)) this.rules.onSkipped(expected)
  }

  clear () {
    this.queue.length = 0
  }

  toString () {
    const shown = this.queue.slice(0, 4).map(({ expected, isMaybe }) => `${expected}${isMaybe ? ' (maybe)' : ''}`)
    return shown.length === 0 ? 'nothing' : `${shown.join(', ')}${this.queue.length > 4 ? `, … ${this.queue.length} in all` : ''}`
  }
}

/**
 * What a wire was told to send, on its way to the peer. Where somebody watches the bytes, they must
 * be just that; what has passed is what the peer has to hear of. Where nobody can, because they are
 * encrypted, the peer has to hear of what was told.
 */
class Line {
  /**
   * @param {object} ends
   * @param {import('./player').Player} ends.from
   * @param {{ expect: Function, name: string }} ends.to
   * @param {boolean} ends.isWatched
   */
  constructor ({ from, to, isWatched }) {
    this.from = from
    this.to = to
    this.isWatched = isWatched
    this.decoder = new Decoder()
    /** How many bytes have passed. */
    this.bytes = 0
    this.told = new Sequence({ takesExtra: message => from.takeAutomatic(message) })
  }

  tell (expected, isMaybe) {
    if (this.isWatched) this.told.add(expected, isMaybe)
    else this.to.expect(expected, isMaybe)
  }

  /** Bytes of the wire that were seen on the way. */
  pass (chunk) {
    this.from.session.progress++
    this.bytes += chunk.length
    for (const message of this.decoder.push(chunk)) this.arrive(message)
  }

  arrive (message) {
    if (!this.told.take(message)) {
      this.from.fail(`sent ${message}, and was told ${this.told}`)
      // One failure is enough: the rest would be out of step.
      this.told.clear()
    }
    this.to.expect(message)
  }

  /** Whether all has passed that must. */
  get isDone () {
    return this.told.queue.every(({ isMaybe }) => isMaybe)
  }

  /** What the last bytes of a closed wire are the beginning of. */
  checkEnd () {
    const { rest } = this.decoder
    if (rest.length < 5) return
    const isOneOf = this.told.queue.some(({ expected }) => expected.frame?.subarray(0, rest.length).equals(rest))
    // What is not told: rejects of the wire's own accord, and the extended handshake.
    const isAutomatic = [16, 20].includes(rest[4])
    if (!isOneOf && !isAutomatic) this.from.fail(`ended with ${rest.toString('hex', 0, 16)}, and was told ${this.told}`)
  }
}

module.exports = { Line, Sequence }
