'use strict'

/** What parsers of bencode, and of what is in it, trip over. */
const TRIPS = ['e', 'ee', 'i-1e', 'd', 'l', '0:', '-3:', '99999999999:', 'i99999999999999999999e'].map(text => Buffer.from(text))

/** Bytes of a sample that are changed. */
const MOST = 2000

/**
 * A message that was changed in some places.
 *
 * @param {import('../../helpers/random').Random} random
 * @param {Buffer} sample
 * @returns {Buffer}
 */
function mutate (random, sample) {
  let bytes = Buffer.from(sample.subarray(0, MOST))
  for (let i = random.below(4); i >= 0 && bytes.length > 0; i--) {
    const at = random.below(bytes.length)
    const piece = random.below(2) === 0 ? random.bytes(random.below(8)) : random.pick(TRIPS)
    bytes = random.pick([
      () => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + random.below(8))]),
      () => bytes.subarray(0, at),
      () => bytes.subarray(at)
    ])()
  }
  return bytes
}

module.exports = { mutate }
