'use strict'

/**
 * JavaScript's side of the boundary: the only door to the engine. Functions in, results out. A wire
 * is named by a handle; one that is gone gives `GONE`, no message, no output, and never another
 * wire's.
 */

const {
  CENSUS_COUNTS, CENSUS_LENGTH, CENSUS_NAME, addressText, bencodeDecode, compactAddress, isSoundUtMetadata,
  isSoundUtPex
} = require('../load.js')

module.exports = {
  ...require('./wires.js'),
  ...require('./receiving.js'),
  ...require('./requests.js'),
  ...require('./sending.js'),
  ...require('./encryption.js'),
  CENSUS_COUNTS,
  CENSUS_LENGTH,
  CENSUS_NAME,
  addressText,
  bencodeDecode,
  compactAddress,
  isSoundUtMetadata,
  isSoundUtPex
}
