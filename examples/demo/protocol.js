'use strict'

const Wire = require('../..')
const { bencodeDecode } = Wire

/** Values in a torrent file: it may list many files. */
const MAX_TORRENT_VALUES = 1 << 20

/**
 * The package that this demo is about.
 *
 * @returns {Promise<{ Wire: Function, decode: (bytes: Uint8Array) => * }>} the class of wires, and
 *   a function that reads bencode, with byte strings as Uint8Arrays and dictionaries as objects
 */
async function load () {
  return { Wire, decode: bytes => bencodeDecode(bytes, MAX_TORRENT_VALUES) }
}

module.exports = { load }
