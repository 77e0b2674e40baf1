'use strict'

const dns = require('node:dns')
const { isIP } = require('node:net')
const { Connection } = require('./connection.js')

/** How long an attempt is waited for before the next address has its turn too (RFC 8305), in milliseconds. */
const ATTEMPT_DELAY = 250

/**
 * The opening of one connection: looks the name up, and tries its addresses, each a little after the
 * one before, until one is there. It is the owner of the attempts.
 */
class Dial {
  /**
   * @param {object} options
   * @param {string} options.host a name or an address
   * @param {number} options.port
   * @param {string=} options.localAddress
   * @param {number=} options.localPort
   * @param {number=} options.family 4, 6 or 0 for both
   * @param {typeof dns.lookup=} options.lookup
   * @param {number=} options.window of the connection
   * @param {object=} options.utp the handle of a socket of uTP to connect over
   * @param {(import('./rate-limit.js').RateLimit | null)=} options.rateLimit
   * @param {import('../../net.js').ProxyOptions=} options.proxy what the addresses are of, and the attempts go through
   * @param {Function=} options.onLookup is told what was found: error, address, family, host
   * @param {(error: Error | null, connection?: Connection) => void} done is called once, unless it is
   *   aborted before; the connection is open, and its news go to the owner that it gets then
   */
  constructor (options, done) {
    this.options = options
    this.done = done
    this.isDone = false
    /** Addresses that were not tried. @type {string[]} */
    this.addresses = []
    /** @type {Set<Connection>} */
    this.attempts = new Set()
    /** @type {Error[]} */
    this.errors = []
    this.timer = null
    this.isReferenced = true
  }

  /** What is connected to. @returns {{ host: string, port: number }} */
  get destination () {
    return this.options.proxy ?? this.options
  }

  /** What the proxy is asked for. */
  get proxied () {
    const { host, port, proxy } = this.options
    return proxy && { host, port, username: proxy.username, password: proxy.password }
  }

  start () {
    const { family = 0, lookup = dns.lookup } = this.options
    const { host } = this.destination
    if (isIP(host)) return this.onAddresses([{ address: host, family: isIP(host) }])
    lookup(host, { all: true, family, hints: 0 }, (error, found, foundFamily) => {
      if (this.isDone) return
      if (error) {
        this.options.onLookup?.(error, undefined, undefined, host)
        return this.finish(error)
      }
      const addresses = Array.isArray(found) ? found : [{ address: found, family: foundFamily }]
      for (const { address, family } of addresses) this.options.onLookup?.(null, address, family, host)
      this.onAddresses(addresses)
    })
  }

  /** Ends all attempts; nothing is told any more. */
  abort () {
    this.isDone = true
    clearTimeout(this.timer)
    for (const attempt of this.attempts) attempt.destroy()
  }

  onAddresses (found) {
    this.addresses = interleave(found.map(({ address }) => address))
    if (this.addresses.length === 0) return this.finish(new Error(`no address of ${this.destination.host}`))
    this.tryNext()
  }

  tryNext () {
    clearTimeout(this.timer)
    const address = this.addresses.shift()
    if (address === undefined) return
    const attempt = new Connection(null)
    attempt.owner = new Attempt(this, attempt)
    this.attempts.add(attempt)
    const { localAddress, localPort, window, rateLimit, utp } = this.options
    const { port } = this.destination
    attempt.connect({ address, port, localAddress, localPort, window, rateLimit, proxied: this.proxied, utp })
    if (!this.isReferenced) attempt.unref()
    if (this.addresses.length > 0) this.timer = setTimeout(() => this.tryNext(), ATTEMPT_DELAY)
  }

  onOpen (attempt) {
    if (this.isDone) return
    this.attempts.delete(attempt)
    this.abort()
    this.done(null, attempt)
  }

  onError (error) {
    if (this.isDone) return
    this.errors.push(error)
    if (this.addresses.length > 0) this.tryNext()
  }

  onClose (attempt) {
    this.attempts.delete(attempt)
    if (this.isDone || this.attempts.size > 0 || this.addresses.length > 0) return
    this.finish(this.errors.length === 1 ? this.errors[0] : aggregate(this.errors))
  }

  finish (error) {
    this.abort()
    // `lookup` of the caller's may call back at once.
    process.nextTick(this.done, error)
  }

  ref () {
    this.isReferenced = true
    for (const attempt of this.attempts) attempt.ref()
  }

  unref () {
    this.isReferenced = false
    for (const attempt of this.attempts) attempt.unref()
  }
}

/** The owner of a connection that is not there yet. */
class Attempt {
  constructor (dial, connection) {
    this.dial = dial
    this.connection = connection
  }

  onOpen () {
    this.dial.onOpen(this.connection)
  }

  onError (error) {
    this.dial.onError(error)
  }

  onClose () {
    this.dial.onClose(this.connection)
  }

  onBytes () {}
  onDrain () {}
  onEnd () {}
}

/** Both kinds in turn, that of the first address first. */
function interleave (addresses) {
  const kind = isIP(addresses[0] ?? '')
  const first = addresses.filter(address => isIP(address) === kind)
  const second = addresses.filter(address => isIP(address) !== kind)
  const all = []
  for (let i = 0; i < Math.max(first.length, second.length); i++) all.push(...first.slice(i, i + 1), ...second.slice(i, i + 1))
  return all
}

/** As Node.js tells of several addresses that failed. */
function aggregate (errors) {
  return Object.assign(new AggregateError(errors), { code: errors[0]?.code, syscall: errors[0]?.syscall })
}

module.exports = Dial
