'use strict'

const bytes = require('../support/bytes.js')
const { feed, open, seconds, until } = require('../support/drive.js')

const MESSAGE = 1 << 20

let block, chunks

module.exports = {
  name: 'in: one 1 MiB message, 1460 B chunks',
  goal: 30,
  unit: 'B/s',
  about: 'a piece message of 1 MiB, prefix and head included',

  prepare () {
    block = bytes.block(MESSAGE - 13, 1)
    chunks = bytes.cut([bytes.piece(7, 0, block)], 1460)
  },

  /** `n` such messages. */
  async run (contender, n, thorough) {
    const { wire } = await open(contender)
    let count = 0
    wire.on('piece', (index, offset, received) => {
      bytes.check(received, block, thorough)
      count++
    })
    const elapsed = await seconds(async () => {
      for (let i = 0; i < n; i++) await feed(wire, chunks)
      await until(() => count >= n, () => `${count} of ${n} messages`)
    })
    if (count !== n) throw new Error(`${count} messages instead of ${n}`)
    wire.destroy()
    return { amount: n * MESSAGE, seconds: elapsed }
  }
}
