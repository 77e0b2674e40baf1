'use strict'

// Hands on the module that the environment names, so that one installation runs with this
// repository's wire as it is now, or with the original.
module.exports = require(process.env.WIRE_MODULE)
