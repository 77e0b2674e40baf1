'use strict'

module.exports = require('../support/tcp.js')({ name: 'TCP download, both ends: RC4', goal: 3, peEnabled: 2 })
