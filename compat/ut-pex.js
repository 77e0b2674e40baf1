'use strict'

const { EventEmitter } = require('node:events')

const { FLAGS, LISTS, MAX_SENT, readMessage, writeMessage } = require('../extensions/support/pex.js')

/**
 * Peer exchange (BEP 11) as bittorrent-wire does it: when and what the application says. Emits
 * `pex_added`, `pex_added6`, `pex_dropped` and `pex_dropped6`, each with a list of `address:port`.
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

  /** The message that tells a peer of all these, as bytes: each of them is a seeder. */
  prepMessage () {
    const lists = Object.entries(this.#lists)
    return writeMessage(Object.fromEntries(lists.map(([name, peers]) =>
      [name, peers.map(address => ({ address, flags: FLAGS.isSender }))])))
  }

  /**
   * Takes a message of the peer; what is no such message is ignored.
   * @param {Buffer} payload
   */
  receive (payload) {
    const lists = readMessage(payload)
    for (const name of Object.keys(LISTS)) {
      const peers = lists?.[name]
      if (peers) this.emit(`pex_${name}`, this.#sort(peers.map(({ address }) => address)))
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

module.exports = UtPex
