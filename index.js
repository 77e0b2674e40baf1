'use strict'

const Wire = require('./lib/wire.js')
const { bencodeDecode } = require('./binding.js')

module.exports = Wire
module.exports.default = Wire
module.exports.bencodeDecode = bencodeDecode
