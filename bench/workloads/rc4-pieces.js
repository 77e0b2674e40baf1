'use strict'

const bytes = require('../support/bytes.js')
const { encryptedPair, seconds, turn, until } = require('../support/drive.js')

const BURST = 16
const BLOCKS = 8

let blocks

module.exports = {
  name: 'RC4: 16 KiB pieces, wire to wire',
  goal: 3.5,
  unit: 'B/s',
  encrypted: true,
  about: `one wire encrypts and sends ${BURST} pieces a turn, another decrypts and emits them`,

  prepare () {
    blocks = Array.from({ length: BLOCKS }, (_, i) => bytes.block(bytes.BLOCK_LENGTH, i + 1))
  },

  /** `n` bursts of 16 pieces. */
  async run (contender, n, thorough) {
    const [from, to] = await encryptedPair(contender)
    const originals = thorough ? blocks.map(block => Buffer.from(block)) : blocks
    let count = 0
    to.on('piece', (index, offset, block) => {
      if (index !== count) throw new Error('a piece is out of order')
      bytes.check(block, originals[count % BLOCKS], thorough)
      count++
    })
    const elapsed = await seconds(async () => {
      for (let sent = 0; sent < n * BURST;) {
        for (const end = sent + BURST; sent < end; sent++) from.piece(sent, 0, blocks[sent % BLOCKS])
        await turn()
        if (count < sent) await until(() => count >= sent, () => `${count} of ${sent} pieces`)
      }
    })
    for (const wire of [from, to]) wire.destroy()
    return { amount: n * BURST * bytes.BLOCK_LENGTH, seconds: elapsed }
  }
}
