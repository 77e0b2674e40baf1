'use strict'

const { isIP } = require('node:net')

const { toInfoHash } = require('../encryption/info-hashes.js')
const { checkCallback } = require('../arguments.js')
const { rangeError, typeError } = require('../errors.js')

/** What a wire does about encryption: the level of its constructor, and whether it insists. */
const ENCRYPTION = {
  none: { level: 0, requireEncryption: false },
  allow: { level: 1, requireEncryption: false },
  require: { level: 2, requireEncryption: true }
}

/** @returns {{ level: number, requireEncryption: boolean }} */
function readEncryption (value, byDefault) {
  if (value === undefined) return ENCRYPTION[byDefault]
  if (!Object.hasOwn(ENCRYPTION, value)) {
    throw typeError(`encryption must be 'none', 'allow' or 'require', not ${String(value)}`)
  }
  return ENCRYPTION[value]
}

/** @returns {'tcp' | 'utp' | 'any'} */
function readTransport (value = 'tcp') {
  if (value !== 'tcp' && value !== 'utp' && value !== 'any') {
    throw typeError(`transport must be 'tcp', 'utp' or 'any', not ${String(value)}`)
  }
  return value
}

function readObject (options, name = 'options') {
  if (options === null || typeof options !== 'object') throw typeError(`${name} must be an object`)
  return options
}

/** @param {unknown} port a number, or its digits */
function readPort (port, least) {
  const number = typeof port === 'string' && port.trim() !== '' ? Number(port) : port
  if (typeof number !== 'number') throw typeError('port must be a number')
  if (!(Number.isInteger(number) && number >= least && number <= 0xffff)) {
    throw rangeError(`port must be a whole number from ${least} to 65535, not ${port}`)
  }
  return number
}

function readHost (host, byDefault) {
  if (host === undefined || host === null || host === '') return byDefault
  if (typeof host !== 'string') throw typeError(`host must be a string, not ${typeof host}`)
  return host
}

/**
 * @param {unknown} proxy
 * @param {unknown} host what it is asked for
 * @returns {import('../../net.js').ProxyOptions | undefined}
 */
function readProxied (proxy, host) {
  if (proxy === undefined || proxy === null) return undefined
  const { username, password } = readObject(proxy, 'proxy')
  if (username === undefined && password !== undefined) throw typeError('proxy.username is missing')
  if (typeof host === 'string' && Buffer.byteLength(host) > 255) {
    throw rangeError('host must have at most 255 bytes for a proxy to look it up')
  }
  return {
    host: readHost(proxy.host, 'localhost'),
    port: readPort(proxy.port ?? 1080, 1),
    username: username === undefined ? undefined : readCredential(username, 'proxy.username'),
    password: username === undefined ? undefined : readCredential(password, 'proxy.password')
  }
}

/** RFC 1929 has a byte for its length. */
function readCredential (value, name) {
  if (typeof value !== 'string') throw typeError(`${name} must be a string, not ${typeof value}`)
  const length = Buffer.byteLength(value)
  if (length < 1 || length > 255) throw rangeError(`${name} must have 1 to 255 bytes, not ${length}`)
  return value
}

/** @returns {Buffer | null} its 20 bytes */
function readInfoHash (infoHash) {
  return infoHash == null ? null : toInfoHash(infoHash)
}

/** @returns {Buffer | null} its 20 bytes */
function readPeerId (peerId) {
  if (peerId == null) return null
  const bytes = typeof peerId === 'string' ? Buffer.from(peerId, 'hex') : peerId
  if (!ArrayBuffer.isView(bytes) || bytes.byteLength !== 20) {
    throw typeError('a peer id must have 20 bytes, or 40 hexadecimal digits')
  }
  return Buffer.from(bytes)
}

/** @returns {number} milliseconds; 0 for none */
function readTimeout (value, name, byDefault = 0) {
  if (value === undefined) return byDefault
  if (typeof value !== 'number') throw typeError(`${name} must be a number of milliseconds`)
  if (!(Number.isInteger(value) && value >= 0 && value <= 0x7fffffff)) {
    throw rangeError(`${name} must be a whole number from 0 to 2147483647, not ${value}`)
  }
  return value
}

/** @returns {AbortSignal | undefined} */
function readSignal (signal) {
  if (signal === undefined) return undefined
  if (typeof signal?.addEventListener !== 'function' || typeof signal.aborted !== 'boolean') {
    throw typeError('signal must be an AbortSignal')
  }
  return signal
}

/** An address of this machine; a name would have to be looked up. */
function readAddress (address, name) {
  if (address === undefined || address === null) return undefined
  if (!isIP(address)) throw typeError(`${name} must be an IP address, not ${String(address)}`)
  return address
}

function readFamily (family) {
  if (family === undefined || [0, 4, 6].includes(family)) return family
  throw typeError(`family must be 0, 4 or 6, not ${String(family)}`)
}

function readFunction (value, name) {
  checkCallback(value, name)
  return value ?? undefined
}

/** What a caller who connects says of the way: where to, and from where. */
function readDestination (options, leastPort) {
  return {
    host: readHost(options.host, 'localhost'),
    port: readPort(options.port, leastPort),
    family: readFamily(options.family),
    localAddress: readAddress(options.localAddress, 'localAddress'),
    localPort: options.localPort === undefined ? undefined : readPort(options.localPort, 0),
    lookup: readFunction(options.lookup, 'lookup'),
    proxy: readProxied(options.proxy, options.host)
  }
}

module.exports = {
  readDestination,
  readEncryption,
  readFunction,
  readHost,
  readInfoHash,
  readObject,
  readPeerId,
  readPort,
  readSignal,
  readTimeout,
  readTransport
}
