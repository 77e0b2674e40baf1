'use strict'

module.exports = require('../support/pieces.js')({ name: 'in: 16 KiB pieces, 64 KiB chunks', chunk: 65536, goal: 4 })
