'use strict'

const { encryptedPair, seconds, within } = require('../support/drive.js')
const together = require('../support/together.js')

const WIDTH = 16

module.exports = {
  name: 'MSE handshakes, both sides',
  goal: 60,
  unit: 'pairs/s',
  encrypted: true,
  scale: 3,
  about: `two new wires, RC4 only, through both handshakes, ${WIDTH} pairs at a time`,

  /** `n` pairs. */
  async run (contender, n) {
    let done = 0
    const elapsed = await seconds(() => within(together(n, WIDTH, async () => {
      const pair = await encryptedPair(contender)
      for (const wire of pair) wire.destroy()
      done++
    }), () => `${done} of ${n} pairs`))
    return { amount: done, seconds: elapsed }
  }
}
