'use strict'

const { kIsEnding, kKeepAliveTimer } = require('./symbols.js')

/** Peers close a connection that was silent for two minutes (BEP 3). */
const INTERVAL_MS = 55000

/** Has a wire send a keep-alive in intervals, from now on, or no more. */
function keepAlive (wire, isOn) {
  clearInterval(wire[kKeepAliveTimer])
  wire[kKeepAliveTimer] = isOn && !wire[kIsEnding] ? setInterval(() => wire.keepAlive(), INTERVAL_MS) : null
}

module.exports = keepAlive
