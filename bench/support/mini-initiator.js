'use strict'

const { createHash, randomBytes } = require('node:crypto')
const { INFO_HASH } = require('./bytes.js')

const KEY_LENGTH = 96
const RC4_ONLY = 2

/**
 * The initiator of an MSE handshake at next to no cost, so that what is measured is the responder.
 * Its private key is 1: its public key is the generator, and the shared secret is the responder's
 * public key as it comes.
 */
class MiniInitiator {
  /** Step 1: Ya and PadA. */
  constructor () {
    const ya = Buffer.alloc(KEY_LENGTH)
    ya[KEY_LENGTH - 1] = 2
    /** What is sent first. */
    this.step1 = Buffer.concat([ya, randomBytes(200)])
    this.received = []
    this.length = 0
  }

  /**
   * Takes what the responder sends.
   * @param {Uint8Array} chunk
   * @returns {Buffer | null} step 3, as soon as Yb is whole
   */
  receive (chunk) {
    const before = this.length
    this.received.push(chunk)
    this.length += chunk.length
    return before < KEY_LENGTH && this.length >= KEY_LENGTH ? this.step3() : null
  }

  /** HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S), ENCRYPT(VC, crypto_provide, …). */
  step3 () {
    this.secret = Buffer.concat(this.received).subarray(0, KEY_LENGTH)
    const skey = sha1('req2', INFO_HASH)
    const mask = sha1('req3', this.secret)
    for (let i = 0; i < mask.length; i++) skey[i] ^= mask[i]
    const plain = Buffer.alloc(8 + 4 + 2 + 2)
    plain[11] = RC4_ONLY
    return Buffer.concat([sha1('req1', this.secret), skey, rc4(sha1('keyA', this.secret, INFO_HASH), plain)])
  }

  /** Whether what came holds step 4: ENCRYPT(VC, crypto_select = RC4). */
  accepted () {
    const step4 = Buffer.alloc(12)
    step4[11] = RC4_ONLY
    return Buffer.concat(this.received).includes(rc4(sha1('keyB', this.secret, INFO_HASH), step4), KEY_LENGTH)
  }
}

/** What the responder has to report with `crypto-infohash`. */
const SKEY_HASH = sha1('req2', INFO_HASH).toString('hex')

function sha1 (...parts) {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** RC4 with its first 1,024 bytes dropped. */
function rc4 (key, bytes) {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i)
  let i = 0
  let j = 0
  for (; i < 256; i++) {
    j = (j + s[i] + key[i % key.length]) & 255;
    [s[i], s[j]] = [s[j], s[i]]
  }
  j = 0
  const out = Buffer.alloc(bytes.length)
  for (let n = -1024; n < bytes.length; n++) {
    i = (i + 1) & 255
    const x = s[i]
    j = (j + x) & 255
    const y = s[j]
    s[i] = y
    s[j] = x
    if (n >= 0) out[n] = bytes[n] ^ s[(x + y) & 255]
  }
  return out
}

module.exports = { MiniInitiator, SKEY_HASH }
