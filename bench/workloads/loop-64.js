'use strict'

module.exports = require('../support/loop.js')({
  name: 'request, piece, callback: depth 64', depth: 64, length: 16, answers: 50, goal: 3
})
