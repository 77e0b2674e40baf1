'use strict'

const fs = require('node:fs')

const FILE = `/proc/self/task/${process.pid}/schedstat`

/** @returns {number} seconds that the main thread has run; not a number where the system does not tell */
function mainThread () {
  try {
    return Number(fs.readFileSync(FILE, 'utf8').split(' ')[0]) / 1e9
  } catch {
    return NaN
  }
}

module.exports = { mainThread }
