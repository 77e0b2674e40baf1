'use strict'

const bytes = require('../support/bytes.js')
const { feed, open, seconds, until } = require('../support/drive.js')

const COUNT = 400000

let chunks

module.exports = {
  name: 'in: have flood',
  goal: 8,
  unit: 'msg/s',
  about: `${COUNT} different indices, rising, to a fresh wire with one listener, in chunks of 64 KiB`,

  prepare () {
    chunks = bytes.cut(Array.from({ length: COUNT }, (_, i) => bytes.have(i)), 65536)
  },

  /** `n` wires, one after the other. */
  async run (contender, n) {
    let elapsed = 0
    for (let i = 0; i < n; i++) {
      const { wire } = await open(contender)
      let count = 0
      wire.on('have', index => {
        if (index !== count) throw new Error('a have is out of order')
        count++
      })
      elapsed += await seconds(async () => {
        await feed(wire, chunks)
        await until(() => count >= COUNT, () => `${count} of ${COUNT} haves`)
      })
      wire.destroy()
    }
    return { amount: n * COUNT, seconds: elapsed }
  }
}
