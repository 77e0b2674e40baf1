'use strict'

const { encode } = require('../../lib/bencode.js')
const { bencodeDecode } = require('../../lib/native/index.js')

/**
 * The bencoded dictionary (BEP 3) that begins with the first of `bytes`; what follows it is ignored.
 *
 * @param {Uint8Array} bytes
 * @param {number=} maxValues how many values there may be; 4096
 * @returns {{ [key: string]: unknown } | null} `null` if there is none
 */
function decodeDictionary (bytes, maxValues) {
  try {
    const value = bencodeDecode(bytes, maxValues)
    return isDictionary(value) ? value : null
  } catch {
    return null
  }
}

function isDictionary (value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/**
 * How long a dictionary is, in bytes.
 *
 * @param {Buffer} bytes begin with it
 * @param {object} dictionary what `decodeDictionary` gave for them
 * @param {number=} maxValues
 * @returns {number}
 */
function lengthOf (bytes, dictionary, maxValues) {
  const encoded = encode(dictionary)
  if (encoded.equals(bytes.subarray(0, encoded.length))) return encoded.length
  // It was encoded in another way than ours. Of all that begins like it, it is the shortest that is whole.
  let least = 1
  let most = bytes.length
  while (least < most) {
    const middle = (least + most) >>> 1
    if (decodeDictionary(bytes.subarray(0, middle), maxValues) === null) least = middle + 1
    else most = middle
  }
  return most
}

module.exports = { decodeDictionary, encode, isDictionary, lengthOf }
