'use strict'

const { skeyHashHex } = require('./native.js')
const { typeError } = require('./errors.js')

/** For each iterable, the info hashes that it had, by HASH('req2', SKEY). @type {WeakMap<object, Map<string, string>>} */
const known = new WeakMap()

/**
 * Finds the info hash that step 3 of a crypto handshake means.
 * @param {Iterable<string | Uint8Array> | ((hash: Buffer) => unknown)} infoHashes the torrents that
 *   we serve, or a function that finds one of them by HASH('req2', SKEY)
 * @param {string} hash HASH('req2', SKEY) in hexadecimal
 * @returns {unknown} the info hash, or a promise of it; `undefined` if there is none
 */
function findInfoHash (infoHashes, hash) {
  if (typeof infoHashes === 'function') return infoHashes(Buffer.from(hash, 'hex'))
  let byHash = known.get(infoHashes)
  if (byHash === undefined) known.set(infoHashes, byHash = new Map())
  const seen = new Set(byHash.values())
  let found
  for (const entry of infoHashes) {
    const infoHash = toInfoHash(entry).toString('hex')
    if (!seen.delete(infoHash)) byHash.set(skeyHashHex(Buffer.from(infoHash, 'hex')), infoHash)
    if (byHash.get(hash) === infoHash) found = infoHash
  }
  // What is served no more.
  if (seen.size > 0) known.delete(infoHashes)
  return found
}

/**
 * @param {string | Uint8Array} infoHash hexadecimal, or its bytes
 * @returns {Buffer} its 20 bytes
 * @throws {TypeError}
 */
function toInfoHash (infoHash) {
  const bytes = typeof infoHash === 'string'
    ? Buffer.from(infoHash, 'hex')
    : Buffer.from(ArrayBuffer.isView(infoHash) ? infoHash : [])
  if (bytes.length !== 20) throw typeError('an info hash must have 20 bytes, or 40 hexadecimal digits')
  return bytes
}

module.exports = { findInfoHash, toInfoHash }
