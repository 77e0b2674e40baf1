'use strict'

// A TCP segment a chunk.
module.exports = require('../support/pieces.js')({ name: 'in: 16 KiB pieces, 1460 B chunks', chunk: 1460, goal: 6 })
