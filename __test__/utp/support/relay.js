'use strict'

const dgram = require('node:dgram')
const { once } = require('node:events')

/**
 * A relay of UDP packets that is a bad way: it loses, delays, reorders and repeats, by a seed.
 * @param {number} target the port of 127.0.0.1 that it leads to
 * @param {{ seed: number, loss?: number, repeats?: number, late?: number, delay?: number }} way chances
 *   from 0 to 1, and milliseconds of delay one way
 * @returns {Promise<{ port: number, counts: object, close: () => void }>} where to connect to
 */
async function openRelay (target, { seed, loss = 0, repeats = 0, late = 0, delay = 0 }) {
  const random = generator(seed)
  const counts = { passed: 0, lost: 0, repeated: 0, late: 0 }
  const front = await open()
  /** A socket for each client, by its port. */
  const backs = new Map()
  let isClosed = false

  front.on('message', async (bytes, { port }) => {
    if (!backs.has(port)) {
      backs.set(port, open().then(back => back.on('message', answer => pass(front, answer, port))))
    }
    const back = await backs.get(port)
    pass(back, bytes, target)
  })

  function pass (socket, bytes, port) {
    if (random() < loss) {
      counts.lost++
      return
    }
    const isRepeated = random() < repeats
    if (isRepeated) counts.repeated++
    for (let i = 0; i < (isRepeated ? 2 : 1); i++) {
      const isLate = random() < late
      if (isLate) counts.late++
      counts.passed++
      const send = () => { if (!isClosed) socket.send(bytes, port, '127.0.0.1') }
      const wait = delay + (isLate ? random() * (delay + 10) : 0)
      if (wait === 0) send()
      else setTimeout(send, wait)
    }
  }

  return {
    port: front.address().port,
    counts,
    async close () {
      isClosed = true
      front.close()
      for (const back of backs.values()) (await back).close()
    }
  }
}

async function open () {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.setRecvBufferSize(1 << 20)
  return socket
}

/** Numbers from 0 to 1, by a seed (mulberry32). */
function generator (seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

module.exports = { openRelay, generator }
