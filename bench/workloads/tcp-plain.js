'use strict'

module.exports = require('../support/tcp.js')({ name: 'TCP download, both ends: plain', goal: 1.5, peEnabled: 0 })
