'use strict'

const { isAnyArrayBuffer, isBoxedPrimitive, isMap, isSet } = require('node:util').types

/** Lists and dictionaries inside each other, at most. */
const MAX_DEPTH = 512

/** Values in all, at most: a value that contains another twice counts it twice. */
const MAX_VALUES = 1 << 20

const LIST = Buffer.from('l')
const DICTIONARY = Buffer.from('d')
const END = Buffer.from('e')

/**
 * Writes a value as bencode (BEP 3), as `encode` of the npm package `bencode` does:
 * - strings as UTF-8; Buffers, other `ArrayBufferView`s and ArrayBuffers as their bytes;
 * - numbers as integers, a fraction cut off towards zero; BigInts of any size; booleans as 0 and 1;
 * - arrays and Sets as lists; Maps and all other objects (their own enumerable keys) as
 *   dictionaries, in which a key of a Map may be bytes;
 * - `null` and `undefined` are left out of lists and dictionaries, and alone they are no bytes.
 *
 * Unlike there, the keys of a dictionary are sorted as raw bytes, as BEP 3 has it, and what has no
 * bencode throws instead of leaving broken bytes, endless work or a full stack.
 *
 * @param {*} value it is copied: changing it afterwards does not change the result
 * @returns {Buffer}
 * @throws {TypeError} for NaN, an infinity, a function, a symbol, a detached ArrayBuffer, two
 *   keys of one dictionary with the same bytes, a value that contains itself, more than 512
 *   levels or more than 1,048,576 values
 */
function encode (value) {
  const encoder = new Encoder()
  encoder.value(value)
  return Buffer.concat(encoder.chunks)
}

class Encoder {
  constructor () {
    /** @type {Uint8Array[]} what is written, in order */
    this.chunks = []
    /** Lists and dictionaries that are being written, outermost first. */
    this.open = new Set()
    this.values = 0
  }

  value (value) {
    if (value == null) return
    this.count(1)
    if (isBoxedPrimitive(value)) value = value.valueOf()

    switch (typeof value) {
      case 'string': return this.bytes(Buffer.from(value))
      case 'number': return this.number(value)
      case 'boolean': return this.integer(value ? 1 : 0)
      case 'bigint': return this.integer(value)
      case 'object': return isBytes(value) ? this.bytes(bytesOf(value)) : this.container(value)
      default: throw new TypeError(`Cannot bencode a ${typeof value}`)
    }
  }

  number (number) {
    if (!Number.isFinite(number)) throw new TypeError(`Cannot bencode ${number}: not a finite number`)
    // A large number's own digits may be in scientific notation; a BigInt's never are.
    this.integer(Number.isSafeInteger(number) ? number : BigInt(Math.trunc(number)))
  }

  /** @param {number|bigint} integer */
  integer (integer) {
    this.chunks.push(Buffer.from(`i${integer}e`, 'latin1'))
  }

  /** @param {Uint8Array} bytes */
  bytes (bytes) {
    this.chunks.push(Buffer.from(`${bytes.length}:`, 'latin1'), bytes)
  }

  container (object) {
    if (this.open.has(object)) throw new TypeError('Cannot bencode a value that contains itself')
    if (this.open.size >= MAX_DEPTH) {
      throw new TypeError(`Cannot bencode more than ${MAX_DEPTH} levels`)
    }
    this.open.add(object)
    if (Array.isArray(object)) this.list(object, object.length)
    else if (isSet(object)) this.list(object, object.size)
    else if (isMap(object)) this.dictionary([...object])
    else this.dictionary(Object.entries(object))
    this.open.delete(object)
  }

  list (items, length) {
    // Counted before the loop as well, or a list of holes would be walked to its end.
    if (length > MAX_VALUES) this.count(length)
    this.chunks.push(LIST)
    for (const item of items) this.value(item)
    this.chunks.push(END)
  }

  /** @param {Array<[*, *]>} entries */
  dictionary (entries) {
    const sorted = []
    for (const [key, value] of entries) {
      if (value != null) sorted.push({ key: keyBytes(key), value })
    }
    sorted.sort((a, b) => Buffer.compare(a.key, b.key))

    this.chunks.push(DICTIONARY)
    let previous = null
    for (const { key, value } of sorted) {
      if (previous !== null && previous.equals(key)) {
        throw new TypeError(`Cannot bencode a dictionary with the key ${JSON.stringify(key.toString())} twice`)
      }
      this.bytes(key)
      this.value(value)
      previous = key
    }
    this.chunks.push(END)
  }

  count (values) {
    this.values += values
    if (this.values > MAX_VALUES) throw new TypeError(`Cannot bencode more than ${MAX_VALUES} values`)
  }
}

/**
 * @param {*} key of an object or a Map
 * @returns {Buffer}
 */
function keyBytes (key) {
  if (typeof key === 'symbol') throw new TypeError('Cannot bencode a symbol as a key')
  return isBytes(key) ? bytesOf(key) : Buffer.from(String(key))
}

function isBytes (value) {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value)
}

/** @returns {Buffer} over the same memory; throws a TypeError if that is detached */
function bytesOf (value) {
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value)
}

module.exports = { encode }
