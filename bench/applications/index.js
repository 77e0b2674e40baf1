'use strict'

/** Every workload that is an application, in the order of the table. */
module.exports = [
  'webtorrent',
  'torrent-stream',
  'late-storage',
  'aria2'
].flatMap(file => require(`./${file}.js`))
