'use strict'

const native = require('./native.js')
const { rangeError, typeError } = require('../errors.js')

/** @returns {number} bytes a second; `Infinity` for no limit */
function readRate (rate, name) {
  if (rate === undefined || rate === null) return Infinity
  if (typeof rate !== 'number') throw typeError(`${name} must be a number of bytes a second, not ${typeof rate}`)
  if (!(rate >= 0)) throw rangeError(`${name} must be a number of bytes a second that is not negative, not ${rate}`)
  return rate
}

/** What the transport knows a limit by. @type {(limit: RateLimit | null) => unknown} */
let nativeOf
/** Whether a value is a limit, of this copy of the module. @type {(value: unknown) => boolean} */
let isRateLimit

/** How many bytes a second pass, by however many connections: see net.d.ts. */
class RateLimit {
  static {
    nativeOf = limit => limit === null ? undefined : limit.#native
    isRateLimit = value => value !== null && typeof value === 'object' && #native in value
  }

  #native
  #download = Infinity
  #upload = Infinity
  #parent

  /** @param {import('../../net.js').RateLimitOptions=} options */
  constructor (options = {}) {
    if (options === null || typeof options !== 'object') throw typeError('options must be an object')
    const { download, upload, parent } = options
    readRate(download, 'download')
    readRate(upload, 'upload')
    this.#parent = readRateLimit(parent, 'parent')
    this.#native = native.newRateLimit(nativeOf(this.#parent))
    this.download = download
    this.upload = upload
  }

  get download () {
    return this.#download
  }

  set download (rate) {
    this.#download = readRate(rate, 'download')
    this.#native.setDownload(this.#download)
  }

  get upload () {
    return this.#upload
  }

  set upload (rate) {
    this.#upload = readRate(rate, 'upload')
    this.#native.setUpload(this.#upload)
  }

  get parent () {
    return this.#parent
  }
}

/** @returns {RateLimit | null} */
function readRateLimit (value, name = 'rateLimit') {
  if (value === undefined || value === null) return null
  if (!isRateLimit(value)) throw typeError(`${name} must be a RateLimit`)
  return value
}

module.exports = { RateLimit, nativeOf, readRateLimit }
