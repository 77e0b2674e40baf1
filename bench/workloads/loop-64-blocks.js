'use strict'

module.exports = require('../support/loop.js')({
  name: 'the same, 16 KiB a chunk: depth 64', depth: 64, length: 16384, answers: 1, goal: 3
})
