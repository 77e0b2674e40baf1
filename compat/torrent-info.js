'use strict'

const { createHash } = require('node:crypto')

const { isDictionary } = require('../extensions/support/bencode.js')
const { decodeInfo } = require('../extensions/support/metadata.js')

/** Bytes of a SHA-1 hash. */
const HASH_LENGTH = 20

/**
 * Reads an info dictionary (BEP 3) into what bittorrent-wire gives with `metadata`.
 * @param {Buffer} infoBuffer
 * @returns {object | null} `null` if it describes no files
 */
function readTorrentInfo (infoBuffer) {
  const info = decodeInfo(infoBuffer)
  if (info === null || !isInfo(info)) return null
  const name = safeName(info.name)
  const files = info.files === undefined
    ? [{ path: name, name, length: info.length, offset: 0 }]
    : readFiles(info.files)
  if (files === null) return null
  const length = files.reduce((sum, file) => sum + file.length, 0)
  const pieceLength = info['piece length']
  const infoHash = createHash('sha1').update(infoBuffer).digest('hex')
  return {
    info,
    infoBuffer,
    infoHash,
    infoHashBuffer: Buffer.from(infoHash, 'hex'),
    name,
    files,
    length,
    pieceLength,
    lastPieceLength: length % pieceLength || pieceLength,
    pieces: readHashes(info.pieces),
    private: info.private === 1,
    urlList: [],
    announce: null,
    'creation date': null,
    'created by': null
  }
}

function isInfo (info) {
  return Buffer.isBuffer(info.name) && isSize(info['piece length']) && info['piece length'] > 0 &&
    Buffer.isBuffer(info.pieces) && info.pieces.length % HASH_LENGTH === 0 &&
    (Array.isArray(info.files) || (info.files === undefined && isSize(info.length)))
}

/** @returns {object[] | null} */
function readFiles (files) {
  const read = []
  let offset = 0
  for (const file of files) {
    const isFile = isDictionary(file) && isSize(file.length) && Array.isArray(file.path) &&
      file.path.length > 0 && file.path.every(Buffer.isBuffer)
    if (!isFile) return null
    const { length } = file
    read.push({ ...file, path: file.path.map(safeName).join('/'), length, offset })
    offset += length
  }
  return read
}

/** The hashes of the pieces, each in hex. */
function readHashes (bytes) {
  const hashes = []
  for (let at = 0; at < bytes.length; at += HASH_LENGTH) hashes.push(bytes.toString('hex', at, at + HASH_LENGTH))
  return hashes
}

function isSize (value) {
  return Number.isSafeInteger(value) && value >= 0
}

/**
 * A part of a path that stays in its folder, whatever a peer wrote.
 * @param {Buffer} bytes
 */
function safeName (bytes) {
  const name = bytes.toString().replace(/[/\\\0]/g, '_')
  return /^\.{0,2}$/.test(name) ? '_' : name
}

module.exports = readTorrentInfo
