'use strict'

/**
 * Listens, or binds, at an address: where none is given at all of this machine, by IPv6, or by IPv4 where
 * there is none.
 * @param {Function} open one of native.js
 * @param {object} owner of what it opens
 * @param {string | undefined} host an address
 * @param {object} options of `open`, besides the address
 * @returns {{ handle: object | null, fault: object | null, address: string }} `address`: where it was tried last
 */
function openAt (open, owner, host, options) {
  const address = host ?? '::'
  const opened = open(owner, { ...options, address })
  const { fault } = opened
  const lacksIpv6 = fault && host === undefined && fault.code !== 'EADDRINUSE' && fault.code !== 'EACCES'
  if (!lacksIpv6) return { ...opened, address }
  return { ...open(owner, { ...options, address: '0.0.0.0', ipv6Only: false }), address: '0.0.0.0' }
}

module.exports = openAt
