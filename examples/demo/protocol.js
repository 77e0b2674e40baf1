'use strict'

/**
 * The package that this demo is about.
 *
 * @returns {Promise<{ Wire: Function, decode: (bytes: Uint8Array) => * }>} the class of wires, and
 *   a function that reads bencode, with byte strings as Uint8Arrays and dictionaries as objects
 */
async function load () {
  const [{ default: Wire }, { default: bencode }] = await Promise.all([
    import('bittorrent-protocol'),
    import('bencode')
  ])
  return { Wire, decode: bencode.decode }
}

module.exports = { load }
