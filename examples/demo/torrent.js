'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const { encode } = require('../../lib/bencode')
const { Failure, cause } = require('./failure')

const HASH_LENGTH = 20
/** Torrent files are a few megabytes at the most. */
const MAX_TORRENT_LENGTH = 64 << 20
const MAX_PIECE_LENGTH = 128 << 20
/** As many as wires take (libtorrent's bound, too). */
const MAX_PIECES = 2097152

/**
 * @typedef {object} TorrentFile a file, or one of a folder
 * @property {string[]} path names of folders, then of the file; all are safe to create
 * @property {number} offset of its first byte in the whole torrent
 * @property {number} length in bytes
 * @property {boolean} padding it stands for zeros and is not written (BEP 47)
 */

/**
 * @typedef {object} Torrent
 * @property {string} infoHash in hex
 * @property {string} name of the file, or of the folder that all files are in
 * @property {boolean} isFolder
 * @property {number} length of all files, in bytes
 * @property {number} pieceLength of all pieces but the last, in bytes
 * @property {number} pieceCount
 * @property {Buffer} hashes the pieces' SHA-1, one after another
 * @property {TorrentFile[]} files
 */

/**
 * Reads a torrent file (BEP 3).
 *
 * @param {string} file
 * @param {(bytes: Uint8Array) => *} decode reads bencode
 * @returns {Promise<Torrent>}
 * @throws {Failure}
 */
async function readTorrent (file, decode) {
  let bytes
  try {
    const { size } = await fs.promises.stat(file)
    if (size > MAX_TORRENT_LENGTH) throw new Failure(`${file} is too large for a torrent file`)
    bytes = await fs.promises.readFile(file)
  } catch (err) {
    if (err instanceof Failure) throw err
    throw new Failure(`cannot read ${file}: ${cause(err)}`)
  }
  try {
    return parseTorrent(bytes, decode)
  } catch (err) {
    throw new Failure(`${file} is not a usable torrent: ${err.message}`)
  }
}

/**
 * @param {Buffer} bytes of a torrent file
 * @param {(bytes: Uint8Array) => *} decode reads bencode
 * @returns {Torrent}
 * @throws {Error} if they are malformed or name files outside of the download folder
 */
function parseTorrent (bytes, decode) {
  // The walk comes first: `decode` then has only well-formed bytes before it.
  const infoBytes = rawEntry(bytes, 'info')
  const { info } = decode(bytes)
  if (!isDictionary(info)) throw new Error('it has no info dictionary')
  if (info.pieces === undefined && info['meta version'] === 2) {
    throw new Error('it is for BitTorrent v2 only')
  }

  const name = safeName(info.name)
  const isFolder = info.files !== undefined
  const files = isFolder ? parseFiles(info.files) : [parseFile({ length: info.length, path: [info.name] }, 0)]
  const length = files.reduce((sum, file) => sum + file.length, 0)
  if (!Number.isSafeInteger(length)) throw new Error('its files are too long')
  if (length === 0) throw new Error('its files are empty')

  const pieceLength = info['piece length']
  if (!Number.isInteger(pieceLength) || pieceLength < 1 || pieceLength > MAX_PIECE_LENGTH) {
    throw new Error('its piece length is not usable')
  }
  const hashes = toBuffer(info.pieces, 'list of hashes')
  const pieceCount = Math.ceil(length / pieceLength)
  if (pieceCount > MAX_PIECES) throw new Error('it has too many pieces')
  if (hashes.length !== pieceCount * HASH_LENGTH) {
    throw new Error(`it has ${hashes.length / HASH_LENGTH} hashes for ${pieceCount} pieces`)
  }
  const infoHash = createHash('sha1').update(infoBytes).digest('hex')
  return { infoHash, name, isFolder, length, pieceLength, pieceCount, hashes, files }
}

function parseFiles (list) {
  if (!Array.isArray(list)) throw new Error('its list of files is malformed')
  let offset = 0
  return list.map((entry) => {
    const file = parseFile(entry, offset)
    offset += file.length
    return file
  })
}

function parseFile (entry, offset) {
  const { length, path: names, attr } = isDictionary(entry) ? entry : {}
  if (!Number.isSafeInteger(length) || length < 0) throw new Error('the length of a file is malformed')
  if (!Array.isArray(names) || names.length === 0) throw new Error('the path of a file is malformed')
  const padding = ArrayBuffer.isView(attr) && toBuffer(attr).includes('p')
  return { path: names.map(safeName), offset, length, padding }
}

/** @returns {string} a name that stays inside of its folder, on any system */
function safeName (bytes) {
  const name = toBuffer(bytes, 'name').toString()
  const foreign = process.platform === 'win32' ? /[/\\:\0]/ : /[/\0]/
  if (name === '' || name === '.' || name === '..' || foreign.test(name)) {
    throw new Error(`it has an unsafe file name: ${JSON.stringify(name)}`)
  }
  return name
}

function toBuffer (bytes, what) {
  if (!ArrayBuffer.isView(bytes)) throw new Error(`its ${what} is malformed`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function isDictionary (value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

const [COLON, INTEGER, LIST, DICTIONARY, END] = Buffer.from(':ilde')

/**
 * The bytes of one value in a bencoded dictionary, just as they are: an info hash is the hash of
 * those, which encoding the decoded value again need not give.
 */
function rawEntry (bytes, key) {
  if (bytes[0] !== DICTIONARY) throw new Error('it is not a bencoded dictionary')
  let found = null
  let at = 1
  while (bytes[at] !== END) {
    const keyEnd = skipString(bytes, at)
    const valueEnd = skipValue(bytes, keyEnd)
    if (bytes.toString('latin1', at, keyEnd) === `${key.length}:${key}`) found = bytes.subarray(keyEnd, valueEnd)
    at = valueEnd
  }
  if (found === null) throw new Error(`it has no ${key}`)
  return found
}

/** @returns {number} where the value that starts at `at` ends */
function skipValue (bytes, at) {
  let depth = 0
  do {
    const first = bytes[at]
    if (first === INTEGER) {
      at = bytes.indexOf(END, at) + 1
      if (at === 0) throw new Error('it is cut off')
    } else if (first === LIST || first === DICTIONARY) {
      depth++
      at++
    } else if (first === END && depth > 0) {
      depth--
      at++
    } else {
      at = skipString(bytes, at)
    }
  } while (depth > 0)
  return at
}

/** @returns {number} where the byte string that starts at `at` ends */
function skipString (bytes, at) {
  if (at >= bytes.length) throw new Error('it is cut off')
  let length = 0
  let digits = at
  // Ten digits are more than any input is long.
  for (; digits < at + 10 && bytes[digits] >= 0x30 && bytes[digits] <= 0x39; digits++) {
    length = length * 10 + bytes[digits] - 0x30
  }
  if (digits === at || bytes[digits] !== COLON) throw new Error('it is not valid bencode')
  const end = digits + 1 + length
  if (end > bytes.length) throw new Error('it is cut off')
  return end
}

/**
 * Makes the torrent file of one file.
 *
 * @param {string} file
 * @param {number} length of the file, in bytes
 * @param {(hashed: number) => void} onProgress gets the number of bytes that were hashed so far
 * @returns {Promise<Buffer>}
 */
async function createTorrent (file, length, onProgress) {
  const pieceLength = choosePieceLength(length)
  const hashes = []
  let hash = createHash('sha1')
  let inPiece = 0
  let hashed = 0
  for await (let chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) {
    hashed += chunk.length
    while (inPiece + chunk.length >= pieceLength) {
      const rest = pieceLength - inPiece
      hashes.push(hash.update(chunk.subarray(0, rest)).digest())
      hash = createHash('sha1')
      chunk = chunk.subarray(rest)
      inPiece = 0
    }
    hash.update(chunk)
    inPiece += chunk.length
    onProgress(hashed)
  }
  if (inPiece > 0) hashes.push(hash.digest())
  if (hashed !== length) throw new Failure(`${file} changed while it was read`)
  const name = path.basename(file)
  return encode({ info: { length, name, 'piece length': pieceLength, pieces: Buffer.concat(hashes) } })
}

/** @returns {number} 256 KiB, or what makes about 2000 pieces, up to 16 MiB */
function choosePieceLength (length) {
  let pieceLength = 256 << 10
  while (length / pieceLength > 2048 && pieceLength < 16 << 20) pieceLength *= 2
  return pieceLength
}

module.exports = { readTorrent, parseTorrent, createTorrent, HASH_LENGTH }
