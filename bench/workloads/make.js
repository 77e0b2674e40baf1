'use strict'

const { seconds, turn } = require('../support/drive.js')

const COUNT = 500

module.exports = {
  name: 'making a wire',
  goal: 1,
  unit: 'wires/s',
  about: `constructor alone, ${COUNT} alive at a time, their garbage collection included`,

  /** `n` times 500 wires. */
  async run (contender, n) {
    let made = 0
    const elapsed = await seconds(async () => {
      for (let i = 0; i < n; i++) {
        const wires = new Array(COUNT)
        for (let j = 0; j < COUNT; j++) wires[j] = contender.make('tcpIncoming', 0)
        for (const wire of wires) if (wire.amChoking && wire.peerChoking) made++
        await turn()
      }
    })
    if (made !== n * COUNT) throw new Error(`${made} wires instead of ${n * COUNT}`)
    return { amount: made, seconds: elapsed }
  }
}
