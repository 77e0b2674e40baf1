'use strict'

/** What the parts of a connected wire, and of a socket, show each other. */
module.exports = {
  /** What opens the connection of a wire. */
  kOpening: Symbol('opening'),
  /** What a socket stands on; `null` before it is there. */
  kConnection: Symbol('connection'),
  /** What a socket is piped to without a detour. */
  kDirect: Symbol('direct')
}
