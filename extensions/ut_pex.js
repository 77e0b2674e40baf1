'use strict'

const { EventEmitter } = require('node:events')

const { toBytes } = require('../lib/arguments.js')
const { versionOf } = require('./support/addresses.js')
const peerSpeaks = require('./support/peer-speaks.js')
const Rate = require('./support/rate.js')
const { LISTS, MAX_SENT, decodeFlags, encodeFlags, makeMessage, readMessage } = require('./support/pex.js')

/** How often a message goes out: a little more than a minute, in milliseconds. BEP 11 */
const INTERVAL = 65_000

/**
 * The peer may send so many messages in a minute. BEP 11 has it send one; but those of several minutes
 * come at once where nothing was read for so long.
 */
const MAX_MESSAGES = 6

/** After so many new peers the oldest are forgotten: this many of each kind stay. */
const MAX_PEERS = 1000

/** Peer exchange (BEP 11), on one wire: see ut_pex.d.ts. */
class UtPex extends EventEmitter {
  #rate = new Rate(MAX_MESSAGES)
  /** How many peers were remembered since the oldest were forgotten. */
  #remembered = 0

  constructor (wire) {
    super()
    this._wire = wire
    this._intervalId = null
    this.reset()
  }

  start () {
    clearInterval(this._intervalId)
    this._intervalId = setInterval(() => this.#onInterval(), INTERVAL)
    this._intervalId.unref()
  }

  stop () {
    clearInterval(this._intervalId)
    this._intervalId = null
  }

  reset () {
    // By address, as the npm package has them: `{ ip: 4 | 6, flags }`.
    this._remoteAddedPeers = {}
    this._remoteDroppedPeers = {}
    this._localAddedPeers = {}
    this._localDroppedPeers = {}
    this.stop()
  }

  addPeer (peer, flags = {}) {
    this.#add(peer, 4, flags)
  }

  addPeer6 (peer, flags = {}) {
    this.#add(peer, 6, flags)
  }

  dropPeer (peer) {
    this.#drop(peer, 4)
  }

  dropPeer6 (peer) {
    this.#drop(peer, 6)
  }

  #add (peer, version, flags) {
    // The peer knows it already.
    if (versionOf(peer) !== version || peer in this._remoteAddedPeers) return
    delete this._localDroppedPeers[peer]
    this.#remember(this._localAddedPeers, peer, { ip: version, flags: encodeFlags(flags) })
  }

  #drop (peer, version) {
    if (versionOf(peer) !== version || peer in this._remoteDroppedPeers) return
    delete this._localAddedPeers[peer]
    this.#remember(this._localDroppedPeers, peer, { ip: version })
  }

  onExtendedHandshake (handshake) {
    if (!handshake.m?.ut_pex) this.emit('warning', new Error('Peer does not support ut_pex'))
  }

  onMessage (payload) {
    if (!this.#rate.allows()) {
      this.reset()
      this._wire.destroy()
      this.emit('warning', new Error('Peer disconnected for sending PEX messages too frequently'))
      return
    }
    const lists = readMessage(toBytes(payload, 'payload')) ?? {}
    for (const name of ['added', 'added6']) {
      for (const { address, flags } of lists[name] ?? []) {
        delete this._remoteDroppedPeers[address]
        if (address in this._remoteAddedPeers) continue
        this.#remember(this._remoteAddedPeers, address, { ip: LISTS[name].version, flags })
        this.emit('peer', address, decodeFlags(flags))
      }
    }
    for (const name of ['dropped', 'dropped6']) {
      for (const { address } of lists[name] ?? []) {
        delete this._remoteAddedPeers[address]
        if (address in this._remoteDroppedPeers) continue
        this.#remember(this._remoteDroppedPeers, address, { ip: LISTS[name].version })
        this.emit('dropped', address)
      }
    }
  }

  #remember (peers, address, peer) {
    peers[address] = peer
    if (++this.#remembered < MAX_PEERS) return
    this.#remembered = 0
    for (const peers of [this._remoteAddedPeers, this._remoteDroppedPeers, this._localAddedPeers, this._localDroppedPeers]) {
      for (const oldest of Object.keys(peers).slice(0, -MAX_PEERS)) delete peers[oldest]
    }
  }

  #onInterval () {
    if (this._wire.destroyed) this.stop()
    else this._sendMessage()
  }

  _sendMessage () {
    if (!peerSpeaks(this._wire, this.name)) return
    const lists = { added: [], added6: [], dropped: [], dropped6: [] }
    take(this._localAddedPeers, lists.added, lists.added6)
    take(this._localDroppedPeers, lists.dropped, lists.dropped6)
    this._wire.extended(this.name, makeMessage(lists))
  }
}

/** Moves as many peers as a message takes to its lists. */
function take (peers, list4, list6) {
  for (const address of Object.keys(peers).slice(0, MAX_SENT)) {
    const { ip, flags } = peers[address]
    const list = ip === 4 ? list4 : list6
    list.push({ address, flags })
    delete peers[address]
  }
}

/** @returns {typeof UtPex} for `wire.use` */
function utPex () {
  return class extends UtPex {}
}

Object.defineProperty(UtPex.prototype, 'name', { value: 'ut_pex', writable: true, configurable: true })

module.exports = utPex
module.exports.default = utPex
