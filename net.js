'use strict'

module.exports = {
  connect: require('./lib/net/connect.js'),
  ...require('./lib/net/server.js')
}
