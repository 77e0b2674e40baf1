'use strict'

module.exports = require('./lib/utp/index.js')
