'use strict'

const { LENGTHS, readAddresses, versionOf, writeAddresses } = require('./addresses.js')

/** What a message is. BEP 55 */
const RENDEZVOUS = 0
const CONNECT = 1
const ERROR = 2

/** The version of IP of an address, by its `addr_type`. BEP 55 */
const VERSIONS = [4, 6]

const HEADER_LENGTH = 2
const CODE_LENGTH = 4

/**
 * Reads a message (BEP 55): its type, the type of its address, the address, and an error code. Some
 * clients, libtorrent among them, leave the code out where there is no error.
 *
 * @param {Buffer} payload
 * @returns {{ type: number, address: string, code: number } | null} `null` if it is none
 */
function readMessage (payload) {
  const [type, addressType] = payload
  const version = VERSIONS[addressType]
  if (version === undefined || !(type <= ERROR)) return null
  const end = HEADER_LENGTH + LENGTHS[version]
  const hasCode = payload.length === end + CODE_LENGTH
  if (!hasCode && (payload.length !== end || type === ERROR)) return null
  const code = hasCode ? payload.readUInt32BE(end) : 0
  if ((type === ERROR) !== (code !== 0)) return null
  const [found] = readAddresses(payload.subarray(HEADER_LENGTH, end), version, 1)
  return found === undefined ? null : { type, address: found.address, code }
}

/**
 * @param {number} type
 * @param {string} address which `versionOf` knows
 * @param {number} code 0 where there is no error
 * @returns {Buffer}
 */
function writeMessage (type, address, code) {
  const codeBytes = Buffer.alloc(CODE_LENGTH)
  codeBytes.writeUInt32BE(code)
  return Buffer.concat([Buffer.of(type, VERSIONS.indexOf(versionOf(address))), writeAddresses([address]), codeBytes])
}

module.exports = { RENDEZVOUS, CONNECT, ERROR, readMessage, writeMessage }
