'use strict'

const native = require('../native/index.js')
const { findInfoHash, toInfoHash } = require('./info-hashes.js')
const { closeFor } = require('../closing.js')
const { WireError } = require('../errors.js')
const { kHandle, kInbound, kOutbound } = require('../symbols.js')

const { nextTick } = process

const EMPTY = Buffer.alloc(0)

/**
 * The crypto handshake of a wire (MSE) as JavaScript sees to it: the engine knows the protocol, and
 * asks for key agreements, which run on the thread pool, and for the info hash.
 */
class CryptoHandshake {
  /**
   * The terms of a wire's crypto handshake; `null` if there is to be none.
   * @param {string} type
   * @param {number} level 0 none, 1 plaintext allowed, 2 RC4 only
   */
  static terms (type, level) {
    const isInitiator = String(type).includes('Outgoing')
    if (!level || !(isInitiator || String(type).includes('Incoming'))) return null
    return { isInitiator, isRc4Only: level === 2 }
  }

  constructor (wire, options) {
    this.wire = wire
    this.infoHashes = options.infoHashes
    this.timeoutMs = options.cryptoTimeout
    this.timer = null
    /** A key agreement runs on the thread pool. */
    this.isAgreeing = false
    this.isDone = false
    /** It begins by itself, as soon as there is a connection: nothing goes in plaintext before. */
    this.isToCome = false
    /** 1 plaintext, 2 RC4; `null` where the peer began in plaintext, or before the end. */
    this.method = null
  }

  /** As the initiator, begins. */
  start (infoHash) {
    this.watch()
    this.input(native.startEncryption(this.wire[kHandle], toInfoHash(infoHash)))
  }

  /** As the responder, names the torrent. */
  setInfoHash (infoHash) {
    this.input(native.setInfoHash(this.wire[kHandle], toInfoHash(infoHash)))
  }

  /** Asks `infoHashes` for the torrent that step 3 means. */
  answerStep3 (hash) {
    if (this.infoHashes === undefined) return
    let found
    try {
      found = findInfoHash(this.infoHashes, hash)
    } catch (error) {
      return this.fail('ERR_MSE_INFO_HASH', error)
    }
    if (typeof found?.then !== 'function') return this.onFound(found)
    found.then(infoHash => nextTick(() => this.onFound(infoHash)), error => nextTick(() => this.fail('ERR_MSE_INFO_HASH', error)))
  }

  onFound (found) {
    if (this.wire[kInbound].isClosed) return
    if (!found) return this.fail('ERR_MSE_INFO_HASH', 'the peer wants a torrent that is not served')
    let infoHash
    try {
      infoHash = toInfoHash(found)
    } catch (error) {
      return this.fail('ERR_MSE_INFO_HASH', error)
    }
    this.setInfoHash(infoHash)
  }

  /**
   * To be called with what the peer sent; tells how much of it was used, and whether events wait.
   * @returns {import('../native/index.js').Negotiated}
   */
  take (bytes) {
    this.watch()
    const negotiated = native.negotiate(this.wire[kHandle], bytes)
    this.afterInput(negotiated)
    return negotiated
  }

  /** The crypto handshake is over. */
  finish (method) {
    this.close()
    this.isDone = true
    this.method = method
  }

  close () {
    clearTimeout(this.timer)
    this.timer = null
  }

  /** Lets our handshake go in plaintext if nobody begins a crypto handshake in this tick. */
  releaseLater () {
    if (this.isToCome) return
    nextTick(() => {
      native.releasePlaintext(this.wire[kHandle])
      this.wire[kOutbound].schedule()
    })
  }

  input (negotiated) {
    this.afterInput(negotiated)
    this.wire[kInbound].renegotiate()
  }

  afterInput ({ hasJob }) {
    this.wire[kOutbound].schedule()
    if (!hasJob) return
    this.isAgreeing = true
    // Not from within the promise: what a listener throws is an exception, and no rejection.
    native.agree(this.wire[kHandle])?.then(
      agreement => nextTick(() => this.onAgreement(agreement)),
      error => nextTick(() => this.fail('ERR_INTERNAL', error))
    )
  }

  onAgreement (agreement) {
    this.isAgreeing = false
    if (this.wire[kInbound].isClosed) return
    native.agreed(this.wire[kHandle], agreement)
    this.take(EMPTY)
    this.wire[kInbound].renegotiate()
  }

  watch () {
    if (this.timeoutMs === 0 || this.timer !== null || this.isDone) return
    this.timer = setTimeout(() => {
      this.fail('ERR_MSE_TIMEOUT', `the crypto handshake took longer than ${this.timeoutMs} ms`)
    }, this.timeoutMs)
    this.timer.unref?.()
  }

  fail (code, reason) {
    const error = reason instanceof Error
      ? new WireError(code, reason.message, { cause: reason })
      : new WireError(code, reason)
    closeFor(this.wire, error)
  }
}

module.exports = CryptoHandshake
