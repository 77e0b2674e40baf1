'use strict'

module.exports = require('../support/loop.js')({
  name: 'the same, 16 KiB a chunk: depth 2000', depth: 2000, length: 16384, answers: 1, goal: 6
})
