/**
 * streamx, for WebTorrent's lib/peer.js: what a peer's socket and wire have between them, a throttle and
 * a counter each way, is left out. The native transport limits rates where it reads and writes, and
 * lengths are told to the counters, so that the bytes themselves do not pass four streams.
 */

import { pipeline as pipelineOfStreamx } from 'streamx'
import native from 'bittorrent-protocol-native/net'
import Wire from 'bittorrent-protocol-native'

export * from 'streamx'

/** The limits of WebTorrent's throttle groups. @type {WeakMap<object, native.RateLimit>} */
const limits = new WeakMap()

function noop () {}

/** As `setThrottlePipes` of a Peer calls it. */
export function pipeline (...streams) {
  const [socket, down, downloaded, wire, up, uploaded, destination] = streams
  const isOurs = socket instanceof native.Socket && destination === socket && wire instanceof Wire
  if (!isOurs || !isThrottle(down) || !isThrottle(up)) return pipelineOfStreamx(...streams)
  socket.rateLimit = limitOf(down.getGroup(), up.getGroup())
  socket.pipe(wire).pipe(socket)
  socket.on('data', bytes => downloaded._transform(bytes, noop))
  wire.on('data', bytes => uploaded._transform(bytes, noop))
  for (const unused of [down, downloaded, up, uploaded]) unused.destroy()
  return socket
}

function isThrottle (stream) {
  return typeof stream?.getGroup === 'function'
}

/** One limit for both groups of a client, which follows what the client sets. */
function limitOf (down, up) {
  if (limits.has(down)) return limits.get(down)
  const limit = new native.RateLimit()
  follow(down, rate => { limit.download = rate })
  follow(up, rate => { limit.upload = rate })
  limits.set(down, limit)
  return limit
}

function follow (group, set) {
  const update = () => set(group.getEnabled() ? group.getRate() : Infinity)
  for (const name of ['setEnabled', 'setRate']) {
    const method = group[name]
    group[name] = (...args) => {
      method.apply(group, args)
      update()
    }
  }
  update()
}
