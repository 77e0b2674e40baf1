'use strict'

/** How many names of a peer's extensions are kept, and how long they may be, in bytes: as the engine. */
const MAX_NAMES = 256
const MAX_NAME_LENGTH = 255

const LAST_ID = 255

/**
 * Applies the `m` of an extended handshake (BEP 10), in time proportional to `m` alone: later
 * handshakes add to earlier ones, and an id of 0 switches an extension off. What is no dictionary,
 * no id from 0 to 255, or too long for a name does not count.
 * @param {Object<string, number>} mapping is changed
 * @param {unknown} m as it was decoded
 */
function updateMapping (mapping, m) {
  if (typeof m !== 'object' || m === null || Array.isArray(m) || ArrayBuffer.isView(m)) return
  let room = -1
  for (const name of Object.keys(m)) {
    const id = m[name]
    if (!(Number.isInteger(id) && id >= 0 && id <= LAST_ID)) continue
    if (id === 0) {
      if (Object.hasOwn(mapping, name)) {
        delete mapping[name]
        if (room >= 0) room++
      }
    } else if (Object.hasOwn(mapping, name)) {
      mapping[name] = id
    } else {
      if (room < 0) room = MAX_NAMES - Object.keys(mapping).length
      if (room <= 0 || Buffer.byteLength(name) > MAX_NAME_LENGTH) continue
      // An assignment to `__proto__` would change the prototype instead.
      Object.defineProperty(mapping, name, { value: id, configurable: true, enumerable: true, writable: true })
      room--
    }
  }
}

module.exports = { updateMapping }
