'use strict'

const { isIP } = require('node:net')

const compact2string = require('compact2string')
const string2compact = require('string2compact')

/** How many bytes an address has, with its port, by the version of IP. */
const LENGTHS = { 4: 6, 6: 18 }

/** What an address of IPv4 begins with where it stands for one of IPv6. RFC 4291 */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

const PATTERN = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i

/**
 * Which version of IP an address is of.
 *
 * @param {unknown} address
 * @returns {4 | 6 | 0} 0 if it is none with a port from 1 to 65535, such as `10.0.0.1:6881` or
 *   `[2001:db8::1]:6881`
 */
function versionOf (address) {
  const [, v6, v4, port] = (typeof address === 'string' && PATTERN.exec(address)) || []
  if (port === undefined || Number(port) < 1 || Number(port) > 0xffff) return 0
  const version = isIP(v6 ?? v4)
  return version === (v6 === undefined ? 4 : 6) ? version : 0
}

/**
 * The addresses in compact form (BEP 23), one after another. Those with port 0 are left out: nobody
 * can connect to them.
 *
 * @param {Uint8Array} bytes
 * @param {4 | 6} version of IP
 * @param {number} most how many of them to read
 * @returns {Array<{ address: string, index: number }> | null} `null` if the bytes are no such list
 */
function readAddresses (bytes, version, most) {
  const length = LENGTHS[version]
  if (bytes.length % length !== 0) return null
  const found = []
  for (let index = 0; index < most && index * length < bytes.length; index++) {
    const compact = bytes.subarray(index * length, (index + 1) * length)
    if (compact[length - 2] === 0 && compact[length - 1] === 0) continue
    found.push({ address: compact2string(Buffer.from(compact)), index })
  }
  return found
}

/**
 * Addresses in compact form (BEP 23), one after another.
 *
 * @param {string[]} addresses which `versionOf` knows
 * @returns {Buffer}
 */
function writeAddresses (addresses) {
  return string2compact(addresses)
}

/**
 * An address as `readAddresses` gives it. One of IPv4 in the form of IPv6, which Node's sockets give
 * where they listen for both, is one of IPv4.
 *
 * @param {unknown} address
 * @returns {string | null} `null` if it is none
 */
function canonicalAddress (address) {
  const version = versionOf(address)
  if (version === 0) return null
  const compact = writeAddresses([address])
  const isMapped = version === 6 && compact.subarray(0, MAPPED.length).equals(MAPPED)
  return compact2string(isMapped ? compact.subarray(MAPPED.length) : compact)
}

module.exports = { canonicalAddress, LENGTHS, readAddresses, versionOf, writeAddresses }
