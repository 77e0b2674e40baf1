'use strict'

const bytes = require('./bytes.js')
const { open, seconds, turn, until } = require('./drive.js')

const RING = 4000
const A_TURN = 50

/**
 * request → piece → callback with a window of `depth` requests: every callback asks for the next
 * block at once, the peer's answers are prepared bytes, oldest first, and each chunk of them has an
 * ArrayBuffer of its own. Tiny blocks, many a chunk, leave the bookkeeping; a block of 16 KiB in a
 * chunk of its own is what a socket brings.
 * @param {{ name: string, depth: number, length: number, answers: number, goal: number }} options
 *   `depth` below 4,000; `length` of a block in bytes; `answers` a chunk
 */
function loop ({ name, depth, length, answers, goal }) {
  let block, ring

  return {
    name,
    goal,
    unit: 'blocks/s',
    about: `${depth} requests in flight, answered oldest first by prepared bytes, ${length}-byte blocks, ${answers} a chunk`,

    prepare () {
      block = bytes.block(length, 1)
      ring = Array.from({ length: RING / answers }, (_, i) => {
        const pieces = Array.from({ length: answers }, (_, j) => bytes.piece(i * answers + j, 0, block))
        return bytes.cut(pieces, Infinity)[0]
      })
    },

    /** `n` turns of the event loop, 50 answers each. */
    async run (contender, n, thorough) {
      const { wire, output } = await open(contender, { unchoked: true })
      const total = n * A_TURN
      let asked = 0
      let answered = 0
      const onblock = (err, received) => {
        if (err) throw err
        bytes.check(received, block, thorough)
        answered++
        if (asked < total) ask()
      }
      const ask = () => wire.request(asked++ % RING, 0, length, onblock)

      const elapsed = await seconds(async () => {
        while (asked < Math.min(depth, total)) ask()
        await turn()
        for (let written = 0; written < total / answers;) {
          for (const end = written + A_TURN / answers; written < end; written++) wire.write(ring[written % ring.length])
          await turn()
        }
        await until(() => answered >= total && output.bytes >= 17 * total, () => `${answered} of ${total} blocks`)
      })
      if (answered !== total || output.bytes !== 17 * total) throw new Error(`${answered} blocks, ${output.bytes} bytes out`)
      wire.destroy()
      return { amount: total, seconds: elapsed }
    }
  }
}

module.exports = loop
