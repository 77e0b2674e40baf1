'use strict'

const bytes = require('./bytes.js')
const { feed, open, seconds, until } = require('./drive.js')

const RING = 256
const BLOCKS = 8

/**
 * Inbound `piece` messages of 16 KiB that come in chunks of one size. Nobody asked for them, which
 * leaves the bookkeeping of requests out: framing, the block, three events.
 * @param {{ name: string, chunk: number, goal: number }} options
 */
function pieces ({ name, chunk, goal }) {
  let blocks, ring

  return {
    name,
    goal,
    unit: 'B/s',
    about: `16 KiB pieces, unsolicited, in chunks of ${chunk} bytes, each with its own ArrayBuffer`,

    prepare () {
      blocks = Array.from({ length: BLOCKS }, (_, i) => bytes.block(bytes.BLOCK_LENGTH, i + 1))
      ring = bytes.cut(Array.from({ length: RING }, (_, i) => bytes.piece(i, 0, blocks[i % BLOCKS])), chunk)
    },

    /** `n` times a ring of 256 pieces. */
    async run (contender, n, thorough) {
      const { wire } = await open(contender)
      let count = 0
      wire.on('piece', (index, offset, block) => {
        if (index !== count % RING || offset !== 0) throw new Error('a piece is out of order')
        bytes.check(block, blocks[count % BLOCKS], thorough)
        count++
      })
      const elapsed = await seconds(async () => {
        for (let i = 0; i < n; i++) await feed(wire, ring)
        await until(() => count >= n * RING, () => `${count} of ${n * RING} pieces`)
      })
      if (count !== n * RING) throw new Error(`${count} pieces instead of ${n * RING}`)
      wire.destroy()
      return { amount: n * RING * bytes.BLOCK_LENGTH, seconds: elapsed }
    }
  }
}

module.exports = pieces
