'use strict'

const bencode = require('./bencode.js')
const { toBytes } = require('./arguments.js')
const { closeFor } = require('./closing.js')
const { WireError, rangeError } = require('./errors.js')
const { kIsEnding } = require('./symbols.js')

const LAST_ID = 255

const HOOKS = ['onHandshake', 'onExtendedHandshake', 'onMessage']

function noop () {}

/** The extensions (BEP 10) that a wire uses. */
class Extensions {
  constructor (wire) {
    this.wire = wire
    /** @type {Map<string, object>} */
    this.handlers = new Map()
    this.nextId = 1
  }

  /**
   * Makes a handler, and enters it in the mapping and on the wire.
   * @param {Function} Extension
   * @param {import('./wire.js')} wire as the caller knows it: it may be a Proxy
   */
  use (Extension, wire) {
    const name = Extension?.prototype?.name
    if (!name) throw new Error('Extension class requires a "name" property on the prototype')
    if (typeof name !== 'string' || (name in wire && !this.handlers.has(name))) {
      throw new WireError('ERR_EXTENSION_NAME', `an extension cannot be named ${String(name)}: the wire has a member of that name`)
    }
    if (this.nextId > LAST_ID) throw rangeError('a wire takes at most 255 extensions')
    wire._debug('use extension.name=%s', name)

    const handler = new Extension(wire)
    for (const hook of HOOKS) {
      if (typeof handler[hook] !== 'function') handler[hook] = noop
    }
    wire.extendedMapping[this.nextId] = name
    this.handlers.set(name, handler)
    wire[name] = handler
    this.nextId++
  }

  has (name) {
    return this.handlers.has(name)
  }

  /** Calls all extensions for which `applies`. */
  callAll (hook, args, applies = () => true) {
    for (const name of this.handlers.keys()) {
      if (!this.wire[kIsEnding] && applies(name)) this.call(name, hook, ...args)
    }
  }

  /** Calls an extension; the peer's bytes must not end the process through a defect of it. */
  call (name, hook, ...args) {
    const handler = this.handlers.get(name)
    try {
      handler[hook](...args)
    } catch (error) {
      closeFor(this.wire, new WireError('ERR_EXTENSION_FAILED', `extension ${name}: ${error?.message ?? error}`, { cause: error }))
    }
  }
}

/**
 * The id at the peer that a name or an id means.
 * @throws {Error | RangeError}
 */
function idOf (wire, extension) {
  let id = extension
  if (typeof extension === 'string' && Object.hasOwn(wire.peerExtendedMapping, extension)) {
    id = wire.peerExtendedMapping[extension]
  }
  if (typeof id !== 'number') throw new Error(`Unrecognized extension: ${extension}`)
  if (!(id >= 0 && id <= LAST_ID && Number.isInteger(id))) {
    throw rangeError(`the id of an extension must be a whole number from 0 to 255, not ${id}`)
  }
  return id
}

/** A message as it is sent: bytes as they are, anything else as bencode. */
function toBencode (message) {
  return ArrayBuffer.isView(message) ? toBytes(message, 'message') : bencode.encode(message)
}

module.exports = { Extensions, idOf, toBencode }
