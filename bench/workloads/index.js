'use strict'

/** Every workload, in the order of the table. */
module.exports = [
  'pieces-64k',
  'pieces-16k',
  'pieces-1460',
  'have',
  'request',
  'loop-64',
  'loop-2000',
  'large-message',
  'make'
].map(file => require(`./${file}.js`))
