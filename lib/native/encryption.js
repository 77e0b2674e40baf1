'use strict'

/** The crypto handshake (MSE), and what arrives after it. */

const { engine, page, transfer, toCommand } = require('./memory.js')
const {
  COMMAND_FALL_BACK, COMMAND_RELEASE_PLAINTEXT, RESULT_GONE, SLOT_GENERATION, SLOT_NUMBERS, SLOT_WIRE, TRANSFER_DECRYPT, TRANSFER_NEGOTIATE,
  TRANSFER_SET_INFO_HASH, TRANSFER_START_ENCRYPTION, skeyHashHex
} = require('../load.js')

/**
 * What an input of the crypto handshake did.
 * @typedef {{ used: number, hasJob: boolean, hasEvents: boolean }} Negotiated
 */

/** @returns {Negotiated} */
function negotiate (handle, bytes) {
  return negotiated(transfer(handle, TRANSFER_NEGOTIATE, bytes))
}

/** @returns {Negotiated} */
function startEncryption (handle, infoHash) {
  return negotiated(transfer(handle, TRANSFER_START_ENCRYPTION, infoHash))
}

/** @returns {Negotiated} */
function setInfoHash (handle, infoHash) {
  return negotiated(transfer(handle, TRANSFER_SET_INFO_HASH, infoHash))
}

function negotiated (result) {
  if (result === RESULT_GONE) return { used: 0, hasJob: false, hasEvents: false }
  return {
    used: page[SLOT_NUMBERS],
    hasJob: page[SLOT_NUMBERS + 1] !== 0,
    hasEvents: page[SLOT_NUMBERS + 2] !== 0
  }
}

/** @returns {Promise<unknown> | null} the key agreement that waits, done by the thread pool */
function agree ({ index, generation }) {
  return engine.agree(index, generation)
}

/** Takes the result of `agree`. */
function agreed ({ index, generation }, agreement) {
  engine.agreed(index, generation, agreement)
}

/**
 * Decrypts what arrived.
 * @param {Buffer} plain is filled; as long as `bytes`
 * @returns {Buffer} `plain`
 */
function decrypt (handle, bytes, plain) {
  transfer(handle, TRANSFER_DECRYPT, plain, 0, 0, 0, 0, bytes)
  return plain
}

/**
 * Takes the ciphers of a wire, for a connection that runs them from now on. What was sent before has
 * to be taken as output first.
 * @returns {unknown} for `encrypt` of `net/native.js`; `null` if there are none
 */
function takeCiphers ({ index, generation }) {
  page[SLOT_WIRE] = index
  page[SLOT_GENERATION] = generation
  return engine.takeCiphers()
}

module.exports = {
  skeyHashHex,
  startEncryption,
  setInfoHash,
  negotiate,
  agree,
  agreed,
  decrypt,
  takeCiphers,
  /** Begins anew in plaintext, for another connection; tells whether it may. */
  fallBack: toCommand(COMMAND_FALL_BACK),
  /** Lets go in plaintext what waits for a crypto handshake that was never begun. */
  releasePlaintext: toCommand(COMMAND_RELEASE_PLAINTEXT)
}
