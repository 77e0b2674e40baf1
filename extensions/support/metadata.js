'use strict'

const { createHash } = require('node:crypto')

const { decodeDictionary, encode, isDictionary, lengthOf } = require('./bencode.js')

/** Bytes of a piece of the metadata, but the last. BEP 9 */
const PIECE_LENGTH = 1 << 14

/** Ten million bytes, as the npm package ut_metadata has it. */
const MAX_SIZE = 1e7

/** Values in an info dictionary, or in a torrent file, at most: a file has five or so. */
const MAX_VALUES = 1 << 20

/** The dictionary of a message lies within so many bytes: it has three numbers. */
const MAX_HEADER = 1024

/** The `msg_type` of a message. */
const REQUEST = 0
const DATA = 1
const REJECT = 2

const HASH_LENGTH = 20

/**
 * Reads a message (BEP 9).
 *
 * @param {Buffer} payload
 * @returns {{ type: number, piece: number, data: Buffer } | null} `null` if it is none
 */
function readMessage (payload) {
  const header = payload.subarray(0, MAX_HEADER)
  const message = decodeDictionary(header)
  if (message === null || !isIndex(message.msg_type) || !isIndex(message.piece)) return null
  return { type: message.msg_type, piece: message.piece, data: payload.subarray(lengthOf(header, message)) }
}

function isIndex (value) {
  return Number.isSafeInteger(value) && value >= 0
}

/** Asks for a piece. */
function writeRequest (piece) {
  return encode({ msg_type: REQUEST, piece })
}

/**
 * Answers a request for a piece of the metadata: with the piece, or with a reject where there is none.
 *
 * @param {number} piece
 * @param {Uint8Array | null} metadata all of it
 * @returns {Buffer}
 */
function writeAnswer (piece, metadata) {
  const start = piece * PIECE_LENGTH
  if (metadata === null || start >= metadata.length) return encode({ msg_type: REJECT, piece })
  return Buffer.concat([
    encode({ msg_type: DATA, piece, total_size: metadata.length }), metadata.subarray(start, start + PIECE_LENGTH)
  ])
}

/**
 * Whether metadata have so many bytes.
 * @param {unknown} size
 */
function isSize (size) {
  return Number.isInteger(size) && size > 0 && size <= MAX_SIZE
}

/** The pieces of metadata, as they come. */
class Pieces {
  /** @type {Uint8Array | null} made with the first piece */
  #bytes = null
  /** Those that are not here. @type {Set<number>} */
  #missing

  /** @param {number} size of the metadata, in bytes: see `isSize` */
  constructor (size) {
    this.size = size
    this.count = Math.ceil(size / PIECE_LENGTH)
    this.#missing = new Set(Array(this.count).keys())
  }

  /** Those that are not here, in order. @returns {Iterable<number>} */
  get missing () {
    return this.#missing
  }

  isMissing (piece) {
    return this.#missing.has(piece)
  }

  /**
   * Takes a piece that is missing.
   *
   * @param {number} piece
   * @param {Uint8Array} data
   * @returns {boolean} whether it is as long as it must be
   */
  add (piece, data) {
    const start = piece * PIECE_LENGTH
    if (data.length !== Math.min(this.size - start, PIECE_LENGTH)) return false
    this.#bytes ??= new Uint8Array(this.size)
    this.#bytes.set(data, start)
    this.#missing.delete(piece)
    return true
  }

  /** The metadata, once all pieces are here. @returns {Uint8Array | null} */
  get whole () {
    return this.#missing.size === 0 ? this.#bytes : null
  }
}

/**
 * Whether bytes are what an info hash is the hash of: the SHA-1 (BEP 3), or the beginning of the
 * SHA-256 (BEP 52).
 *
 * @param {Uint8Array} info
 * @param {string} infoHash 40 hexadecimal digits
 */
function matches (info, infoHash) {
  return createHash('sha1').update(info).digest('hex') === infoHash ||
    createHash('sha256').update(info).digest().toString('hex', 0, HASH_LENGTH) === infoHash
}

/**
 * The info dictionary in a torrent file, or that is given itself; just as it is, since its hash counts.
 *
 * @param {Buffer} bytes
 * @param {string | null} infoHash what it must match, if that is known
 * @returns {Buffer | null} `null` if there is none, or another
 */
function findInfo (bytes, infoHash) {
  if (infoHash !== null && matches(bytes, infoHash)) return decodeInfo(bytes) && bytes
  const dictionary = decodeDictionary(bytes, MAX_VALUES)
  if (dictionary === null) return null
  const info = isDictionary(dictionary.info)
    ? findValue(bytes, 'info', dictionary.info)
    : lengthOf(bytes, dictionary, MAX_VALUES) === bytes.length ? bytes : null
  return info !== null && (infoHash === null || matches(info, infoHash)) ? info : null
}

/**
 * @param {Uint8Array} info
 * @returns {object | null} what it says; `null` if it is no dictionary from end to end
 */
function decodeInfo (info) {
  const bytes = Buffer.from(info.buffer, info.byteOffset, info.byteLength)
  const dictionary = decodeDictionary(bytes, MAX_VALUES)
  return dictionary !== null && lengthOf(bytes, dictionary, MAX_VALUES) === bytes.length ? dictionary : null
}

/**
 * The bytes of a dictionary that stands in another one.
 *
 * @param {Buffer} bytes of the outer one
 * @param {string} key
 * @param {object} dictionary the inner one, decoded
 * @returns {Buffer | null}
 */
function findValue (bytes, key, dictionary) {
  const encoded = encode(dictionary)
  const name = Buffer.from(`${key.length}:${key}`)
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    const rest = bytes.subarray(at + name.length)
    // The same text may stand in a string before it.
    const found = decodeDictionary(rest, MAX_VALUES)
    if (found !== null && encode(found).equals(encoded)) return rest.subarray(0, lengthOf(rest, found, MAX_VALUES))
  }
  return null
}

/**
 * A torrent file with nothing but an info dictionary.
 * @param {Uint8Array} info
 * @returns {Uint8Array}
 */
function wrapInfo (info) {
  // No Buffer: that is what the npm package gives, and its callers print it as such.
  return new Uint8Array(Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]))
}

module.exports = {
  REQUEST,
  DATA,
  REJECT,
  PIECE_LENGTH,
  readMessage,
  writeRequest,
  writeAnswer,
  isSize,
  Pieces,
  matches,
  findInfo,
  decodeInfo,
  wrapInfo
}
