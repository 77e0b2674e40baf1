'use strict'

const Wire = require('./lib/wire.js')
const { WireError } = require('./lib/errors.js')
const { bencodeDecode } = require('./lib/native/index.js')

module.exports = Wire
module.exports.default = Wire
module.exports.WireError = WireError
module.exports.bencodeDecode = bencodeDecode
