'use strict'

const Wire = require('./lib/wire.js')
const { bencodeDecode } = require('./lib/load.js')

module.exports = Wire
module.exports.default = Wire
module.exports.bencodeDecode = bencodeDecode
