'use strict'

/**
 * What happens to the wires of this process, for who watches from outside: `node:diagnostics_channel`.
 * Without a subscriber nothing is made, and nothing is published.
 */

const { channel } = require('node:diagnostics_channel')
const keepShape = require('./v8/keep-shape.js')

const open = channel('bittorrent-protocol-native:open')
const handshake = channel('bittorrent-protocol-native:handshake')
const violation = channel('bittorrent-protocol-native:violation')
const close = channel('bittorrent-protocol-native:close')

/** The wires that `keepShape` made, which are not the application's. @type {WeakSet<object>} */
const unseen = new WeakSet()

/** A wire was made. */
function tellOpen (wire) {
  if (keepShape.isAtWork()) unseen.add(wire)
  else if (open.hasSubscribers) open.publish({ wire, type: wire.type })
}

/** The peer's handshake came; the hashes are hexadecimal. */
function tellHandshake (wire, infoHash, peerId, extensions) {
  if (handshake.hasSubscribers) handshake.publish({ wire, infoHash, peerId, extensions })
}

/** A wire closes for a fault of its peer. */
function tellViolation (wire, error) {
  if (violation.hasSubscribers) violation.publish({ wire, error })
}

/** A wire has closed. */
function tellClose (wire) {
  if (close.hasSubscribers && !unseen.has(wire)) close.publish({ wire, reason: wire.closeReason, statistics: wire.statistics })
}

module.exports = { tellOpen, tellHandshake, tellViolation, tellClose }
