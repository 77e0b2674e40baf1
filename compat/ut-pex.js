'use strict'

const { EventEmitter } = require('node:events')
const compact2string = require('compact2string')
const string2compact = require('string2compact')

const bencode = require('../lib/bencode.js')
const { bencodeDecode } = require('../lib/native/index.js')

/** Peers in a list that we send (BEP 11), and in one that we read. */
const MAX_SENT = 50
const MAX_READ = 200

/** The lists of a message, each with the bytes of an address and how they are read. */
const LISTS = {
  added: { size: 6, read: compact2string.multi },
  added6: { size: 18, read: compact2string.multi6 },
  dropped: { size: 6, read: compact2string.multi },
  dropped6: { size: 18, read: compact2string.multi6 }
}

/** What is said of every peer that we send: it is a seeder. */
const FLAGS = 0x02

/**
 * Peer exchange (BEP 11), one end of it. Emits `pex_added`, `pex_added6`, `pex_dropped` and
 * `pex_dropped6`, each with a list of `address:port`.
 */
class UtPex extends EventEmitter {
  /** The first number of our own address; `null` if we do not know it. */
  #ownNumber = null
  #lists = { added: [], added6: [], dropped: [], dropped6: [] }

  /**
   * Has peers sorted by how near their addresses are.
   * @param {string} address our own, as `address:port`
   */
  myID (address) {
    this.#ownNumber = firstNumber(address)
  }

  addPeer (peers) {
    this.#add('added', peers)
  }

  addPeer6 (peers) {
    this.#add('added6', peers)
  }

  dropPeer (peers) {
    this.#add('dropped', peers)
  }

  dropPeer6 (peers) {
    this.#add('dropped6', peers)
  }

  addAll (added, added6, dropped, dropped6) {
    this.addPeer(added)
    this.addPeer6(added6)
    this.dropPeer(dropped)
    this.dropPeer6(dropped6)
  }

  /** The message that tells a peer of all these, as bytes. */
  prepMessage () {
    const { added, added6, dropped, dropped6 } = this.#lists
    return bencode.encode({
      added: string2compact(added),
      'added.f': Buffer.alloc(added.length, FLAGS),
      added6: string2compact(added6),
      'added6.f': Buffer.alloc(added6.length, FLAGS),
      dropped: string2compact(dropped),
      dropped6: string2compact(dropped6)
    })
  }

  /**
   * Takes a message of the peer; what is no such message is ignored.
   * @param {Buffer} payload
   */
  receive (payload) {
    const message = decode(payload)
    for (const [name, { size, read }] of Object.entries(LISTS)) {
      const bytes = message?.[name]
      if (!Buffer.isBuffer(bytes) || bytes.length % size !== 0) continue
      this.emit(`pex_${name}`, this.#sort(read(bytes.subarray(0, MAX_READ * size))))
    }
  }

  #add (name, peers) {
    this.#lists[name] = [...new Set([...this.#lists[name], ...(peers ?? [])])].slice(-MAX_SENT)
  }

  #sort (peers) {
    if (this.#ownNumber === null) return peers
    const distance = peer => firstNumber(peer) ^ this.#ownNumber
    return [...new Set(peers)].sort((a, b) => distance(a) - distance(b))
  }
}

function firstNumber (address) {
  return parseInt(address, 10)
}

function decode (bytes) {
  try {
    return bencodeDecode(bytes)
  } catch {
    return null
  }
}

module.exports = UtPex
