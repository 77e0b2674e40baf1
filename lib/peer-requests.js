'use strict'

const native = require('./native.js')
const { Request, removeAt, findBlock, isFor, toNumbers } = require('./requests.js')
const { kId, kIsFinished } = require('./symbols.js')

const { page } = native
const { SLOT_POSITION, SLOT_PEER_REQUESTS, NONE } = native

/** The key of a request that is answered. */
const ANSWERED = -1

/**
 * The peer's requests: keeps `wire.peerRequests` in step with the engine. The list is live: where a
 * caller has edited it, the list counts.
 */
class PeerRequests {
  constructor (wire) {
    this.wire = wire
  }

  /** Adds a request that the engine has just opened, under its key. */
  add (request, key) {
    const list = this.wire.peerRequests
    Request.setKey(request, key)
    list.push(request)
    if (list.length !== page[SLOT_PEER_REQUESTS]) this.sync()
  }

  /** The engine's key of a request; negative once it is answered. */
  keyOf (request) {
    return Request.keyOf(request)
  }

  /** Takes out the request for a block that the last command settled. */
  settle (piece, offset, length) {
    const position = page[SLOT_POSITION]
    const open = page[SLOT_PEER_REQUESTS]
    const list = this.wire.peerRequests
    if (position === NONE && (this.wire[kIsFinished] || list.length === open)) return
    const isInStep = list.length === open + 1 && isFor(list[position], piece, offset, length)
    const at = isInStep ? position : findBlock(list, piece, offset, length)
    if (at >= 0) this.removeAt(at)
    if (!isInStep) this.sync()
  }

  /** Takes out the request that the last command answered. */
  remove (request) {
    const position = page[SLOT_POSITION]
    const open = page[SLOT_PEER_REQUESTS]
    const list = this.wire.peerRequests
    Request.setKey(request, ANSWERED)
    if (list[position] === request && list.length === open + 1) {
      removeAt(list, position)
      return
    }
    const at = list.indexOf(request)
    if (at >= 0) removeAt(list, at)
    if (!this.wire[kIsFinished]) this.sync()
  }

  /**
   * Takes out what the engine has dropped with our choke, in its order: all but those that `stays`
   * lets stay.
   * @param {(request: Request) => boolean} stays
   * @param {(request: Request) => void} onDropped
   */
  dropAll (stays, onDropped) {
    const list = this.wire.peerRequests
    let staying = 0
    while (list.length > staying) {
      if (stays(list[staying])) {
        staying++
      } else {
        onDropped(list[staying])
        this.removeAt(staying)
      }
    }
    if (!this.wire[kIsFinished] && list.length !== page[SLOT_PEER_REQUESTS]) this.sync()
  }

  /** The wire is closed. */
  clear () {
    for (const request of this.wire.peerRequests.splice(0)) Request.setKey(request, ANSWERED)
  }

  removeAt (position) {
    Request.setKey(this.wire.peerRequests[position], ANSWERED)
    removeAt(this.wire.peerRequests, position)
  }

  sync () {
    const list = this.wire.peerRequests
    const keys = native.nativeWire(this.wire[kId]).syncPeerRequests(toNumbers(list))
    list.forEach((request, i) => Request.setKey(request, keys[i]))
  }
}

module.exports = PeerRequests
