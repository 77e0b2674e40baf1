'use strict'

const bytes = require('./bytes.js')
const { seconds, within } = require('./drive.js')
const { Leech, seed } = require('./download.js')

const DEPTH = 64
const BURST = 64
const BLOCKS = 8

/**
 * A download over 127.0.0.1 with both ends in this process, `socket.pipe(wire).pipe(socket)`.
 * @param {{ name: string, goal: number, peEnabled: number }} options
 */
function tcp ({ name, goal, peEnabled }) {
  const blocks = Array.from({ length: BLOCKS }, (_, i) => bytes.block(bytes.BLOCK_LENGTH, i + 1))

  return {
    name,
    goal,
    unit: 'B/s',
    encrypted: peEnabled > 0,
    scale: 3,
    about: `16 KiB blocks, ${DEPTH} requests in flight on one connection, sockets piped through the wires`,

    /** `n` times 64 blocks on a connection of its own. */
    async run (contender, n, thorough) {
      const total = n * BURST
      const server = await seed(contender, peEnabled, blocks)
      const leech = await within(Leech.connect(contender, peEnabled, blocks, server.address().port), () => 'no connection')
      let received = 0
      let asked = 0
      const elapsed = await seconds(() => within(
        leech.download(DEPTH, () => asked++ < total, length => { received += length }, thorough),
        () => `${received} of ${total * bytes.BLOCK_LENGTH} bytes`))
      leech.close()
      server.close()
      if (received !== total * bytes.BLOCK_LENGTH) throw new Error(`${received} bytes instead of ${total * bytes.BLOCK_LENGTH}`)
      return { amount: received, seconds: elapsed }
    }
  }
}

module.exports = tcp
