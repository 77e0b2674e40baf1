'use strict'

module.exports = require('../support/loop.js')({
  name: 'request, piece, callback: depth 2000', depth: 2000, length: 16, answers: 50, goal: 6
})
