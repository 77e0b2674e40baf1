'use strict'

const { connect } = require('./lib/net/connect.js')
const { listen, WireServer } = require('./lib/net/server.js')

const { RateLimit } = require('./lib/net/rate-limit.js')

module.exports = { RateLimit, connect, listen, WireServer }
