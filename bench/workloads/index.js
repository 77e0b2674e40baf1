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
  'loop-64-blocks',
  'loop-2000-blocks',
  'large-message',
  'mse-pairs',
  'mse-main-thread',
  'rc4-alone',
  'rc4-pieces',
  'tcp-plain',
  'tcp-rc4',
  'make',
  'memory',
  'loop-delay'
].map(file => require(`./${file}.js`))
