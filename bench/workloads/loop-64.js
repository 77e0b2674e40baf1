'use strict'

module.exports = require('../support/loop.js')({ name: 'request, piece, callback: depth 64', depth: 64, goal: 3 })
