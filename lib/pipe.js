'use strict'

const { Writable } = require('node:stream')

/**
 * Has what leaves together be written together. Node's own `pipe` stops at the first chunk that
 * fills the destination, 16 KiB for a socket, and goes on a chunk a turn of the event loop: here
 * all chunks of a flush go into one `writev`, and the flush itself heeds the destination.
 * @param {import('./wire.js')} wire is piped to `destination` already
 * @param {import('node:stream').Writable} destination
 * @param {import('./outbound.js')} outbound of the wire
 */
function batchWrites (wire, destination, outbound) {
  if (!(destination instanceof Writable)) return
  const writeOne = wire.listeners('data').at(-1)
  const write = chunk => {
    if (outbound.isFlushing) destination.write(chunk)
    else writeOne(chunk)
  }
  wire.removeListener('data', writeOne)
  wire.on('data', write)
  destination.on('unpipe', function onUnpipe (source) {
    if (source !== wire) return
    destination.removeListener('unpipe', onUnpipe)
    wire.removeListener('data', write)
  })
}

/**
 * Closes a wire when what it is piped to is lost: Node's own `pipe` only stops writing, so that
 * requests would wait for ever, and an error of the socket would end the process.
 * @param {import('./wire.js')} wire
 * @param {import('node:stream').Writable} destination
 * @param {import('node:stream').Writable[]} destinations those that the wire is piped to
 */
function watchDestination (wire, destination, destinations) {
  if (destinations.includes(destination)) return
  destinations.push(destination)
  let isWatched = true

  const onLost = () => {
    if (isWatched) wire.destroy()
  }
  // Before Node's own listener, which unpipes.
  destination.prependListener('error', onLost)
  destination.on('close', onLost)
  destination.on('unpipe', function onUnpipe (source) {
    if (source !== wire) return
    destinations.splice(destinations.indexOf(destination), 1)
    destination.removeListener('unpipe', onUnpipe)
    // Of its own accord, and not because the destination ends: it is none of ours any more. The
    // listener for errors stays, since this may be the first of them.
    if (!destination.destroyed && !destination.writableEnded) {
      isWatched = false
      destination.removeListener('close', onLost)
    }
  })
}

module.exports = { batchWrites, watchDestination }
