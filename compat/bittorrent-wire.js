'use strict'

const { createHash } = require('node:crypto')

const { Adapter, kWire, keepAdapterShape } = require('./adapter.js')
const readTorrentInfo = require('./torrent-info.js')
const speedMeter = require('./speed.js')
const UtMetadata = require('./ut-metadata.js')
const UtPex = require('./ut-pex.js')
const { toBytes } = require('../lib/arguments.js')
const { typeError } = require('../lib/errors.js')

const { nextTick } = process

/** The ids of the extensions in `ext`, and on the wire unless the handshake says otherwise. */
const UT_PEX = 1
const UT_METADATA = 2

const DEFAULT_HANDSHAKE = { m: { ut_pex: UT_PEX, ut_metadata: UT_METADATA } }

/** Messages that come ready-made, by their ids: the shortest and the longest of each, in bytes. */
const REQUEST = { id: 6, least: 17, most: 17 }
const PIECE = { id: 7, least: 13, most: Infinity }

/** A wire with the API of the npm package bittorrent-wire: see bittorrent-wire.d.ts. */
class BitTorrentWire extends Adapter {
  #infoHash
  #pex = new UtPex()
  #metadata

  constructor (infoHash, myID, options) {
    super(options)
    this.infoHash = infoHash
    this.myID = myID
    this.#infoHash = typeof infoHash === 'string' ? Buffer.from(infoHash, 'hex') : toBytes(infoHash, 'infoHash')
    this.#metadata = new UtMetadata(this.#infoHash)

    this.isActive = true
    this.peerID = null
    this.peerHasExt = false
    this.peerHasDHT = false
    this.busy = false
    this.reqBusy = false
    /** The peer's requests that are not answered, oldest first. */
    this.inRequests = []

    this.meta = true
    this.metaHandshook = false
    this.metaHandshake = options?.metadata_handshake ?? null
    this.ext = {}

    this.uploadSpeed = speedMeter()
    this.downloadSpeed = speedMeter()

    this.listen({
      handshake: (infoHash, peerId, extensions) => this.#onHandshake(infoHash, extensions),
      choke: () => this.#onChoke(),
      unchoke: () => this[kWire].unchoke(),
      interested: () => this.#onInterested(),
      uninterested: () => this.closeConnection(),
      have: index => this.emit('have', index),
      bitfield: ({ buffer }) => this.emit('bitfield', Buffer.from(buffer)),
      request: (index, begin, length) => this.#onRequest(index, begin, length),
      cancel: (index, begin, length) => this.#onCancel(index, begin, length),
      port: port => this.emit('dht_port', port),
      upload: length => this.uploadSpeed(length),
      extended: (name, message) => this.#onExtended(name, message)
    })
    this.#metadata.on('send', message => this.#sendExtended('ut_metadata', message))
    for (const event of ['pex_added', 'pex_added6', 'pex_dropped', 'pex_dropped6']) {
      this.#pex.on(event, peers => {
        if (!this.isEnding) this.emit(event, peers)
      })
    }
  }

  /** Whether we refuse the peer's requests. */
  get choked () {
    return this[kWire].amChoking
  }

  set choked (value) {
    this[kWire].amChoking = value
  }

  _write (chunk, encoding, callback) {
    this.downloadSpeed(chunk.length)
    super._write(chunk, encoding, callback)
  }

  //
  // SENDING
  //

  sendHandshake () {
    this[kWire].handshake(this.#infoHash, typeof this.myID === 'string' ? Buffer.from(this.myID) : this.myID)
    this.sendMetaHandshake()
  }

  sendKeepActive () {
    this[kWire].keepAlive()
  }

  sendInterested () {
    this[kWire].amInterested = false // or it would not be said again
    this[kWire].interested()
    this[kWire].unchoke()
  }

  sendNotInterested () {
    this[kWire].amInterested = true // or it would not be said at all
    this[kWire].uninterested()
  }

  sendHave (index) {
    this[kWire].have(index)
  }

  sendBitfield (bitfield) {
    this[kWire].bitfield(typeof bitfield === 'string' ? Buffer.from(bitfield, 'hex') : bitfield)
  }

  sendRequest (payload) {
    const requests = readMessages(payload, REQUEST).map(message => ({
      index: message.readUInt32BE(5), begin: message.readUInt32BE(9), length: message.readUInt32BE(13)
    }))
    this.busy = true
    /** What is still missing of each piece, and what has come. */
    const pieces = new Map()
    for (const { index } of requests) {
      if (!pieces.has(index)) pieces.set(index, { missing: 0, blocks: [] })
      pieces.get(index).missing++
    }
    this[kWire].peerChoking = false // whether it answers is its own business
    for (const { index, begin, length } of requests) {
      this[kWire].request(index, begin, length, (error, block) => {
        if (error === null) this.#collect(index, pieces.get(index), { begin, block })
      })
    }
  }

  #collect (index, piece, block) {
    piece.blocks.push(block)
    if (--piece.missing === 0) nextTick(() => this.#finishPiece(index, piece.blocks))
  }

  #finishPiece (index, blocks) {
    if (this.isEnding) return
    blocks.sort((a, b) => a.begin - b.begin)
    const piece = Buffer.concat(blocks.map(({ block }) => block))
    this.emit('finished_piece', index, piece, createHash('sha1').update(piece))
  }

  sendPiece (piece) {
    for (const message of readMessages(piece, PIECE)) {
      const index = message.readUInt32BE(5)
      const begin = message.readUInt32BE(9)
      const block = message.subarray(13)
      this.#forgetRequest(index, begin, block.length)
      this[kWire].piece(index, begin, block)
    }
  }

  sendCancel (index, begin, length) {
    this[kWire].cancel(index, begin, length)
  }

  sendPort (port) {
    this[kWire].port(port)
  }

  closeConnection () {
    this.destroy()
  }

  destroy () {
    this.isActive = false
    this.removeMeta()
    this.removePex()
    return super.destroy()
  }

  //
  // EXTENSIONS
  //

  sendMetaHandshake () {
    this.metaDataHandshake(this.metaHandshake ?? undefined)
  }

  _sendMetaHandshake () {
    this.sendMetaHandshake()
  }

  metaDataHandshake (message = this.#defaultHandshake()) {
    if (this.metaHandshook) return
    this.metaHandshook = true
    for (const [name, id] of Object.entries(message.m ?? {})) this[kWire].extendedMapping[id] = name
    this[kWire].sendExtended(0, message)
  }

  #defaultHandshake () {
    const { size } = this.#metadata
    return size > 0 ? { ...DEFAULT_HANDSHAKE, metadata_size: size } : DEFAULT_HANDSHAKE
  }

  metaDataRequest () {
    if (!this.ext.ut_metadata || !this.ext[UT_METADATA]) return
    this.metaDataHandshake()
    this.#metadata.fetch()
  }

  createExtensions (metadataSize, torrentInfo, address) {
    this.createUTmetadata(metadataSize, torrentInfo)
    this.createUTpex(address)
  }

  createUTmetadata (metadataSize, torrentInfo) {
    this.#metadata.expect(metadataSize)
    if (torrentInfo) this.#metadata.setInfo(torrentInfo)
    this.ext[UT_METADATA] = this.#metadata
  }

  createUTpex (address) {
    if (address) this.#pex.myID(address)
    this.ext[UT_PEX] = this.#pex
  }

  removeMeta () {
    this.meta = false
    delete this.ext[UT_METADATA]
  }

  removePex () {
    delete this.ext[UT_PEX]
  }

  sendPexPeers (addPeers, addPeers6, dropPeers, dropPeers6) {
    if (!this.ext.ut_pex || !this.ext[UT_PEX]) return
    this.#pex.addAll(addPeers, addPeers6, dropPeers, dropPeers6)
    this.#sendExtended('ut_pex', this.#pex.prepMessage())
  }

  #sendExtended (name, message) {
    if (this[kWire].peerExtendedMapping[name]) this[kWire].sendExtended(name, message)
  }

  //
  // STATE
  //

  isChoked () {
    return this.choked
  }

  isBusy () {
    return this.busy
  }

  setBusy () {
    this.busy = true
  }

  unsetBusy () {
    this.busy = false
  }

  //
  // RECEIVING
  //

  #onHandshake (infoHash, { dht, extended }) {
    const infoHashBuffer = Buffer.from(infoHash, 'hex')
    const peerID = this[kWire].peerIdBuffer
    this.peerID = peerID.toString()
    this.peerHasExt = extended
    this.peerHasDHT = dht
    if (infoHashBuffer.equals(this.#infoHash)) this.emit('handshake', infoHashBuffer, peerID)
    else this.closeConnection()
  }

  #onChoke () {
    this[kWire].choke()
    this.inRequests.length = 0
  }

  #onInterested () {
    if (this.choked) this.sendInterested()
    this.emit('interested')
  }

  #onRequest (index, begin, length) {
    this.inRequests.push({ index, begin, length })
    this.emit('request')
  }

  #onCancel (index, begin, length) {
    this.#forgetRequest(index, begin, length)
    this.emit('cancel', index, begin, length)
  }

  #forgetRequest (index, begin, length) {
    const at = this.inRequests.findIndex(request =>
      request.index === index && request.begin === begin && request.length === length)
    if (at >= 0) this.inRequests.splice(at, 1)
  }

  #onExtended (name, message) {
    if (name === 'handshake') this.#onExtendedHandshake(message)
    else if (name === 'ut_pex' && this.ext[UT_PEX]) this.#pex.receive(message)
    else if (name === 'ut_metadata' && this.ext[UT_METADATA] && this.meta) this.#onMetadata(message)
  }

  #onExtendedHandshake (handshake) {
    const { ut_metadata: metadata, ut_pex: pex } = this[kWire].peerExtendedMapping
    if (metadata) {
      this.ext.ut_metadata = metadata
      this.ext[UT_METADATA] ??= this.#metadata
      this.#metadata.expect(handshake.metadata_size)
    }
    if (pex) {
      this.ext.ut_pex = pex
      this.ext[UT_PEX] ??= this.#pex
    }
  }

  #onMetadata (message) {
    const info = this.#metadata.receive(message)
    const torrent = info === null ? null : readTorrentInfo(info)
    if (torrent !== null) this.emit('metadata', torrent)
  }
}

/**
 * Cuts bytes into the messages that they are made of, each with its length before it.
 * @param {Uint8Array} payload
 * @param {{ id: number, least: number, most: number }} kind what they all must be
 * @throws {TypeError} if they are not
 */
function readMessages (payload, { id, least, most }) {
  const bytes = toBytes(payload, 'payload')
  const messages = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.length - at < least ? 0 : 4 + bytes.readUInt32BE(at)
    if (length < least || length > most || length > bytes.length - at || bytes[at + 4] !== id) {
      throw typeError(`payload must be whole messages with the id ${id}, each with its length before it`)
    }
    messages.push(bytes.subarray(at, at + length))
    at += length
  }
  return messages
}

keepAdapterShape(BitTorrentWire, Buffer.alloc(20), Buffer.alloc(20))

Object.defineProperty(BitTorrentWire, '__esModule', { value: true })
BitTorrentWire.default = BitTorrentWire

module.exports = BitTorrentWire
