'use strict'

const createDebug = require('debug')

const { nextTick } = process

/** What `DEBUG=bittorrent-protocol` shows. */
const debug = createDebug('bittorrent-protocol')

let isOn = false
let isFresh = false

/** Whether `debug` writes. It is asked once a tick: its answer takes as long as a small message. */
function isDebugging () {
  if (!isFresh) ask()
  return isOn
}

function ask () {
  isOn = debug.enabled
  isFresh = true
  nextTick(forget)
}

function forget () {
  isFresh = false
}

module.exports = { debug, isDebugging }
