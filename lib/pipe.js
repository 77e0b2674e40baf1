'use strict'

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

module.exports = { watchDestination }
