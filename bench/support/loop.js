'use strict'

const bytes = require('./bytes.js')
const { open, seconds, turn, until } = require('./drive.js')

const LENGTH = 16
const RING = 4000
const ANSWERS = 50

/**
 * request → piece → callback with a window of `depth` requests: every callback asks for the next
 * block at once, the peer's answers are prepared bytes, oldest first, 50 a chunk. Blocks are tiny,
 * so that bookkeeping is measured and not copying.
 * @param {{ name: string, depth: number, goal: number }} options `depth` below 4,000
 */
function loop ({ name, depth, goal }) {
  let block, ring

  return {
    name,
    goal,
    unit: 'blocks/s',
    about: `${depth} requests in flight, answered oldest first by prepared bytes, ${LENGTH}-byte blocks`,

    prepare () {
      block = bytes.block(LENGTH, 1)
      ring = Array.from({ length: RING / ANSWERS }, (_, i) => {
        const answers = Array.from({ length: ANSWERS }, (_, j) => bytes.piece(i * ANSWERS + j, 0, block))
        return bytes.cut(answers, Infinity)[0]
      })
    },

    /** `n` chunks of 50 answers. */
    async run (contender, n, thorough) {
      const { wire, output } = await open(contender, { unchoked: true })
      const total = n * ANSWERS
      let asked = 0
      let answered = 0
      const onblock = (err, received) => {
        if (err) throw err
        bytes.check(received, block, thorough)
        answered++
        if (asked < total) ask()
      }
      const ask = () => wire.request(asked++ % RING, 0, LENGTH, onblock)

      const elapsed = await seconds(async () => {
        while (asked < Math.min(depth, total)) ask()
        await turn()
        for (let i = 0; i < n; i++) {
          wire.write(ring[i % ring.length])
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
