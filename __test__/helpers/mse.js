'use strict'

/**
 * Message stream encryption written out from its specification, with none of the code under test:
 * for peers that keep to it, and for peers that do not.
 */

const { createHash, randomBytes } = require('node:crypto')
const { Duplex } = require('node:stream')

const P = BigInt('0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74' +
  '020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437' +
  '4fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563')
const KEY_LENGTH = 96
const VC = Buffer.alloc(8)
const PLAINTEXT = 1
const RC4 = 2

/** RC4 without its first 1024 bytes. */
class Rc4 {
  constructor (key) {
    this.s = Uint8Array.from({ length: 256 }, (_, i) => i)
    this.i = this.j = 0
    let j = 0
    for (let i = 0; i < 256; i++) {
      j = (j + this.s[i] + key[i % key.length]) & 0xff
      this.swap(i, j)
    }
    this.apply(Buffer.alloc(1024))
  }

  swap (i, j) {
    [this.s[i], this.s[j]] = [this.s[j], this.s[i]]
  }

  /** @returns {Buffer} */
  apply (bytes) {
    const { s } = this
    return Buffer.from(bytes).map(byte => {
      this.i = (this.i + 1) & 0xff
      this.j = (this.j + s[this.i]) & 0xff
      this.swap(this.i, this.j)
      return byte ^ s[(s[this.i] + s[this.j]) & 0xff]
    })
  }
}

/** @returns {Buffer} a number in 96 bytes, big-endian */
function toKey (number) {
  return Buffer.from(number.toString(16).padStart(2 * KEY_LENGTH, '0'), 'hex')
}

function fromKey (bytes) {
  return BigInt('0x' + bytes.toString('hex'))
}

function power (base, exponent) {
  let result = 1n
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = result * base % P
    base = base * base % P
  }
  return result
}

function sha1 (...parts) {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function xor (a, b) {
  return a.map((byte, i) => byte ^ b[i])
}

/** HASH('req2', SKEY) in hex: what `crypto-infohash` gives. */
function skeyHash (infoHash) {
  return sha1('req2', Buffer.from(infoHash, 'hex')).toString('hex')
}

function u16 (number) {
  return Buffer.from([number >> 8, number & 0xff])
}

function u32 (number) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

/**
 * The other end of a wire, step by step. What a step sends can be anything: `send` takes the bytes.
 */
class RawPeer {
  /**
   * @param {import('node:stream').Duplex} wire
   * @param {string} infoHash SKEY, in hex
   */
  constructor (wire, infoHash) {
    this.wire = wire
    this.skey = Buffer.from(infoHash, 'hex')
    this.x = fromKey(randomBytes(20))
    /** Our Ya or Yb. */
    this.y = toKey(power(2n, this.x))
    /** What the wire sent and nobody read yet. */
    this.unread = Buffer.alloc(0)
    this.hasEnded = false
    this.wakers = new Set()
    const wake = () => {
      for (const waker of [...this.wakers]) waker()
    }
    wire.on('data', chunk => {
      this.unread = Buffer.concat([this.unread, chunk])
      wake()
    })
    wire.on('end', () => {
      this.hasEnded = true
      wake()
    })
  }

  /** @returns {Promise<void>} once the wire has taken the bytes */
  send (bytes) {
    return new Promise(resolve => {
      if (this.wire instanceof Duplex) return this.wire.write(bytes, () => resolve())
      // streamx, which upstream sits on, calls nobody back.
      this.wire.write(bytes)
      setImmediate(resolve)
    })
  }

  /** @returns {Promise<Buffer>} the next `length` bytes of the wire; fails where it ends before */
  async read (length) {
    while (this.unread.length < length) {
      if (this.hasEnded) throw new Error(`the wire ended ${length - this.unread.length} bytes too early`)
      await new Promise(resolve => {
        const waker = () => {
          this.wakers.delete(waker)
          resolve()
        }
        this.wakers.add(waker)
      })
    }
    const bytes = this.unread.subarray(0, length)
    this.unread = this.unread.subarray(length)
    return bytes
  }

  /** Reads to the end of `pattern`; gives how many bytes were before it. */
  async readPast (pattern) {
    let seen = Buffer.alloc(0)
    while (!seen.subarray(-pattern.length).equals(pattern)) {
      if (seen.length === 512 + pattern.length) throw new Error('more than 512 bytes of padding')
      seen = Buffer.concat([seen, await this.read(1)])
    }
    return seen.length - pattern.length
  }

  /** Ya or Yb of the wire has come; sets S. */
  async readKey () {
    this.peerKey = await this.read(KEY_LENGTH)
    this.s = toKey(power(fromKey(this.peerKey), this.x))
  }

  /** The ciphers of A, or those of B. */
  setCiphers (role) {
    const keys = [sha1('keyA', this.s, this.skey), sha1('keyB', this.s, this.skey)]
    if (role === 'B') keys.reverse()
    this.encrypt = new Rc4(keys[0])
    this.decrypt = new Rc4(keys[1])
  }

  /** The bytes of step 1 or 2. */
  keyStep (padding = 0) {
    return Buffer.concat([this.y, randomBytes(padding)])
  }

  /** The bytes of step 3, after `readKey`. */
  step3 ({ provide = PLAINTEXT | RC4, padC = Buffer.alloc(0), lenPadC = padC.length, ia = Buffer.alloc(0), vc = VC } = {}) {
    this.setCiphers('A')
    return Buffer.concat([
      sha1('req1', this.s),
      xor(sha1('req2', this.skey), sha1('req3', this.s)),
      this.encrypt.apply(Buffer.concat([vc, u32(provide), u16(lenPadC), padC, u16(ia.length), ia]))
    ])
  }

  /** Reads PadB and step 4. */
  async readStep4 () {
    const padB = await this.readPast(this.decrypt.apply(VC))
    const fields = this.decrypt.apply(await this.read(6))
    const padD = fields.readUInt16BE(4)
    this.decrypt.apply(await this.read(padD))
    return { padB, select: fields.readUInt32BE(0), padD }
  }

  /** Reads PadA and step 3, after `readKey`. */
  async readStep3 () {
    this.setCiphers('B')
    const padA = await this.readPast(sha1('req1', this.s))
    const hash = xor(await this.read(20), sha1('req3', this.s)).toString('hex')
    const fields = this.decrypt.apply(await this.read(14))
    const padC = fields.readUInt16BE(12)
    this.decrypt.apply(await this.read(padC))
    const ia = this.decrypt.apply(await this.read(this.decrypt.apply(await this.read(2)).readUInt16BE(0)))
    return { padA, hash, vc: fields.subarray(0, 8), provide: fields.readUInt32BE(8), padC, ia }
  }

  /** The bytes of step 4, after `readStep3`. */
  step4 ({ select = RC4, padD = Buffer.alloc(0), lenPadD = padD.length, vc = VC } = {}) {
    return this.encrypt.apply(Buffer.concat([vc, u32(select), u16(lenPadD), padD]))
  }

  /** As A with an honest wire: steps 1 to 4. */
  async open (options) {
    await this.send(this.keyStep())
    await this.readKey()
    await this.send(this.step3(options))
    return this.readStep4()
  }

  /** As B with an honest wire: steps 1 to 4. */
  async accept (options) {
    await this.readKey()
    await this.send(this.keyStep())
    const step3 = await this.readStep3()
    await this.send(this.step4(options))
    return step3
  }

  /** Sends in RC4. */
  sendEncrypted (bytes) {
    return this.send(this.encrypt.apply(bytes))
  }

  /** Reads what comes in RC4. */
  async readEncrypted (length) {
    return this.decrypt.apply(await this.read(length))
  }
}

module.exports = { P, KEY_LENGTH, PLAINTEXT, RC4, Rc4, RawPeer, skeyHash, toKey }
