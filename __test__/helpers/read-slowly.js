'use strict'

/** All that a stream brings, read a chunk a turn of the event loop. */
async function readSlowly (stream) {
  const received = []
  for await (const bytes of stream) {
    received.push(bytes)
    await new Promise(resolve => setImmediate(resolve))
  }
  return Buffer.concat(received)
}

module.exports = { readSlowly }
