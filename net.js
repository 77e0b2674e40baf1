'use strict'

const { connect } = require('./lib/net/connect.js')
const { listen, WireServer } = require('./lib/net/server.js')

module.exports = { connect, listen, WireServer }
