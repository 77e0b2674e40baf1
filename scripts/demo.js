'use strict'

// `npm run demo`: sets a fresh clone up, then runs examples/demo.

const { main } = require('../examples/demo')
const { setup } = require('./setup')

main(process.argv.slice(2), { prepare: setup })
