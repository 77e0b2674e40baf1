'use strict'

const { readAddresses, writeAddresses } = require('./addresses.js')
const { decodeDictionary, encode } = require('./bencode.js')

/** Peers of a list that are read. BEP 11 wants no more than 50 to be sent. */
const MAX_READ = 200

/** Peers in a list that is sent. BEP 11 */
const MAX_SENT = 50

/** What a list of peers says of each: bits of a byte. BEP 11 */
const FLAGS = {
  prefersEncryption: 0x01,
  isSender: 0x02,
  supportsUtp: 0x04,
  supportsUtHolepunch: 0x08,
  isReachable: 0x10
}

/** The lists of a message, with the version of IP of each, and where the flags of its peers are. */
const LISTS = {
  added: { version: 4, flags: 'added.f' },
  added6: { version: 6, flags: 'added6.f' },
  dropped: { version: 4 },
  dropped6: { version: 6 }
}

/**
 * Reads a message (BEP 11). What is no list of peers in it does not count.
 *
 * @typedef {{ address: string, flags: number | undefined }} Peer
 * @param {Uint8Array} payload
 * @returns {{ added?: Peer[], added6?: Peer[], dropped?: Peer[], dropped6?: Peer[] } | null} the lists
 *   that are there; `null` if it is no message
 */
function readMessage (payload) {
  const message = decodeDictionary(payload)
  if (message === null) return null
  const lists = {}
  for (const [name, { version, flags }] of Object.entries(LISTS)) {
    const bytes = message[name]
    const found = ArrayBuffer.isView(bytes) ? readAddresses(bytes, version, MAX_READ) : null
    if (found !== null) lists[name] = found.map(({ address, index }) => ({ address, flags: flagsAt(message[flags], index) }))
  }
  return lists
}

/** Flags are bytes; other packages' tests have them as a list of numbers. */
function flagsAt (flags, index) {
  const byte = ArrayBuffer.isView(flags) || Array.isArray(flags) ? flags[index] : undefined
  return typeof byte === 'number' ? byte & 0xff : undefined
}

/**
 * The dictionary of a message (BEP 11).
 *
 * @param {{ added?: Peer[], added6?: Peer[], dropped?: Peer[], dropped6?: Peer[] }} lists
 * @returns {{ [key: string]: Buffer }}
 */
function makeMessage (lists) {
  const message = {}
  for (const [name, { flags }] of Object.entries(LISTS)) {
    const peers = lists[name] ?? []
    message[name] = writeAddresses(peers.map(({ address }) => address))
    if (flags) message[flags] = Buffer.from(peers.map(({ flags }) => flags ?? 0))
  }
  return message
}

/** The same as bytes. */
function writeMessage (lists) {
  return encode(makeMessage(lists))
}

function decodeFlags (byte) {
  return Object.fromEntries(Object.entries(FLAGS).map(([name, bit]) => [name, (byte & bit) !== 0]))
}

function encodeFlags (flags) {
  return Object.entries(FLAGS).reduce((byte, [name, bit]) => flags[name] === true ? byte | bit : byte, 0)
}

module.exports = { FLAGS, LISTS, MAX_SENT, MAX_READ, readMessage, makeMessage, writeMessage, decodeFlags, encodeFlags }
