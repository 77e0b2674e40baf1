'use strict'

const native = require('./native/index.js')
const sent = require('./sending/sent.js')
const { peerInfo, requestWindow } = require('./peer-info.js')
const { answer } = require('./promises/answer.js')
const Ready = require('./promises/ready.js')
const { WireError, closedError } = require('./errors.js')
const { checkHashRange, checkHashes } = require('./hashes/hash-range.js')
const OwnHashRequests = require('./hashes/own-hash-requests.js')
const PeerHashRequests = require('./hashes/peer-hash-requests.js')
const allowFast = require('./requests/allow-fast.js')
const fetch = require('./requests/fetch.js')
const PeerRequestsStream = require('./requests/peer-requests-stream.js')
const PeerStream = require('./stream/peer-stream.js')
const { kHandle, kIsEnding } = require('./symbols.js')

/**
 * What a wire has beyond that of bittorrent-protocol. Each member leads to the module of its concept;
 * what they keep of a wire is in its parts, so that a wire that uses none of it has none of it.
 */
class Additions extends PeerStream {
  //
  // The handshakes. Applications put members of their own on wires, perhaps under these names.
  //

  get ready () {
    return Ready.of(this).promise
  }

  set ready (value) {
    own(this, 'ready', value)
  }

  get peerInfo () {
    return peerInfo(this)
  }

  set peerInfo (value) {
    own(this, 'peerInfo', value)
  }

  get requestWindow () {
    return requestWindow(this)
  }

  set requestWindow (value) {
    own(this, 'requestWindow', value)
  }

  //
  // Requests
  //

  fetch (piece, offset, length, options) {
    return fetch(this, piece, offset, length, options)
  }

  peerRequestsStream () {
    return new PeerRequestsStream(this)
  }

  allowFastFor (address, options) {
    return allowFast(this, address, options)
  }

  //
  // BEP 52
  //

  hashRequest (range) {
    sent(this, native.hashRequest(this[kHandle], checkHashRange(range)), 'hash-request')
  }

  hashes (range, hashes) {
    const checked = checkHashRange(range)
    const bytes = checkHashes(checked, hashes)
    PeerHashRequests.settle(this, checked)
    sent(this, native.hashes(this[kHandle], checked, bytes), 'hashes')
  }

  hashReject (range) {
    const checked = checkHashRange(range)
    PeerHashRequests.settle(this, checked)
    sent(this, native.hashReject(this[kHandle], checked), 'hash-reject')
  }

  requestHashes (range, options) {
    return answer(options, settle => {
      const checked = checkHashRange(range)
      if (this[kIsEnding]) throw closedError(this)
      // A peer need not announce it that names the torrent by its v2 info hash: libtorrent does not.
      if (!this.peerExtensions.v2 && !this.extensions.v2) {
        throw new WireError('ERR_V2_DISABLED', 'neither side announced BitTorrent v2')
      }
      const forget = OwnHashRequests.of(this).add(checked, settle)
      this.hashRequest(checked)
      return forget
    })
  }
}

/** Has a member be the caller's own. */
function own (wire, name, value) {
  Object.defineProperty(wire, name, { value, configurable: true, enumerable: true, writable: true })
}

module.exports = Additions
