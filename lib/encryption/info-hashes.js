'use strict'

const { skeyHashHex } = require('../native/index.js')
const { toBytes } = require('../arguments.js')
const { typeError } = require('../errors.js')

/**
 * What is known of an iterable: its entries so far, and which of them a hash means.
 * @typedef {{ entries: Set<unknown>, byHash: Map<string, { entry: unknown, infoHash: string }> }} Index
 */

/** Where thousands of torrents are served, to hash them for each peer takes too long. @type {WeakMap<object, Index>} */
const indexes = new WeakMap()

/**
 * Finds the info hash that step 3 of a crypto handshake means.
 * @param {Iterable<string | Uint8Array> | ((hash: Buffer) => unknown)} infoHashes the torrents that
 *   we serve, or a function that finds one of them by HASH('req2', SKEY)
 * @param {string} hash HASH('req2', SKEY) in hexadecimal
 * @returns {unknown} the info hash, or a promise of it; `undefined` if there is none
 */
function findInfoHash (infoHashes, hash) {
  if (typeof infoHashes === 'function') return infoHashes(Buffer.from(hash, 'hex'))
  const found = indexes.get(infoHashes)?.byHash.get(hash)
  if (found !== undefined) {
    if (holds(infoHashes, found.entry)) return found.infoHash
    // It is served no more, unless by another entry.
    indexes.delete(infoHashes)
  }
  return learn(infoHashes).byHash.get(hash)?.infoHash
}

/** Whether an entry is still there. */
function holds (infoHashes, entry) {
  if (infoHashes instanceof Set) return infoHashes.has(entry)
  if (Array.isArray(infoHashes)) return infoHashes.includes(entry)
  for (const other of infoHashes) if (other === entry) return true
  return false
}

/**
 * Adds the entries that are new.
 * @returns {Index}
 */
function learn (infoHashes) {
  const index = indexes.get(infoHashes) ?? { entries: new Set(), byHash: new Map() }
  let count = 0
  for (const entry of infoHashes) {
    count++
    if (index.entries.has(entry)) continue
    const infoHash = toInfoHash(entry)
    index.byHash.set(skeyHashHex(infoHash), { entry, infoHash: infoHash.toString('hex') })
    index.entries.add(entry)
  }
  // Entries that are gone are not to be kept for ever.
  if (index.entries.size > 2 * count) indexes.delete(infoHashes)
  else indexes.set(infoHashes, index)
  return index
}

/**
 * @param {string | Uint8Array} infoHash hexadecimal, or its bytes
 * @returns {Buffer} its 20 bytes
 * @throws {TypeError}
 */
function toInfoHash (infoHash) {
  const bytes = typeof infoHash === 'string'
    ? Buffer.from(infoHash, 'hex')
    : ArrayBuffer.isView(infoHash) ? toBytes(infoHash, 'infoHash') : Buffer.alloc(0)
  if (bytes.length !== 20) throw typeError('an info hash must have 20 bytes, or 40 hexadecimal digits')
  return bytes
}

module.exports = { findInfoHash, toInfoHash }
