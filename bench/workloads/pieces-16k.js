'use strict'

// Every block straddles two chunks: a message is 13 bytes longer than its block.
module.exports = require('../support/pieces.js')({ name: 'in: 16 KiB pieces, 16 KiB chunks', chunk: 16384, goal: 2 })
